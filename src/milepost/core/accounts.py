"""Verbs on teams and API keys."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from milepost.kit.errors import Conflict, Invalid, NotFound, Stale
from milepost.kit.ids import new_id
from milepost.kit.tokens import key_hash, new_key
from milepost.model import milestone_config
from milepost.model.actor import PERMISSIONS, Actor
from milepost.model.workflow import MilestoneType, Owner, TaskTemplate, Workflow, WorkflowMilestone
from milepost.model.workspace_rules import currency_fault, name_fault, zone_fault
from milepost.reads import accounts as read
from milepost.store import accounts as store
from milepost.store import workspace as definitions
from milepost.store.db import Database

PIN_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
"""The versions of the Status API that a key may be pinned to."""

DEFAULT_RATE_MINUTE = 60
DEFAULT_RATE_DAY = 10_000
MOST_REQUESTS = 2_147_483_646
"""The highest limit a window can have; 0 is unlimited, which answers as one more than this."""

PREFIX_LENGTH = 12
"""How much of a key's text is kept to recognise it by: `mp_live_` and four characters of thirty."""

STANDARD_NAME = "Standard"
STANDARD_COLOR = "#5B6B7B"


class IssuedKey(Struct, frozen=True, kw_only=True):
    """A fresh key with its text, which is shown once and not stored."""

    id: str
    key: str
    team_id: str
    name: str
    prefix: str
    permissions: tuple[str, ...]
    rate_minute: int
    rate_day: int
    pin_version: str | None
    created_at: datetime
    expires_at: datetime | None


async def create_team(
    db: Database, now: datetime, *, name: str, time_zone: str = "UTC", currency: str = "USD"
) -> str:
    """Makes a team with the workflow `Standard` and the milestone config of that name (Milestones API, sections 6.4
    and 7.15), and returns its id.

    Raises Invalid for a bad name, zone or currency, Conflict `team_exists` when the name is taken: the
    operator chooses teams by name.
    """
    _check_name(name)
    for field, fault in (("time_zone", zone_fault(time_zone)), ("currency", currency_fault(currency))):
        if fault:
            raise Invalid(f"bad_{field}", field, fault)
    async with db.transaction() as tx:
        # Two who make the same team at the same time: the second waits here and then finds it made.
        await store.lock_team_name(tx, name)
        if await read.find_team(tx, name) is not None:
            raise Conflict("team_exists", f"There is a team named {name!r} already", name=name)
        team_id = new_id()
        await store.insert_team(tx, team_id, name, time_zone, currency, now)
        await store.insert_milestone_config(tx, team_id, new_id(), milestone_config.STANDARD)
        standard = standard_workflow()
        await definitions.put_workflows(tx, team_id, [standard], now)
        await definitions.put_milestones(tx, team_id, standard.id, standard.milestones, now)
    return team_id


def standard_workflow() -> Workflow:
    """What a new team starts with: milestones only, no statuses (Milestones API, section 6.4)."""

    def milestone(
        position: int, name: str, kind: MilestoneType, *tasks: TaskTemplate, owner: Owner = "supplier"
    ) -> WorkflowMilestone:
        prompt = 1 if kind in ("shipment", "delivery") else 0
        return WorkflowMilestone(
            new_id(), name, position, kind, owner, prompt_offset_days=prompt, task_templates=tasks
        )

    return Workflow(
        id=new_id(),
        name=STANDARD_NAME,
        color=STANDARD_COLOR,
        order=10,
        is_default=True,
        milestones=(
            milestone(1, "Order accepted", "acceptance"),
            milestone(2, "Production started", "production_start"),
            milestone(3, "Shipped", "shipment", TaskTemplate("On track to ship", days_before=7)),
            milestone(4, "Delivered", "delivery", owner="brand"),
        ),
    )


async def create_key(
    db: Database,
    actor: Actor,
    now: datetime,
    *,
    name: str,
    permissions: Collection[str],
    rate_minute: int = DEFAULT_RATE_MINUTE,
    rate_day: int = DEFAULT_RATE_DAY,
    pin_version: str | None = None,
    expires_at: datetime | None = None,
    test: bool = False,
) -> IssuedKey:
    """Makes an API key of the actor's team.

    A rate of 0 is unlimited. An `expires_at` in the past is allowed: such a key opens nothing. Raises
    Forbidden without `canManageTeam`, Invalid for a name, permission, rate or version that cannot be used.
    """
    actor.require("canManageTeam")
    _check_name(name)
    _check_key(permissions, rate_minute, rate_day, pin_version)
    text = new_key(test=test)
    issued = IssuedKey(
        id=new_id(),
        key=text,
        team_id=actor.team_id,
        name=name,
        prefix=text[:PREFIX_LENGTH],
        permissions=tuple(one for one in PERMISSIONS if one in permissions),
        rate_minute=rate_minute,
        rate_day=rate_day,
        pin_version=pin_version,
        created_at=now,
        expires_at=expires_at,
    )
    await store.insert_key(
        db,
        store.NewKey(
            team_id=issued.team_id,
            id=issued.id,
            name=issued.name,
            key_hash=key_hash(text),
            prefix=issued.prefix,
            permissions=issued.permissions,
            rate_minute=rate_minute,
            rate_day=rate_day,
            pin_version=pin_version,
            created_at=now,
            expires_at=expires_at,
        ),
    )
    return issued


async def revoke_key(db: Database, actor: Actor, now: datetime, key_id: str) -> bool:
    """Closes a key of the actor's team for good. False when it is closed already: nothing changes then.

    Raises Forbidden without `canManageTeam`, NotFound for a key that the team does not have.
    """
    actor.require("canManageTeam")
    if await store.revoke_key(db, actor.team_id, key_id, now):
        return True
    known = await read.key_by_id(db, key_id)
    if known is None or known.team_id != actor.team_id:
        raise NotFound("API key")
    return False


async def check_actor(
    db: Database, actor: Actor, seen: int | None, version: int | None, permission: str, now: datetime
) -> None:
    """Looks again at the key that acts, when the team's `version` is not the one of which it was `seen` (None: no key
    acts). Raises Stale when the key is not usable any more, or may not do this."""
    if seen is None or version == seen:
        return
    known = None if actor.id is None else await read.key_by_id(db, actor.id)
    if known is None or not known.usable(now) or permission not in known.permissions:
        raise Stale


def _check_name(name: str) -> None:
    if fault := name_fault(name):
        raise Invalid("bad_name", "name", fault)


def _check_key(
    permissions: Collection[str], rate_minute: int, rate_day: int, pin_version: str | None
) -> None:
    unknown = sorted(set(permissions) - set(PERMISSIONS))
    if unknown:
        raise Invalid(
            "unknown_permission",
            "permissions",
            f"Unknown permission {', '.join(unknown)}; the choices are {', '.join(PERMISSIONS)}",
        )
    for field, rate in (("rate_minute", rate_minute), ("rate_day", rate_day)):
        if not 0 <= rate <= MOST_REQUESTS:
            raise Invalid("bad_rate", field, f"{rate} is no rate: 0 (unlimited) to {MOST_REQUESTS}")
    if pin_version is not None and pin_version not in PIN_VERSIONS:
        raise Invalid(
            "unknown_version",
            "pin_version",
            f"Unknown version {pin_version!r}; the choices are {', '.join(PIN_VERSIONS)}",
        )
