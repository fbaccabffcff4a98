"""Teams and keys: what is stored, what is refused, who sees what."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from milepost import store
from milepost.core import accounts
from milepost.kit import tokens
from milepost.kit.errors import Conflict, Forbidden, Invalid, NotFound
from milepost.kit.ids import new_id
from milepost.model.actor import ALL_PERMISSIONS, PERMISSIONS, Actor, system_actor
from milepost.model.milestone_config import STANDARD, ConfigMilestone, MilestoneConfig
from milepost.model.workflow import TaskTemplate
from milepost.reads import accounts as read
from milepost.reads import workspace

NOW = datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC)
MIGRATION = Path(store.__path__[0]) / "migrations" / "sql" / "0003_milestones_api.sql"


def a_name() -> str:
    return f"Team {uuid4().hex}"


@pytest.fixture
async def team_id(pool) -> str:
    return await accounts.create_team(pool, NOW, name=a_name())


async def count(pool, table: str, team_id: str) -> int:
    row = await pool.fetchrow(f"select count(*) as n from {table} where team_id = $1", team_id)
    return row["n"]


async def test_a_new_team_has_the_standard_workflow_and_plain_settings(pool):
    name = a_name()
    team_id = await accounts.create_team(pool, NOW, name=name, time_zone="Europe/Lisbon", currency="EUR")
    ours = await workspace.load(pool, team_id)
    assert (ours.team.id, ours.team.name, ours.team.time_zone, ours.team.currency) == (
        team_id,
        name,
        "Europe/Lisbon",
        "EUR",
    )
    assert ours.team.status_specificity == "combined"
    assert not (
        ours.team.workflows_enabled or ours.team.enforce_workflow_order or ours.team.enforce_product_chain
    )
    assert (ours.version, ours.statuses, ours.groups, dict(ours.product_chains)) == (1, (), (), {})
    assert ours.calendar.time_zone == "Europe/Lisbon" and ours.calendar.country is None
    [standard] = ours.workflows
    assert (standard.name, standard.is_default, standard.description) == ("Standard", True, None)
    assert [(m.position, m.name, m.type, m.owner, m.prompt_offset_days) for m in standard.milestones] == [
        (1, "Order accepted", "acceptance", "supplier", 0),
        (2, "Production started", "production_start", "supplier", 0),
        (3, "Shipped", "shipment", "supplier", 1),
        (4, "Delivered", "delivery", "brand", 1),
    ]
    assert [m.task_templates for m in standard.milestones] == [
        (),
        (),
        (TaskTemplate("On track to ship", required=False, days_before=7),),
        (),
    ]
    assert all(m.status_id is None and m.key_date_rule is None for m in standard.milestones)


async def configs_of(pool, team_id: str) -> list[dict[str, Any]]:
    rows = await pool.fetch("select * from order_milestone_configs where team_id = $1", team_id)
    return [dict(row) for row in rows]


async def test_m37_a_new_team_has_the_one_milestone_config(pool, team_id):
    """M-37: the frozen record, word for word, under an id of the team's own (Milestones API, section 7.15)."""
    [ours] = await configs_of(pool, team_id)
    other = await accounts.create_team(pool, NOW, name=a_name())
    [theirs] = await configs_of(pool, other)
    assert ours.pop("id") != theirs.pop("id")
    assert ours == theirs | {"team_id": team_id}
    assert ours == {
        "team_id": team_id,
        "name": "Standard",
        "is_default": True,
        "enabled": True,
        "milestones": [
            {"type": "acceptance", "enabled": True, "offset_days": 0, "relative_to": "issued_at"},
            {
                "type": "production_start",
                "enabled": True,
                "offset_days": 0,
                "relative_to": "production_start_date",
            },
            {"type": "on_track_to_ship", "enabled": True, "offset_days": -7, "relative_to": "ships_on"},
            {"type": "shipment", "enabled": True, "offset_days": 1, "relative_to": "ships_on"},
            {"type": "delivery", "enabled": True, "offset_days": 1, "relative_to": "delivered_on"},
        ],
    }


def test_teams_of_before_got_the_same_milestone_config():
    """The migration spells it for itself, because what this release says may change some day."""
    found = re.search(r"'(\w+)', (true), (true), '(\[.+?\])'", MIGRATION.read_text(), re.DOTALL)
    assert found
    name, is_default, enabled, milestones = found.groups()
    assert (
        MilestoneConfig(
            name=name,
            is_default=is_default == "true",
            enabled=enabled == "true",
            milestones=msgspec.json.decode(milestones, type=tuple[ConfigMilestone, ...]),
        )
        == STANDARD
    )


async def test_a_refused_team_has_no_milestone_config(pool):
    name = a_name()
    await accounts.create_team(pool, NOW, name=name)
    before = await pool.fetchrow("select count(*) from order_milestone_configs")
    with pytest.raises(Conflict):
        await accounts.create_team(pool, NOW, name=name)
    assert await pool.fetchrow("select count(*) from order_milestone_configs") == before


