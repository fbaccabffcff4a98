"""Who hears of milestones: for each move the exact events in their order, with what they tell (Milestones API,
section 8.8; Orders API, section 14)."""

from datetime import UTC, date, datetime

import pytest

from milepost.model.events import event_instant
from milepost.model.urgency import plan_of, purchase_order_status
from tests.core.told import by, confirmation, enter_first, first_option, moving, shown, statuses
from tests.core.works import DAY, NOW, SETUP, SHIPS_ON, TODAY, Works, days, find, states


@pytest.fixture
async def works(pool) -> Works:
    return await Works.begin(pool)


# Confirming -----------------------------------------------------------------------------------------------


async def test_m19_confirming(works):
    """M-19: one event, with the day, the moment and the actor. M-44: acceptance emits no `order.updated`."""
    order = await works.make()
    works.turn()
    async with works.telling(order.id) as told:
        after = await works.confirm(order, "Accepted", note="fine")
    old, new = confirmation(works)
    accepted = find(after, "Accepted")
    old, new = {**old, "note": None}, {**new, "note": "fine"}
    assert told == [("order.milestone.confirmed", accepted.id, old, new)]
    event = (await works.events(order.id))[-1]
    assert event["facts"] == {
        "order_number": order.content.order_number,
        "order_type": "PURCHASE_ORDER",
        "type": "acceptance",
        "name": "Accepted",
        "position": 1,
        "workflow_milestone_id": accepted.workflow_milestone_id,
    }
    assert (event["actor_kind"], event["actor_id"]) == ("api_key", works.actor.id)
    assert event["effective_at"] == event["recorded_at"] == works.now
    assert (accepted.confirmed_on, accepted.key_date) == (TODAY, find(order, "Accepted").key_date)
    assert (after.version, after.updated_at) == (order.version + 1, works.now)
    assert after == await works.planned(order.id)


async def test_m45_confirming_enters_the_status(works):
    """M-45: `order.milestone.confirmed`, then one `order.status.changed`."""
    known, order = await statuses(works), await works.make()
    order = await works.confirm(order, "Accepted")
    async with works.telling(order.id) as told:
        after = await works.confirm(order, "Sample")
    assert told == [
        ("order.milestone.confirmed", find(order, "Sample").id, *confirmation(works)),
        (
            "order.status.changed",
            None,
            {"custom_status": None, "custom_sub_status": None},
            {
                "custom_status": shown(known["Sewing"]),
                "custom_sub_status": first_option(known["Sewing"]),
            },
        ),
    ]
    assert await works.status_of(order.id) == ("Sewing", "First")
    assert after.status_seq == after.event_seq
    left = find(after, "Sample").left_status
    assert left is not None and (left.held, left.status_seq) == (order.held, after.event_seq)
    assert after == await works.planned(order.id)


async def test_confirming_for_an_earlier_day(works):
    """What is told happened when that day began for the team, but not before the status that is left."""
    order = await works.make()
    await works.enter(order.id, "Cutting", datetime(2027, 1, 31, 18, tzinfo=UTC))
    works.turn(3 * DAY)
    order = await works.confirm(order.id, "Accepted", date=date(2027, 1, 30))
    order = await works.confirm(order, "Sample", date=date(2027, 1, 31))
    order = await works.confirm(order, "Started", date=date(2027, 2, 2))
    await works.confirm(order, "Shipped", date=date(2027, 2, 3))
    dates = {
        (event["type"], event["subject_id"]): event["effective_at"]
        for event in (await works.events(order.id))[2:]
        if event["type"] != "order.updated"
    }
    assert dates[("order.milestone.confirmed", find(order, "Accepted").id)] == datetime(
        2027, 1, 29, 15, tzinfo=UTC
    )
    assert dates[("order.milestone.confirmed", find(order, "Sample").id)] == datetime(
        2027, 1, 30, 15, tzinfo=UTC
    )
    assert dates[("order.milestone.confirmed", find(order, "Shipped").id)] == datetime(
        2027, 2, 2, 15, tzinfo=UTC
    )
    events = [event for event in await works.events(order.id) if event["type"] == "order.status.changed"]
    assert [event["effective_at"] for event in events] == [
        datetime(2027, 1, 31, 18, tzinfo=UTC),
        datetime(2027, 1, 31, 18, tzinfo=UTC),
        datetime(2027, 2, 2, 15, tzinfo=UTC),
    ]
    assert (await works.planned(order.id)).held.entered_at == datetime(2027, 2, 2, 15, tzinfo=UTC)
    assert {event["recorded_at"] for event in (await works.events(order.id))[2:]} == {works.now}


