"""Milestones, delays and tasks of orders that come back: they go on where they stood, and older files are completed."""

import json
import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from milepost.cli.importing import read_plain
from milepost.core.milestones import (
    confirm_milestone,
    edit_timeline,
    issue_order,
    reject_milestone,
    undo_confirmation,
)
from milepost.core.order_tasks import add_task, complete_task, reopen_task
from milepost.core.overdue import tell_overdue
from milepost.core.purchase_order_entry import enter_order
from milepost.intake import order_file
from milepost.kit.errors import Conflict, Invalid, Refused
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Named, Rejection
from milepost.model.older_archives import completed
from milepost.model.order import StoredOrder
from milepost.model.order_archive import ArchivedOrder, check
from milepost.model.order_tasks import TaskWish
from milepost.model.urgency import PATIENCE, plan_of, purchase_order_status
from milepost.store.order_loads import load_planned_orders
from tests.core.orders_in import NOW
from tests.core.test_order_archive import contents
from tests.core.whole_orders import SETUP, Yard

OLDER = (Path(__file__).parents[1] / "intake" / "data" / "orders_before_delays.ndjson").read_bytes()
"""Two orders as Milepost wrote them before milestones could be rejected, undone or late."""


@pytest.fixture(scope="module")
async def yard(pool) -> Yard:
    """Nothing here changes it, or it takes one of its own."""
    made = await Yard.begin(pool)
    await made.fill()
    return made


@pytest.fixture
async def twin(yard, tmp_path) -> Yard:
    """A team with the same workspace, to which the yard's orders came."""
    made = await yard.twin()
    report = await made.bring(tmp_path / "orders", await yard.export())
    assert report.failures == []
    return made


async def planned(yard: Yard, number: str) -> StoredOrder:
    row = next(row for row in await yard.rows("orders") if row["order_number"] == number)
    _, (order,) = await load_planned_orders(yard.pool, yard.team_id, [row["id"]])
    return order


def status_of(yard_order: StoredOrder, names: dict[str, str]) -> str | None:
    return names.get(yard_order.held.status_id or "")


async def names(yard: Yard) -> dict[str, str]:
    return {status.id: status.name for status in (await yard.workspace()).statuses}


def member(text: bytes, number: str) -> dict[str, Any]:
    """`milepost` of the line of that order."""
    documents = [json.loads(line) for line in text.splitlines()]
    found: dict[str, Any] = next(one for one in documents if one["order_number"] == number)["milepost"]
    return found


async def test_the_yard_has_everything(yard):
    """What the other tests bring over is there to be lost."""
    told = member(await yard.export(), "PO-000001")
    accepted, begun, packed, shipped, _ = told["milestones"]
    assert (begun["left_status"]["status"], begun["left_status"]["workflow"]) == ("Hull laid", "Build")
    assert begun["left_status"]["status_seq"] == told["status_seq"]
    assert accepted["left_status"] == {
        **dict.fromkeys(accepted["left_status"]),
        "status_seq": 3,
        "former_seq": 0,
    }
    assert (packed["late_told_for"], shipped["late_told_for"]) == ("2026-06-06", None)
    assert [(one["old_date"], one["new_date"], one["source"], one["reason"]) for one in told["delays"]] == [
        ("2026-06-09", "2026-06-16", "reject", "dye house closed"),
        ("2026-07-14", "2026-07-20", "edit", "looms busy"),
    ]
    assert {task["title"]: task["assignee"] for task in told["tasks"]} == {
        "Packing list": None,
        "Send photographs": "studio@loom.example",
        "Ask for a price list": None,
    }
    assert (told["incoterms"], told["shipping_method"]) == ("FCA Setúbal", "sea")
    back = member(await yard.export(), "PO-000002")
    assert back["milestones"][0]["undone_at"] is not None
    assert back["milestones"][0]["overdue_told_at"] is not None
    assert back["last_issued_at"] > back["created_at"]


async def test_plans_are_the_same(yard, twin):
    """Delays, marks and tasks of each order; ids of the workspace are those of the new one."""
    for number in ("PO-000001", "PO-000002", "PO-draft"):
        here, there = await planned(yard, number), await planned(twin, number)
        assert plan_of(there).tasks == plan_of(here).tasks
        assert purchase_order_status(there) == purchase_order_status(here)
        for one, other in zip(plan_of(here).milestones, plan_of(there).milestones, strict=True):
            links = ("workflow_milestone_id", "linked_status_id", "linked_sub_status_id", "left_status")
            same = {name: getattr(one, name) for name in links}
            assert replace(other, **same) == one
            assert one.workflow_milestone_id != other.workflow_milestone_id


