"""One team in the course of one run, and the short ways to speak to the three surfaces about its orders."""

import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from milepost.core.overdue import tell_overdue
from milepost.kit.ids import ulid
from milepost.model.workflow import Workspace
from milepost.reads import workspace as workspaces
from milepost.store import attention
from tests.one_truth.folding import Folded
from tests.one_truth.oracle import Moments, Shown
from tests.one_truth.stage import KINDS, RESHAPED, TAGS, Stage
from tests.one_truth.wire import Answer, Wire
from tests.openapi_check import check_answer
from tests.surfaces.world import Team

Standing = tuple[str | None, str | None]
"""The chain status that an order is anchored at and the workflow it stands in, by name: what the rules go by."""

MOST_ORDERS = 6
_TO_CHECK = 3
"""So many answers of each kind are compared with the OpenAPI documents; the other tests compare all of theirs."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}")
_checked: Counter[tuple[str, str, int]] = Counter()


class Seen:
    """An order, and what was seen of it at the last look."""

    def __init__(self, order_id: str, moments: Moments) -> None:
        self.id = order_id
        self.ulid = ulid(order_id)
        self.moments = moments
        self.folded = Folded()
        self.etag = ""
        self.sequence = 0
        self.order: Shown = {}
        """As the Orders API shows it."""
        self.purchase: Shown = {}
        """As the Milestones API shows it."""
        self.status: Shown = {}
        """As the Status API shows it."""
        self.tasks: list[Shown] = []
        self.offsets: dict[str, int] = {}
        """Days from key date to prompt, by workflow milestone, as they were when it was issued."""
        self.standing: Standing = (None, None)
        self.left: list[tuple[str, Standing]] = []
        """The confirmations (milestone as ULID) that made the newest changes of its primary status, one after the
        other, and where it stood before each."""
        self.relatives: list[Seen] = []
        """The order that it was released from, and those that were released from it."""

    @property
    def milestones(self) -> list[Shown]:
        milestones: list[Shown] = self.purchase["milestones"]
        return milestones

    def milestone(self, place: int) -> Shown | None:
        """Any of its milestones, by a number of any size; None when there are none."""
        return self.milestones[place % len(self.milestones)] if self.milestones else None

    @property
    def next(self) -> Shown | None:
        """The milestone whose turn it is, if the order is active."""
        return next((one for one in self.milestones if one["status"] != "confirmed"), None)

    @property
    def has_confirmed(self) -> bool:
        return any(one["status"] == "confirmed" for one in self.milestones)

    @property
    def is_draft(self) -> bool:
        return self.purchase["issued_at"] is None

    @property
    def is_canceled(self) -> bool:
        return self.order["cancelled_at"] is not None

    @property
    def is_active(self) -> bool:
        return self.purchase["status"] not in ("draft", "rejected", "canceled")

    @property
    def has_items(self) -> bool:
        return bool(self.order["items"])

    @property
    def legs(self) -> list[Shown]:
        """Its active legs of transport."""
        return [
            one
            for one in self.order["releases"]
            if one["unassigned_at"] is None and one["release_type"] == "TRANSPORTATION"
        ]


class Desk:
    """The team, its orders and its clock."""

    def __init__(self, stage: Stage, team: Team, workspace: Workspace) -> None:
        self.stage = stage
        self.team = team
        self.workspace = workspace
        self.zone: ZoneInfo = workspace.calendar.zone
        self.orders: list[Seen] = []
        self.numbers = 0
        self.workflows = {each.name: each.id for each in workspace.workflows}

    @classmethod
    async def open(cls, stage: Stage, kind: str, at: datetime) -> "Desk":
        """A new team of this kind, at that moment."""
        stage.world.clock.frozen = at
        team = await stage.world.team()
        await team.apply(KINDS[kind])
        for name in TAGS[:2]:
            ok(await stage.wires[0].ask("POST", "/tags", team.key, {"name": name}))
        return cls(stage, team, await workspaces.load(stage.world.pool, team.id))

    @property
    def offsets(self) -> dict[str, int]:
        """Days from key date to prompt, by workflow milestone, for orders that are issued now."""
        workflows = self.workspace.workflows
        return {one.id: one.prompt_offset_days for each in workflows for one in each.milestones}

    async def reshape(self) -> None:
        """The operator changes the workflows."""
        await self.team.apply(RESHAPED)
        self.workspace = await workspaces.load(self.stage.world.pool, self.team.id)

    # Time

    @property
    def now(self) -> datetime:
        return self.stage.world.clock()

    @property
    def today(self) -> date:
        """The team's."""
        return self.now.astimezone(self.zone).date()

    def day(self, days: int | None) -> str | None:
        """So many days from today, as bodies spell it."""
        return None if days is None else (self.today + timedelta(days=days)).isoformat()

    def day_from(self, milestone: Shown | None, days: int | None) -> str | None:
        """So many days from the date that the milestone has, or from today when it has none."""
        known = None if milestone is None else milestone["confirmed_on"] or milestone["key_date"]
        if known is None or days is None:
            return self.day(days)
        return (date.fromisoformat(known) + timedelta(days=days)).isoformat()

    def pass_time(self, **by: float) -> None:
        """Every step is at a moment of its own, in whole seconds: what is shown is then all there is."""
        frozen = self.stage.world.clock.frozen
        assert frozen is not None
        self.stage.world.clock.frozen = frozen + timedelta(**by)

    async def sweep(self) -> int:
        """What the worker does about now (milestones that turned late or overdue)."""
        pool, told = self.stage.world.pool, 0
        while needy := await attention.read_needy(pool, self.team.id, self.now, attention.FIRST, 100):
            told += await tell_overdue(pool, self.workspace, [one for _, one in needy], self.now)
            if all(at == self.now for at, _ in needy):  # due exactly now is not yet too long ago
                break
        return told

    # Orders

    def number(self) -> str:
        self.numbers += 1
        return f"T-{self.numbers}"

    # The three surfaces

    async def here(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """The Milestones API, path below the team."""
        return await self._ask(method, f"/v1/teams/{self.team.id}{path}", body, **options)

    async def of(self, seen: Seen, method: str, tail: str = "", body: Any = None, **options: Any) -> Answer:
        """The Milestones API about an order."""
        return await self.here(method, f"/purchase_orders/{seen.id}{tail}", body, **options)

    async def there(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """The Orders API."""
        return await self._ask(method, path, body, **options)

    async def status(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """The Status API in its newest version."""
        return await self._ask(method, f"/api/v1{path}", body, x_api_version="1.5", **options)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        wire: int = 0,
        key: str | None = None,
        **headers: str,
    ) -> Answer:
        with_wire: Wire = self.stage.wires[wire]
        answer = await with_wire.ask(method, path, key or self.team.key, body, **headers)
        assert answer.status < 500, (method, path, body, answer)
        kind = (method, _ID.sub("*", path.partition("?")[0]), answer.status)
        _checked[kind] += 1
        if _checked[kind] <= _TO_CHECK:
            check_answer(method, path, answer)
        return answer

    async def pages(self, path: str) -> list[Shown]:
        """All that a list of the Orders API holds, as it lists it."""
        found: list[Shown] = []
        following: str | None = path
        while following is not None:
            page = ok(await self.there("GET", following))
            found += page["data"]
            following = page["next"]
        return found


def ok(answer: Answer) -> Any:
    """The JSON of an answer that must be a success."""
    assert answer.status in (200, 201), answer
    return answer.json
