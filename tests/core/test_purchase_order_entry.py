"""Purchase orders enter and are edited: numbers, tags, workflows (Milestones API, sections 7.3 and 7.5)."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from milepost.core.tags import create_tag
from milepost.kit.errors import Faulty
from milepost.kit.ids import new_id, ulid
from milepost.model.urgency import plan_of
from tests.core.works import NOW, SETUP, TODAY, Works


@pytest.fixture
async def works(pool) -> Works:
    return await Works.begin(pool)


async def faults(works: Works, act: Awaitable[Any]) -> list[str]:
    """The paths of what is wrong; nothing was written."""
    before = await works.snapshot()
    with pytest.raises(Faulty) as refusal:
        await act
    assert await works.snapshot() == before
    return [path for path, _ in refusal.value.faults]


def number(order: Any) -> str:
    return str(order.content.order_number)


# Numbers --------------------------------------------------------------------------------------------------


async def test_m10_numbers_are_given_in_turn(works):
    """M-10: without `order_number` each order gets a new one; drafts too."""
    made = [number(await works.make(is_draft=n == 1)) for n in range(3)]
    assert made == ["PO-000001", "PO-000002", "PO-000003"]
    assert [row["last"] for row in await _numbers(works)] == [3]


async def _numbers(works: Works) -> list[Any]:
    return list(await works.pool.fetch("select last from order_numbers where team_id = $1", works.team_id))


async def test_numbers_in_use_are_passed_over(works):
    """The next free one, however many are taken; those of other teams do not count."""
    other = await Works.begin(works.pool)
    await other.make(order_number="PO-000003")
    for taken in ("PO-000001", "PO-000002", "PO-000004", "po-000003", "PO-3"):
        await works.make(order_number=taken)
    assert number(await works.make()) == "PO-000003"
    assert number(await works.make()) == "PO-000005"
    await works.pool.execute(
        """insert into orders (select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(),
             'order_number', 'PO-' || lpad(n::text, 6, '0')))).*
           from orders o, generate_series(6, 405) n where o.team_id = $1 and o.order_number = 'PO-000005')""",
        works.team_id,
    )
    try:
        assert number(await works.make()) == "PO-000406"
        assert number(await works.make()) == "PO-000407"
        assert [row["last"] for row in await _numbers(works)] == [407]
    finally:  # rows of a test's own making, which no verb counted
        await works.pool.execute(
            """delete from orders where team_id = $1 and order_number between 'PO-000006' and 'PO-000405'
               and length(order_number) = 9""",
            works.team_id,
        )


async def test_m10_a_number_in_use(works):
    """M-10: the same number again is a fault of `order_number`, and nothing stays of the attempt: no tag either."""
    await works.make(order_number="HX-4410")
    assert await faults(works, works.make(order_number="HX-4410")) == ["order_number"]
    assert await faults(works, works.make(order_number="HX-4410", tags=("new",))) == ["order_number"]
    assert number(await works.make(order_number="hx-4410")) == "hx-4410"
    assert await _numbers(works) == []


async def test_a_number_is_not_lost_with_a_refused_order(works):
    unknown = new_id()
    assert await faults(works, works.make(milestone_workflow_id=unknown)) == ["workflow_id"]
    assert number(await works.make()) == "PO-000001"


async def test_orders_at_once_get_numbers_of_their_own(works):
    await works.make(order_number="PO-000007")
    orders = await asyncio.gather(*(works.make() for _ in range(20)))
    assert sorted(map(number, orders)) == [f"PO-{n:06d}" for n in range(1, 22) if n != 7]


async def test_one_of_many_gets_a_number_that_all_want(works):
    async def make() -> bool:
        try:
            await works.make(order_number="HX-1", tags=("same",))
        except Faulty as refused:
            assert [path for path, _ in refused.faults] == ["order_number"]
            return False
        return True

    assert sum(await asyncio.gather(*(make() for _ in range(12)))) == 1
    assert (len(await works.rows("orders")), len(await works.rows("tags"))) == (1, 1)


async def test_a_draft_may_take_another_number(works):
    """Unless somebody else has it; an issued one may not (section 7.5)."""
    await works.make(order_number="HX-1")
    draft = await works.make(is_draft=True)
    taken = {"order_number": "HX-1"}
    assert await faults(works, works.patch(draft.id, members=taken, tags=("new",))) == ["order_number"]
    after = await works.patch(draft.id, members={"order_number": "HX-2"})
    assert number(after) == "HX-2"
    assert after == await works.planned(draft.id)
    await works.issue(draft.id)
    await works.refused("field_frozen", lambda: works.patch(draft.id, members={"order_number": "HX-3"}))


# Workflows ------------------------------------------------------------------------------------------------


async def test_the_workflow_of_an_order(works):
    """The chosen one, in either spelling of its id, else the default."""
    known = {one.name: one for one in (await works.workspace()).workflows}
    default, short = known["Made to order"], known["Short"]
    assert (await works.make()).milestone_workflow_id == default.id
    for spelt in (short.id, short.id.upper(), ulid(short.id), ulid(short.id).lower()):
        order = await works.make(milestone_workflow_id=spelt)
        assert (order.milestone_workflow_id, len(plan_of(order).milestones)) == (short.id, 1)
        assert (await works.planned(order.id)).milestone_workflow_id == short.id


async def test_an_unknown_workflow(works):
    """With all that is wrong at once."""
    await works.make(order_number="HX-1")
    foreign = (await (await Works.begin(works.pool)).workspace()).workflows[0].id
    for unknown in (new_id(), foreign, "Short", ""):
        assert await faults(works, works.make(milestone_workflow_id=unknown)) == ["workflow_id"]
    wrong = {"milestone_workflow_id": "x", "order_number": "HX-1"}
    assert await faults(works, works.make(**wrong)) == ["workflow_id", "order_number"]


async def test_a_team_without_workflows(pool):
    """Section 7.3: `workflow_id` null and no milestones."""
    works = await Works.begin(pool, {"statuses": SETUP["statuses"][4:]})
    await pool.execute("delete from workflow_milestones where team_id = $1", works.team_id)
    await pool.execute("delete from workflows where team_id = $1", works.team_id)
    order = await works.make()
    assert (order.milestone_workflow_id, plan_of(order).milestones, order.attention_at) == (None, (), None)
    assert order.issued_on == TODAY


async def test_what_a_new_order_is(works):
    """M-9: issued today for the team, with one pending milestone for each of the workflow's; M-17."""
    order = await works.planned((await works.make()).id)
    assert (order.issued_on, order.last_issued_on, order.last_issued_at) == (TODAY, TODAY, NOW)
    assert [(one.name, one.position, one.status, str(one.key_date)) for one in plan_of(order).milestones] == [
        ("Accepted", 1, "pending", "2027-02-04"),
        ("Sample", 2, "pending", "2027-02-12"),
        ("Started", 3, "pending", "None"),
        ("Shipped", 4, "pending", "2027-04-09"),
        ("Delivered", 5, "pending", "2027-05-14"),
    ]
    draft = await works.planned((await works.make(is_draft=True)).id)
    assert (draft.issued_on, draft.last_issued_at, draft.attention_at) == (None, None, None)
    assert (plan_of(draft).milestones, plan_of(draft).tasks, draft.lifecycle) == ((), (), "NOT_READY")