async def test_m44_confirming_shipment_and_delivery(works):
    """M-44: status, timeline and the derived status come in this order, with one `order.updated`."""
    order = await works.make()
    for name in ("Accepted", "Sample", "Started"):
        order = await works.confirm(order, name)
    delivered = find(order, "Delivered")
    async with works.telling(order.id) as told:
        order = await works.confirm(
            order, "Shipped", dates=moving({delivered.id: date(2027, 5, 20)}, reason="storm")
        )
    assert [one[:2] for one in told] == [
        ("order.milestone.confirmed", find(order, "Shipped").id),
        ("order.status.changed", None),
        ("order.timeline.updated", None),
        ("order.updated", None),
    ]
    assert told[-1][2:] == ({"status": "READY"}, {"status": "IN_TRANSIT"})
    facts = (await works.events(order.id))[-2]["facts"]
    assert (facts["reason"], [one["name"] for one in facts["milestones"]]) == ("storm", ["Delivered"])
    async with works.telling(order.id) as told:
        order = await works.confirm(order, "Delivered")
    assert [one[0] for one in told] == ["order.milestone.confirmed", "order.updated"]
    assert told[-1][2:] == ({"status": "IN_TRANSIT"}, {"status": "DELIVERED"})


async def test_m21_confirming_again_tells_nothing(works):
    """M-21: one `order.milestone.confirmed`; another date is refused."""
    order = await works.confirm(await works.make(), "Accepted")
    works.turn()
    await works.unchanged(lambda: works.confirm(order, "Accepted"))
    await works.unchanged(lambda: works.confirm(order, "Accepted", date=TODAY, note="again"))
    await works.refused(
        "already_confirmed",
        lambda: works.confirm(order, "Accepted", date=TODAY - DAY),
        milestone_ids=[find(order, "Accepted").id],
    )


async def test_a_status_that_is_held_already_is_not_entered(works):
    order = await works.confirm(await works.make(), "Accepted")
    for name in ("Sample", "Started"):
        order = await works.confirm(order, name)
    await works.enter_now(order.id, "On its way")  # which confirms Shipped
    order = await works.undo(order.id, "Shipped")
    async with works.telling(order.id) as told:
        order = await works.confirm(order, "Shipped")
    assert [one[0] for one in told] == ["order.milestone.confirmed", "order.updated"]
    assert find(order, "Shipped").left_status is None


async def test_where_lines_have_statuses_links_do_nothing(pool):
    """Section 8.9, in both directions."""
    works = await Works.begin(pool, {**SETUP, "settings": {"status_specificity": "line_item"}})
    order = await works.confirm(await works.make(), "Accepted")
    async with works.telling(order.id) as told:
        await works.confirm(order, "Sample")
    assert [one[0] for one in told] == ["order.milestone.confirmed"]
    assert await works.status_of(order.id) == (None, None)


# Rejecting ------------------------------------------------------------------------------------------------


async def test_m25_refusing(works):
    """M-25: one event, no delay; then it can be accepted."""
    order = await works.make()
    async with works.telling(order.id) as told:
        refused = await works.reject(order, "Accepted", reason="too dear", note="call us")
    rejected = {
        "status": "rejected",
        "rejected_at": event_instant(works.now),
        "rejected_by": by(works),
        "rejection_reason": "too dear",
        "note": "call us",
    }
    none = {
        "status": "pending",
        "rejected_at": None,
        "rejected_by": None,
        "rejection_reason": None,
        "note": None,
    }
    assert told == [("order.milestone.rejected", find(order, "Accepted").id, none, rejected)]
    assert (find(refused, "Accepted").delays, refused.attention_at) == ((), None)
    async with works.telling(order.id) as told:
        accepted = await works.confirm(refused, "Accepted")
    assert [one[0] for one in told] == ["order.milestone.confirmed"]
    assert purchase_order_status(accepted) == "accepted"