async def test_of_many_who_make_the_same_team_one_does(pool):
    name = a_name()
    made = await asyncio.gather(
        *(accounts.create_team(pool, NOW, name=name) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, str) for one in made) == 1
    assert [one.code for one in made if isinstance(one, Conflict)] == ["team_exists"] * 7
    assert [team.name for team in await read.list_teams(pool)].count(name) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " Harbour"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "Good", "time_zone": "Mars/Base"}, "time_zone"),
        ({"name": "Good", "time_zone": "../etc/passwd"}, "time_zone"),
        ({"name": "Good", "time_zone": ""}, "time_zone"),
        ({"name": "Good", "currency": "eur"}, "currency"),
        ({"name": "Good", "currency": "ÄÖÜ"}, "currency"),
    ],
)
async def test_a_team_that_cannot_be_is_refused(pool, fields, field):
    before = len(await read.list_teams(pool))
    with pytest.raises(Invalid) as refusal:
        await accounts.create_team(pool, NOW, **fields)
    assert refusal.value.facts["field"] == field
    assert len(await read.list_teams(pool)) == before


async def test_a_key_is_found_by_its_hash_with_all_it_may(pool, team_id):
    expires = NOW + timedelta(days=30)
    issued = await accounts.create_key(
        pool,
        system_actor(team_id),
        NOW,
        name="Till",
        permissions=["canViewStatuses", "canViewOrders", "canViewOrders"],
        rate_minute=0,
        rate_day=7,
        pin_version="1.2",
        expires_at=expires,
        test=True,
    )
    assert issued.key.startswith("mp_test_") and tokens.is_key(issued.key)
    assert issued.permissions == ("canViewOrders", "canViewStatuses")
    found = await read.find_key(pool, tokens.key_hash(issued.key))
    assert found == read.KeyRecord(
        id=issued.id,
        team_id=team_id,
        name="Till",
        prefix=issued.key[:12],
        permissions=frozenset({"canViewOrders", "canViewStatuses"}),
        rate_minute=0,
        rate_day=7,
        pin_version="1.2",
        created_at=NOW,
        expires_at=expires,
        revoked_at=None,
        team_version=2,
    )
    assert found.usable(expires - timedelta(microseconds=1)) and not found.usable(expires)
    assert await read.find_key(pool, tokens.key_hash(tokens.new_key())) is None


async def test_the_text_of_a_key_is_nowhere_in_the_database(pool, team_id):
    issued = await accounts.create_key(pool, system_actor(team_id), NOW, name="Till", permissions=PERMISSIONS)
    row = await pool.fetchrow("select to_jsonb(k)::text as all from api_keys k where id = $1", issued.id)
    assert issued.key[12:] not in row["all"]
    assert issued.permissions == PERMISSIONS and (issued.rate_minute, issued.rate_day) == (60, 10_000)


async def test_revoking_closes_once_and_tells_the_caches(pool, team_id):
    actor = system_actor(team_id)
    issued = await accounts.create_key(pool, actor, NOW, name="Till", permissions=["canViewOrders"])
    assert await workspace.version(pool, team_id) == 2
    later = NOW + timedelta(hours=1)
    assert await accounts.revoke_key(pool, actor, later, issued.id) is True
    assert await workspace.version(pool, team_id) == 3
    assert await accounts.revoke_key(pool, actor, later + timedelta(hours=1), issued.id) is False
    assert await workspace.version(pool, team_id) == 3
    [kept] = await read.list_keys(pool, team_id)
    assert kept.revoked_at == later and not kept.usable(NOW)


async def test_a_key_of_another_team_does_not_exist(pool, team_id):
    other = await accounts.create_team(pool, NOW, name=a_name())
    issued = await accounts.create_key(pool, system_actor(team_id), NOW, name="Till", permissions=[])
    with pytest.raises(NotFound):
        await accounts.revoke_key(pool, system_actor(other), NOW, issued.id)
    with pytest.raises(NotFound):
        await accounts.revoke_key(pool, system_actor(team_id), NOW, new_id())
    assert await read.list_keys(pool, other) == []
    assert (await read.list_keys(pool, team_id))[0].revoked_at is None
    assert await workspace.version(pool, other) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"permissions": ["canFly"]}, "permissions"),
        ({"name": ""}, "name"),
        ({"rate_minute": -1}, "rate_minute"),
        ({"rate_day": 2**31 - 1}, "rate_day"),
        ({"pin_version": "2.0"}, "pin_version"),
        ({"pin_version": "1.4 "}, "pin_version"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_and_leaves_nothing(pool, team_id, fields, field):
    wish = {"name": "Till", "permissions": ["canViewOrders"], **fields}
    with pytest.raises(Invalid) as refusal:
        await accounts.create_key(pool, system_actor(team_id), NOW, **wish)
    assert refusal.value.facts["field"] == field
    assert await count(pool, "api_keys", team_id) == 0
    assert await workspace.version(pool, team_id) == 1


async def test_keys_are_for_those_who_manage_the_team(pool, team_id):
    actor = Actor(team_id, "user", new_id(), "Ana", ALL_PERMISSIONS - {"canManageTeam"})
    with pytest.raises(Forbidden):
        await accounts.create_key(pool, actor, NOW, name="Till", permissions=[])
    with pytest.raises(Forbidden):
        await accounts.revoke_key(pool, actor, NOW, new_id())
    assert await count(pool, "api_keys", team_id) == 0


async def test_no_team_no_workspace(pool):
    assert await workspace.version(pool, new_id()) is None
    assert await read.find_team(pool, a_name()) is None
    with pytest.raises(NotFound):
        await workspace.load(pool, new_id())