# Tags -----------------------------------------------------------------------------------------------------


async def test_tags_by_name(works):
    """Known names are those tags, unknown ones are made; a name is what it is, letter by letter."""
    made = await create_tag(works.pool, works.actor, "Summer shelf", None, clock=works.clock)
    order = await works.make(tags=("Été", "Summer shelf", "summer-shelf", "rush"))
    tags = {tag.name: tag for tag in order.tags}
    assert [tag.slug for tag in order.tags] == ["rush", "summer-shelf", "summer-shelf-2", "t"]
    assert (tags["Summer shelf"], tags["summer-shelf"].slug) == (made, "summer-shelf-2")
    assert (await works.planned(order.id)).tags == order.tags
    again = await works.make(tags=("rush", "summer-shelf", "Été"))
    assert set(again.tags) == {tags["rush"], tags["summer-shelf"], tags["Été"]}
    assert len(await works.rows("tags")) == 4
    created = (await works.events(order.id))[0]["new_data"]
    assert [tag["name"] for tag in created["tags"]] == ["rush", "Summer shelf", "summer-shelf", "Été"]


async def test_of_tags_of_one_name_the_oldest_is_meant(works):
    """Or the one that the order bears already."""
    first = await create_tag(works.pool, works.actor, "Rush", None, clock=works.clock)
    second = await create_tag(works.pool, works.actor, "Rush", "hurry", clock=works.clock)
    order = await works.make(tags=("Rush",))
    assert order.tags == (first,)
    await works.pool.execute(
        "update order_tags set tag_id = $2 where team_id = $1 and order_id = $3",
        works.team_id,
        second.id,
        order.id,
    )
    await works.unchanged(lambda: works.patch(order.id, tags=("Rush",)))


async def test_a_new_tag_is_made_once(works):
    """However many orders bring it at once, and however many edits."""
    orders = await asyncio.gather(*(works.make(tags=("spring", f"own {n % 3}")) for n in range(12)))
    assert len({order.tags for order in orders}) == 3
    assert len(await works.rows("tags")) == 4
    edited = await asyncio.gather(*(works.patch(order.id, tags=("autumn",)) for order in orders))
    assert len({order.tags for order in edited}) == 1
    assert len(await works.rows("tags")) == 5


async def test_a_refused_edit_makes_no_tag(works):
    order = await works.make()
    await works.refused(
        "field_frozen", lambda: works.patch(order.id, members={"order_number": "x"}, tags=("new",))
    )


async def test_names_without_letters_get_slugs_of_their_own(works):
    order = await works.make(tags=("夏", "冬"))
    assert sorted(tag.slug for tag in order.tags) == sorted(ulid(tag.id).lower() for tag in order.tags)