async def test_m26_rejecting_with_a_new_date(works):
    """M-26: status, reason and date in one event, and a delay record; the same again tells nothing, another date
    does."""
    order = await works.make()
    async with works.telling(order.id) as told:
        order = await works.reject(order, "Shipped", reason="dye house closed", date=date(2027, 4, 16))
    ((kind, subject, old, new),) = told
    assert (kind, subject) == ("order.milestone.rejected", find(order, "Shipped").id)
    assert (old["key_date"], new["key_date"]) == ("2027-04-09", "2027-04-16")
    assert (old["status"], new["status"], new["rejection_reason"]) == (
        "pending",
        "rejected",
        "dye house closed",
    )
    (delay,) = find(order, "Shipped").delays
    assert (delay.old_date, delay.new_date, delay.source) == (SHIPS_ON, date(2027, 4, 16), "reject")
    assert (delay.reason, delay.recorded_at) == ("dye house closed", works.now)
    works.turn()
    again = {"reason": "dye house closed", "date": date(2027, 4, 16)}
    await works.unchanged(lambda: works.reject(order, "Shipped", **again))
    async with works.telling(order.id) as told:
        order = await works.reject(order, "Shipped", reason="dye house closed", date=date(2027, 4, 20))
    assert [one[0] for one in told] == ["order.milestone.rejected"]
    assert (len(find(order, "Shipped").delays), order.content.ships_on) == (2, date(2027, 4, 20))
    assert order == await works.planned(order.id)


async def test_m28_rejecting_moves_others_too(works):
    """M-28: the milestone's own date is told with its rejection, those of others by the timeline."""
    order = await works.make()
    delivered = find(order, "Delivered")
    late = date(2027, 5, 20)
    await works.refused(
        "dates_out_of_order",
        lambda: works.reject(order, "Shipped", date=late),
        milestone_ids=[find(order, "Shipped").id],
    )
    async with works.telling(order.id) as told:
        order = await works.reject(
            order, "Shipped", reason="strike", date=late, dates=moving({delivered.id: date(2027, 6, 1)})
        )
    assert [one[0] for one in told] == ["order.milestone.rejected", "order.timeline.updated"]
    facts = (await works.events(order.id))[-1]["facts"]
    assert facts["reason"] == "strike"
    assert [one["id"] for one in facts["milestones"]] == [delivered.id]
    assert (days(order)["Shipped"], days(order)["Delivered"]) == ("2027-05-20", "2027-06-01")


# Undoing --------------------------------------------------------------------------------------------------


async def test_m29_undoing(works):
    """M-29: `order.timeline.updated` with the reason; then it is not confirmed."""
    before = await works.make()
    order = await works.confirm(before, "Accepted", note="hasty")
    works.turn()
    async with works.telling(order.id) as told:
        after = await works.undo(order, "Accepted", reason="wrong order")
    assert told == [("order.timeline.updated", None, {}, {})]
    facts = (await works.events(order.id))[-1]["facts"]
    assert facts["reason"] == "wrong order"
    (change,) = facts["milestones"]
    new, old = confirmation(works)
    assert change["new_data"] == new
    assert change["old_data"] == {**old, "confirmed_at": event_instant(NOW)}
    accepted = find(after, "Accepted")
    assert (accepted.note, accepted.undone_at, states(after)) == ("hasty", works.now, states(before))
    await works.refused("not_confirmed", lambda: works.undo(after, "Accepted"))


async def test_undoing_leaves_the_status_that_was_entered(works):
    """`order.timeline.updated`, then `order.status.changed`; M-44: the derived status turns back as well."""
    known, order = await statuses(works), await works.make()
    for name in ("Accepted", "Sample", "Started"):
        order = await works.confirm(order, name)
    before = order
    order = await works.confirm(order, "Shipped")
    works.turn()
    async with works.telling(order.id) as told:
        after = await works.undo(order, "Shipped")
    assert [one[0] for one in told] == ["order.timeline.updated", "order.status.changed", "order.updated"]
    assert told[1][2:] == (
        {"custom_status": shown(known["On its way"]), "custom_sub_status": None},
        {
            "custom_status": shown(known["Sewing"]),
            "custom_sub_status": first_option(known["Sewing"]),
        },
    )
    assert told[2][2:] == ({"status": "IN_TRANSIT"}, {"status": "READY"})
    assert (after.held, after.lifecycle) == (before.held, "READY")
    assert after.status_seq == before.status_seq  # an earlier confirmation may be undone in its turn
    assert after == await works.planned(order.id)
    assert (await works.events(order.id))[-2]["effective_at"] == works.now


