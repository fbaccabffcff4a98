"""The seven deprecated actions (section 7.14): M-36."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERY,
    ISSUED,
    SEWING,
    SHIPMENT,
    TODAY,
    TOMORROW,
    WORKSPACE,
    YESTERDAY,
    Followed,
    faulty,
    missing,
    place,
    refused,
)
from tests.surfaces.world import NO_ID, Reply, Team, World

ACTIONS: dict[str, tuple[str, int, str, str]] = {
    "delay_delivery": ("reject", DELIVERY, "delivery", "delivery_date"),
    "confirm_delivery": ("confirm", DELIVERY, "delivery", "delivery_date"),
    "delay_shipment": ("reject", SHIPMENT, "shipment", "ship_date"),
    "confirm_shipment": ("confirm", SHIPMENT, "shipment", "ship_date"),
    "delay_production_start": ("reject", SEWING, "production_start", "production_start_date"),
    "confirm_production_start": ("confirm", SEWING, "production_start", "production_start_date"),
    "reject_purchase_order": ("reject", ACCEPTANCE, "acceptance", ""),
}
"""The contract's table, written down a second time on purpose: verb, position, type, the other spelling of date (if
any)."""

CONFIRMS = {tail: each for tail, each in ACTIONS.items() if each[0] == "confirm"}
DELAYS = {tail: each for tail, each in ACTIONS.items() if each[0] == "reject" and each[3]}
LATER = {SEWING: "2027-03-20", SHIPMENT: "2027-04-20", DELIVERY: "2027-05-20"}

each_action = pytest.mark.parametrize("tail", ACTIONS)


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example."""
    with world.clock.at(ISSUED):
        yield


def told(reply: Reply, order: Followed, ending: str) -> None:
    """Asserts exactly the two headers of a deprecated action; the link ends so, behind the order's path."""
    assert reply.headers.getall("Deprecation") == ["@1701129600"], reply
    link = f'</v1/teams/{order.team.id}{order.path}{ending}>; rel="successor-version"'
    assert reply.headers.getall("Link") == [link], reply
    assert "Sunset" not in reply.headers


def own(order: Followed, tail: str) -> str:
    """How the link to the generic verb ends."""
    verb, position, _, _ = ACTIONS[tail]
    return f"/milestones/{order.id_of(position)}/{verb}"


def body_of(tail: str) -> dict[str, Any]:
    """A body that the action takes on a new order."""
    verb, position, _, _ = ACTIONS[tail]
    if verb == "confirm":
        return {"note": "done"}
    return {
        "reason": "looms busy",
        "note": "sorry",
        **({"date": LATER[position]} if position in LATER else {}),
    }


async def ready(shop: Team, tail: str) -> Followed:
    """An order on which the action may be done."""
    order = await place(shop)
    verb, position, _, _ = ACTIONS[tail]
    return await order.confirmed(*range(1, position)) if verb == "confirm" else order


def plain(shown: Any) -> Any:
    """What is shown, without what differs from order to order."""
    ids = ("id", "workflow_milestone_id", "order_number", "current_milestone_id")
    if isinstance(shown, dict):
        return {name: plain(value) for name, value in shown.items() if name not in ids}
    return [plain(one) for one in shown] if isinstance(shown, list) else shown


@each_action
async def test_m36_does_what_its_generic_verb_does(shop: Team, tail: str) -> None:
    """M-36: same answer, same order, same events; with both headers."""
    verb, position, _, _ = ACTIONS[tail]
    generic, deprecated = await ready(shop, tail), await ready(shop, tail)
    expected = (await generic.act(position, verb, **body_of(tail))).ok()
    reply = await deprecated.call("POST", f"/{tail}", body_of(tail))
    assert plain(reply.ok()) == plain(expected)
    assert reply.json["milestone"] == await deprecated.milestone(position)
    assert plain(await deprecated.shown()) == plain(await generic.shown())
    assert await deprecated.told() == await generic.told()
    told(reply, deprecated, own(deprecated, tail))
    assert "Deprecation" not in (await generic.call("GET", "/milestones")).headers


@each_action
async def test_m36_refusals_of_the_state(shop: Team, tail: str) -> None:
    """M-36: the same 422 as the generic verb's, with both headers."""
    verb, position, _, _ = ACTIONS[tail]
    order = await place(shop)
    if verb == "reject":
        await order.confirmed(*range(1, position + 1))
    async with shop.unchanged():
        expected = await order.act(position, verb, **body_of(tail))
        reply = await order.call("POST", f"/{tail}", body_of(tail))
        if verb == "confirm":
            refused(reply, "out_of_sequence", next_milestone_id=order.id_of(ACCEPTANCE))
        else:
            refused(reply, "already_confirmed", milestone_ids=[order.id_of(position)])
        assert (reply.status, reply.json) == (expected.status, expected.json)
        told(reply, order, own(order, tail))