@pytest.mark.parametrize("seed", range(4))
async def test_random_lives_come_back(pool, tmp_path, seed):
    """Whatever was said of milestones and tasks: equal bytes, equal rows, and every undo leads to the same place."""
    dice = random.Random(seed)
    yard = await Yard.begin(pool)
    orders = [await yard.do(enter_order, await yard.purchase(is_draft=dice.random() < 0.2)) for _ in range(3)]
    for step in range(60):
        with suppress(Refused):
            await something(yard, dice, dice.choice(orders).id)
        if step % 20 == 19:
            ids = [order.id for order in orders]
            await tell_overdue(pool, await yard.workspace(), ids, NOW + timedelta(days=step))
    assert len(await yard.rows("events")) > 20, "much was said"
    text, twin = await yard.export(), await yard.twin()
    report = await twin.bring(tmp_path / "orders", text)
    assert (report.created, report.failures) == (3, [])
    assert await twin.export() == text
    before, after = await contents(yard), await contents(twin)
    assert [table for table, rows in before.items() if after[table] != rows] == []
    for order in orders:
        while (newest := await newest_confirmation(yard, order.id)) is not None:
            for team in (yard, twin):
                await team.do(undo_confirmation, order.id, Named("milestone", newest))
            here, there = await standing(yard, order.id), await standing(twin, order.id)
            assert here == there


async def something(yard: Yard, dice: random.Random, order_id: str) -> None:
    """One verb of the Milestones API, on anything. Raises Refused."""
    _, (order,) = await load_planned_orders(yard.pool, yard.team_id, [order_id])
    plan = plan_of(order)
    if not plan.milestones or dice.random() < 0.1:
        await yard.do(issue_order, order_id)
        return
    named = Named("milestone", (plan.first_unconfirmed or dice.choice(plan.milestones)).id)
    day = date(2026, 5, 5) + timedelta(days=dice.randint(0, 80))
    match dice.choice(
        ("confirm", "confirm", "confirm", "reject", "undo", "edit", "add", "complete", "reopen")
    ):
        case "confirm":
            await yard.do(confirm_milestone, order_id, named, Confirmation(note=dice.choice((None, "yes"))))
        case "reject":
            chosen = Named("milestone", dice.choice(plan.milestones).id)
            await yard.do(reject_milestone, order_id, chosen, Rejection(reason="storm", date=day))
        case "undo":
            newest = await newest_confirmation(yard, order_id)
            await yard.do(undo_confirmation, order_id, Named("milestone", newest or named.value))
        case "edit":
            chosen_id = dice.choice(plan.milestones).id
            dates = KeyDates(by_milestone={chosen_id: dice.choice((None, day))}, note="by hand")
            await yard.do(edit_timeline, order_id, dates)
        case "add":
            milestone_id = dice.choice((None, named.value))
            wish = TaskWish(title="Call", milestone_id=milestone_id, required=dice.random() < 0.2)
            await yard.do(add_task, order_id, wish)
        case "complete":
            await yard.do(complete_task, order_id, dice.choice(plan.tasks).id)
        case "reopen":
            await yard.do(reopen_task, order_id, dice.choice(plan.tasks).id)


async def newest_confirmation(yard: Yard, order_id: str) -> str | None:
    _, (order,) = await load_planned_orders(yard.pool, yard.team_id, [order_id])
    confirmed = [one.id for one in plan_of(order).milestones if one.is_confirmed]
    return confirmed[-1] if confirmed else None


async def standing(yard: Yard, order_id: str) -> tuple[Any, ...]:
    """Where the order stands, by names."""
    _, (order,) = await load_planned_orders(yard.pool, yard.team_id, [order_id])
    known = await yard.workspace()
    status = known.status.get(order.held.status_id or "")
    option = known.option.get(order.held.sub_status_id or "")
    milestones = [(one.name, one.status, one.key_date) for one in plan_of(order).milestones]
    return status and status.name, option and option.name, purchase_order_status(order), milestones


async def test_undo_after_the_import_returns_the_status(twin):
    """The sub-status is left again; what is brought back has the ids of the new workspace."""
    before = await planned(twin, "PO-000001")
    assert status_of(before, await names(twin)) == "Varnish"
    begun = Named("type", "production_start")
    after, _ = await twin.do(undo_confirmation, before.id, begun)
    assert status_of(after, await names(twin)) == "Hull laid"
    assert after.held.sub_status_id is None
    assert after.event_seq == before.event_seq + 2
    events = [event["type"] for event in await twin.events(before.id)]
    assert events[-2:] == ["order.timeline.updated", "order.status.changed"]
    with pytest.raises(Conflict) as refusal:
        await twin.do(undo_confirmation, before.id, begun)
    assert refusal.value.code == "not_confirmed"


async def test_a_status_that_was_left_and_removed_since(pool, tmp_path):
    """It is told as gone, comes back the same, and undoing leaves the order where it is."""
    yard = await Yard.begin(pool)
    await yard.fill()
    twin = await yard.twin()
    gone = "019df1ae-0000-7000-8000-0000000000ff"
    await pool.execute(
        """update order_milestones set left_status = jsonb_set(left_status, '{held, status_id}', to_jsonb($2::text))
           where team_id = $1 and type = 'production_start' and left_status is not null""",
        yard.team_id,
        gone,
    )
    text = await yard.export()
    left = member(text, "PO-000001")["milestones"][1]["left_status"]
    assert left["status"] == {"gone": gone}
    report = await twin.bring(tmp_path / "orders", text)
    assert report.failures == []
    assert await twin.export() == text
    order = await planned(twin, "PO-000001")
    after, _ = await twin.do(undo_confirmation, order.id, Named("type", "production_start"))
    assert after.held == order.held