async def test_undoing_leaves_a_status_that_changed_since(works):
    """Also when it came back to the very same one (section 11)."""
    order = await works.make()
    for name in ("Accepted", "Sample"):
        order = await works.confirm(order, name)
    works.turn()
    await works.enter_now(order.id, "Waiting")
    async with works.telling(order.id) as told:
        order = await works.undo(order.id, "Sample")
    assert [one[0] for one in told] == ["order.timeline.updated"]
    assert await works.status_of(order.id) == ("Waiting", None)
    order = await works.confirm(order, "Sample")
    await works.enter_now(order.id, "Waiting")
    await enter_first(works, order.id, "Sewing")
    async with works.telling(order.id) as told:
        await works.undo(order.id, "Sample")
    assert [one[0] for one in told] == ["order.timeline.updated"]
    assert await works.status_of(order.id) == ("Sewing", "First")


# Dates ----------------------------------------------------------------------------------------------------


async def test_one_event_names_all_milestones_that_moved(works):
    """Section 8.8; M-35: delay records for later dates alone, with the reason; unchanged values tell nothing."""
    order = await works.confirm(await works.make(), "Accepted")
    dates = {
        "Accepted": TODAY - DAY,
        "Sample": date(2027, 2, 20),
        "Shipped": date(2027, 4, 1),
        "Delivered": date(2027, 5, 14),
    }
    async with works.telling(order.id) as told:
        after = await works.edit(order.id, dates, reason="looms busy", note="two weeks")
    assert told == [("order.timeline.updated", None, {}, {})]
    facts = (await works.events(order.id))[-1]["facts"]
    assert (
        facts["reason"],
        [(one["name"], one["old_data"], one["new_data"]) for one in facts["milestones"]],
    ) == (
        "looms busy",
        [
            ("Accepted", {"confirmed_on": "2027-02-01"}, {"confirmed_on": "2027-01-31"}),
            ("Sample", {"key_date": "2027-02-12"}, {"key_date": "2027-02-20"}),
            ("Shipped", {"key_date": "2027-04-09"}, {"key_date": "2027-04-01"}),
        ],
    )
    delays = {one.name: one.delays for one in plan_of(after).milestones if one.delays}
    assert list(delays) == ["Sample"]
    assert (delays["Sample"][0].reason, delays["Sample"][0].note) == ("looms busy", "two weeks")
    assert (delays["Sample"][0].source, after.content.ships_on) == ("edit", date(2027, 4, 1))
    await works.unchanged(lambda: works.edit(order.id, dates, reason="again"))
    assert after == await works.planned(order.id)


async def test_m31_one_bad_date_leaves_all_as_they_were(works):
    """M-31."""
    order = await works.make()
    dates = {"Accepted": TODAY, "Sample": TODAY, "Shipped": date(2027, 6, 1), "Started": TODAY}
    await works.refused(
        "dates_out_of_order",
        lambda: works.edit(order.id, dates),
        milestone_ids=[find(order, "Shipped").id],
    )


# What is refused ------------------------------------------------------------------------------------------


async def test_refusals_tell_nothing(works):
    """A few of section 9, each without any trace."""
    order = await works.make()
    accepted, sample = find(order, "Accepted"), find(order, "Sample")
    await works.refused(
        "out_of_sequence", lambda: works.confirm(order, "Sample"), next_milestone_id=accepted.id
    )
    await works.refused(
        "date_in_future",
        lambda: works.confirm(order, "Accepted", date=TODAY + DAY),
        milestone_ids=[accepted.id],
    )
    order = await works.confirm(order, "Accepted")
    task_id = await works.add_task(order.id, milestone_id=sample.id, required=True)
    await works.refused("blocked_by_tasks", lambda: works.confirm(order.id, "Sample"), task_ids=[task_id])
    await works.refused(
        "already_confirmed", lambda: works.reject(order, "Accepted"), milestone_ids=[accepted.id]
    )
    await works.refused("field_frozen", lambda: works.patch(order.id, members={"order_number": "new"}))
    await works.refused("already_accepted", lambda: works.issue(order.id))


async def test_m45_a_status_that_may_not_be_entered(pool):
    """M-45: the chain forbids it, and nothing changes; M-23: so does a date that is refused."""
    works = await Works.begin(pool, {**SETUP, "settings": {"enforce_product_chain": True}})
    order = await works.confirm(await works.make(), "Accepted")
    sewing = (await statuses(works))["Sewing"]
    await works.refused("status_chain", lambda: works.confirm(order, "Sample"), status_id=sewing.id)
    await works.enter_now(order.id, "Cutting")
    wrong = moving({find(order, "Shipped").id: date(2027, 6, 1)})
    await works.refused("dates_out_of_order", lambda: works.confirm(order.id, "Sample", dates=wrong))
    await works.confirm(order.id, "Sample")