@pytest.mark.parametrize("tail", [tail for tail in ACTIONS if tail != "reject_purchase_order"])
async def test_m36_an_order_without_such_a_milestone(shop: Team, tail: str) -> None:
    """M-36: `milestone_not_in_workflow` with `milestone_type`, after `order_not_active`; the link names the list."""
    _, _, kind, _ = ACTIONS[tail]
    bare = await place(shop, "Short")
    async with shop.unchanged():
        reply = await bare.call("POST", f"/{tail}", body_of(tail))
        refused(reply, "milestone_not_in_workflow", milestone_type=kind)
        told(reply, bare, "/milestones")
    (await bare.reject(ACCEPTANCE, reason="no")).ok()
    reply = await bare.call("POST", f"/{tail}", body_of(tail))
    refused(reply, "order_not_active", status="rejected")
    told(reply, bare, "/milestones")


@each_action
async def test_m36_an_order_without_milestones(world: World, tail: str) -> None:
    """M-36, section 7.3: an order of a team without any workflow lacks every type."""
    team = await world.team()
    await team.apply({"workflows": [{"name": "Statuses only"}]}, prune=True)
    order = await place(team)
    assert order.ids == []
    reply = await order.call("POST", f"/{tail}", body_of(tail))
    refused(reply, "milestone_not_in_workflow", milestone_type=ACTIONS[tail][2])
    told(reply, order, "/milestones")


@each_action
async def test_m12_orders_that_are_not_active(shop: Team, tail: str) -> None:
    """M-12, M-36: `order_not_active` on a draft, whose milestone cannot be named, and on a canceled order."""
    draft, canceled = await place(shop, draft=True), await place(shop)
    await canceled.cancel()
    async with shop.unchanged():
        reply = await draft.call("POST", f"/{tail}", body_of(tail))
        refused(reply, "order_not_active", status="draft")
        told(reply, draft, "/milestones")
        reply = await canceled.call("POST", f"/{tail}", body_of(tail))
        refused(reply, "order_not_active", status="canceled")
        told(reply, canceled, own(canceled, tail))


@pytest.mark.parametrize("tail", CONFIRMS)
async def test_m36_the_other_spelling_of_a_confirmation(shop: Team, tail: str) -> None:
    """Section 7.14: `date` may be spelt by type; both with one value are one, with two `conflicting_dates`."""
    _, position, _, spelling = CONFIRMS[tail]
    bodies: tuple[dict[str, Any], ...] = (
        {spelling: TODAY},
        {spelling: TODAY, "date": TODAY},
        {spelling: TODAY, "date": None},
        {spelling: None, "date": TODAY},
        {"purchase_order": {spelling: TODAY}},
    )
    for body in bodies:
        order = await ready(shop, tail)
        reply = await order.call("POST", f"/{tail}", body)
        assert reply.ok()["milestone"]["confirmed_on"] == TODAY
    order = await place(shop)
    await order.confirmed(*range(1, position), date=YESTERDAY)
    async with shop.unchanged():
        reply = await order.call("POST", f"/{tail}", {spelling: YESTERDAY, "date": TODAY})
        refused(reply, "conflicting_dates", milestone_ids=[order.id_of(position)])
        told(reply, order, own(order, tail))
        for one, other in (
            (TODAY, TOMORROW),
            (TOMORROW, TODAY),
            (TODAY, "2020-01-01"),
            ("2020-01-01", TODAY),
        ):
            reply = await order.call("POST", f"/{tail}", {spelling: one, "date": other})
            refused(reply, "conflicting_dates", milestone_ids=[order.id_of(position)])
        reply = await order.call("POST", f"/{tail}", {spelling: TOMORROW})
        refused(reply, "date_in_future", milestone_ids=[order.id_of(position)])
    (await order.call("POST", f"/{tail}", {spelling: YESTERDAY})).ok()
    assert (await order.milestone(position))["confirmed_on"] == YESTERDAY


@pytest.mark.parametrize("tail", DELAYS)
async def test_m36_the_other_spelling_of_a_rejection(shop: Team, tail: str) -> None:
    """Section 7.14, of the delays."""
    _, position, _, spelling = DELAYS[tail]
    later = LATER[position]
    for dates in ({spelling: later}, {spelling: later, "date": later}, {spelling: None, "date": later}):
        order = await place(shop)
        reply = await order.call("POST", f"/{tail}", {"reason": "no", **dates})
        milestone = reply.ok()["milestone"]
        assert (milestone["key_date"], len(milestone["delays"])) == (later, 1)
    order = await place(shop)
    async with shop.unchanged():
        reply = await order.call("POST", f"/{tail}", {"reason": "no", spelling: later, "date": "2027-12-01"})
        refused(reply, "conflicting_dates", milestone_ids=[order.id_of(position)])
        for one, other in ((later, "2020-01-01"), ("2020-01-01", later)):
            reply = await order.call("POST", f"/{tail}", {"reason": "no", spelling: one, "date": other})
            refused(reply, "conflicting_dates", milestone_ids=[order.id_of(position)])
        faulty(await order.call("POST", f"/{tail}", {"reason": "no", spelling: None}), "date")
        faulty(await order.call("POST", f"/{tail}", {spelling: "soon"}), "reason", spelling)