async def test_when_something_presses_is_reckoned_where_the_order_is(yard, tmp_path):
    """Midnight is another moment in another time zone."""
    far = await Yard.open(yard.pool, {**SETUP, "team": {"time_zone": "Pacific/Kiritimati"}})
    assert isinstance(far, Yard)
    far.clock = yard.clock
    report = await far.bring(tmp_path / "orders", await yard.export())
    assert report.failures == []
    order = await planned(far, "PO-000001")
    midnight = datetime(2026, 6, 16, 10, tzinfo=UTC)  # 00:00 of the 17th
    assert order.attention_at == midnight
    assert (await planned(yard, "PO-000001")).attention_at == midnight + timedelta(hours=13)
    draft = await planned(far, "PO-draft")
    assert draft.attention_at is None


async def test_delays_of_a_milestone_that_is_not_there(yard):
    lines = order_file.lines(await yard.export())
    orders = [order_file.read_line(line, read_plain) for line in lines]
    order = next(one for one in orders if isinstance(one, ArchivedOrder) and one.milepost.delays)
    (delay, *_) = order.milepost.delays
    elsewhere = replace(delay, milestone_id="019df1ae-0000-7000-8000-0000000000ff")
    with pytest.raises(Invalid) as refusal:
        check(replace(order, milepost=replace(order.milepost, delays=(elsewhere,))))
    assert refusal.value.sentence == "milepost.delays names a milestone that the order does not have"


class TestOlderFiles:
    """Lines that were written before this release knew more."""

    async def test_they_come_in_with_what_follows_from_the_rest(self, pool, tmp_path):
        """Issued when it was made; its status changed last by the fourth event, the later ones tell of add-ons."""
        yard = await Yard.begin(pool)
        report = await yard.bring(tmp_path / "orders", OLDER)
        assert (report.created, report.failures) == (2, [])
        order = await planned(yard, "#7")
        assert (order.status_seq, order.last_issued_at) == (4, order.created_at)
        assert (order.content.incoterms, order.items[0].content.unit) == (None, "EA")
        accepted, shipped = plan_of(order).milestones
        assert (accepted.confirmed_on, accepted.left_status, accepted.undone_at) == (
            *(date(2026, 5, 5), None, None),
        )
        assert accepted.confirmed_by is not None
        assert accepted.confirmed_at is not None
        assert accepted.confirmed_by.name == "Importer"
        assert (shipped.delays, shipped.late_told_for) == ((), None)
        # The shipment is prompted since the acceptance was confirmed.
        assert order.attention_at == accepted.confirmed_at + PATIENCE
        draft = await planned(yard, "#D8")
        assert (draft.status_seq, draft.last_issued_at, draft.attention_at) == (0, None, None)

    async def test_they_may_come_in_again(self, pool, tmp_path):
        yard = await Yard.begin(pool)
        await yard.bring(tmp_path / "orders", OLDER)
        before = await yard.everything()
        report = await yard.bring(tmp_path / "orders", OLDER)
        assert (report.unchanged, report.failures) == (2, [])
        assert await yard.everything() == before

    async def test_exported_again_they_are_of_this_release(self, pool, tmp_path):
        yard = await Yard.begin(pool)
        await yard.bring(tmp_path / "orders", OLDER)
        text = await yard.export()
        twin = await yard.twin()
        await twin.bring(tmp_path / "orders", text)
        assert await twin.export() == text
        told, older = member(text, "#7"), json.loads(OLDER.splitlines()[0])["milepost"]
        assert {name: told[name] for name in told.keys() - older.keys()} == {
            **dict.fromkeys(("incoterms", "payment_terms", "shipping_method")),
            "last_issued_at": "2026-05-04T23:30:09.250000Z",
            "status_seq": 4,
            "delays": [],
        }

    def test_what_is_told_is_not_touched(self):
        (line, _) = order_file.lines(OLDER)
        order = order_file.read_line(line, read_plain)
        assert isinstance(order, ArchivedOrder)
        assert completed(order) is order
        later = replace(order, milepost=replace(order.milepost, last_issued_at=NOW, status_seq=2))
        assert completed(later) is later

    async def test_an_unknown_member_is_still_refused(self, pool, tmp_path):
        """A file of a later release may say what this one would lose."""
        document = json.loads(OLDER.splitlines()[0])
        document["milepost"]["milestones"][0]["hue"] = "blue"
        yard = await Yard.begin(pool)
        report = await yard.bring(tmp_path / "orders", msgspec.json.encode(document))
        assert report.failures[0].reason == (
            "Object contains unknown field `hue` - at `$.milepost.milestones[0]`"
        )