@each_action
async def test_m36_faults_of_fields(shop: Team, tail: str) -> None:
    """M-36: `validation_failed` carries both headers; the link names the milestone, if there is one."""
    verb, position, kind, _ = ACTIONS[tail]
    order, draft = await place(shop), await place(shop, draft=True)
    async with shop.unchanged():
        bad: dict[str, Any] = {"note": 5, "reason": " "}
        places = ["note"] if verb == "confirm" else ["note", "reason"]
        if position in LATER and verb == "reject":
            places.append("date")
        reply = await order.call("POST", f"/{tail}", bad)
        faulty(reply, *places)
        told(reply, order, own(order, tail))
        reply = await draft.call("POST", f"/{tail}", bad)
        faulty(reply, *(one for one in places if one != "date"))
        told(reply, draft, "/milestones")
    if kind == "acceptance":
        (await order.call("POST", f"/{tail}", {"reason": "no", "date": "soon"})).ok()


@pytest.fixture
async def reader(shop: Team) -> AsyncIterator[str]:
    yield await shop.new_key("canViewOrders")


@each_action
async def test_m36_answers_that_name_the_list(shop: Team, reader: str, tail: str) -> None:
    """Sections 7.14 and 11: 400, 403, 404 and 405 carry both headers, with the ids as they were sent."""
    order = await place(shop)
    calls: list[Callable[[], Awaitable[Reply]]] = [
        lambda: order.call("POST", f"/{tail}", key=reader),
        lambda: shop.milestones_api("POST", f"{order.path}/{tail}", body=b"[]"),
        *(
            lambda method=method: order.call(method, f"/{tail}")
            for method in ("GET", "PUT", "PATCH", "DELETE")
        ),
    ]
    async with shop.unchanged():
        for call, status in zip(calls, (403, 400, 405, 405, 405, 405), strict=True):
            reply = await call()
            assert reply.status == status, reply
            told(reply, order, "/milestones")
        assert reply.headers["Allow"] == "POST"
        for unknown in (NO_ID, ulid(NO_ID), ulid(order.id).lower()[:-1], "x"):
            reply = await shop.milestones_api(
                "POST", f"/purchase_orders/{unknown}/{tail}", body=body_of(tail)
            )
            missing(reply, "Purchase order")
            link = f"/v1/teams/{shop.id}/purchase_orders/{unknown}/milestones"
            assert reply.headers["Link"] == f'<{link}>; rel="successor-version"'
            assert reply.headers["Deprecation"] == "@1701129600"


@each_action
async def test_m36_other_teams_and_spellings(shop: Team, team: Team, tail: str) -> None:
    """Another team's order is not found, nor is the team; ids of the link are UUIDs once they are resolved."""
    order = await ready(shop, tail)
    headers = {"Authorization": team.key}
    path = f"/v1/teams/{shop.id.upper()}/purchase_orders/{order.id}"
    reply = await shop.world.call("POST", f"{path}/{tail}", headers=headers)
    missing(reply, "Team")
    assert reply.headers["Link"] == f'<{path}/milestones>; rel="successor-version"'
    missing(await team.milestones_api("POST", f"/purchase_orders/{order.id}/{tail}"), "Purchase order")
    path = f"/api/v1/teams/{ulid(shop.id)}/purchase_orders/{ulid(order.id).lower()}/{tail}/"
    headers = {"Authorization": shop.key}
    reply = await shop.world.call("POST", path, headers=headers, body=body_of(tail))
    assert reply.status == 200, reply
    told(reply, order, own(order, tail))


@each_action
async def test_without_a_key_there_is_no_hint(shop: Team, tail: str) -> None:
    """Section 7.14: only answers past the key and rate checks carry the headers."""
    order = await place(shop)
    path = f"/v1/teams/{shop.id}{order.path}/{tail}"
    spent = await shop.new_key("canUpdateOrders", rate_minute=1)
    await shop.world.call("POST", path, headers={"Authorization": spent})
    for headers, status in (({}, 401), ({"Authorization": spent}, 429)):
        reply = await shop.world.call("POST", path, headers=headers)
        assert reply.status == status
        assert not reply.headers.keys() & {"Deprecation", "Link"}


async def test_m36_a_body_that_is_too_large(shop: Team) -> None:
    """Section 7.14: 413 carries both headers too."""
    order = await place(shop)
    body = b'{"note":"' + b"x" * 1_048_576 + b'"}'
    reply = await shop.milestones_api("POST", f"{order.path}/confirm_shipment", body=body)
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")
    told(reply, order, "/milestones")


async def test_there_is_no_accept_purchase_order(shop: Team) -> None:
    """Section 7.14: accepting is confirming the acceptance milestone."""
    order = await place(shop)
    reply = await order.call("POST", "/accept_purchase_order")
    assert (reply.status, reply.json) == (404, {"error": "Not found", "code": "not_found"})
