"""Answers to what goes wrong inside, and how refusals of rules are told (section 5)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from milepost.kit.errors import Conflict, Faulty, Forbidden, Invalid, NotFound, Refused, Unmet
from milepost.store import db
from milepost.surfaces.milestones_api import workflows
from milepost.surfaces.milestones_api.refusals import MEMBERS, Refusal, invalid, translate
from tests.surfaces.milestones_api.talk import LIMITS, answered
from tests.surfaces.orders_api.test_unavailable import Line
from tests.surfaces.world import Reply, Team, served

CODES = {
    "validation_failed": {"errors"},
    "field_frozen": {"errors"},
    "order_not_active": {"status"},
    "out_of_sequence": {"next_milestone_id"},
    "blocked_by_tasks": {"task_ids"},
    "already_confirmed": {"milestone_ids"},
    "not_confirmed": set(),
    "not_newest_confirmation": {"newest_milestone_id"},
    "date_in_future": {"milestone_ids"},
    "date_in_past": set(),
    "date_unchanged": set(),
    "dates_out_of_order": {"milestone_ids"},
    "conflicting_dates": {"milestone_ids"},
    "milestone_not_in_workflow": {"errors", "milestone_type"},
    "already_accepted": set(),
    "status_chain": {"status_id"},
    "workflow_order": {"status_id"},
}
"""The contract's second table, written down a second time on purpose."""


def internal(reply: Reply) -> None:
    """Asserts the 500, which says nothing of the inside."""
    answered(reply, "internal_error", request_id=reply.headers["X-Request-Id"])
    assert all(name in reply.headers for name in LIMITS)


async def test_an_accident(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 5: 500 with the request's id, never the exception's text; the next call is answered as ever."""

    async def fail(*_: Any) -> Any:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(workflows, "workflow_times", fail)
    reply = await team.milestones_api("GET", "/workflows", headers={"X-Request-Id": "mine"})
    internal(reply)
    assert reply.headers["X-Request-Id"] == "mine"
    assert b"secret" not in reply.raw
    monkeypatch.undo()
    assert (await team.milestones_api("GET", "/workflows")).status == 200


@pytest.fixture
async def line(database_url: str) -> AsyncIterator[Line]:
    made = Line(database_url)
    await made.mend()
    yield made
    await made.cut()


@pytest.fixture
async def far(line: Line) -> AsyncIterator[Team]:
    """A team of a server behind that line."""
    pool = await db.open_pool(line.url, size=4)
    async with served(pool) as world:
        yield await world.team()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 1)


async def test_a_database_that_is_away(line: Line, far: Team) -> None:
    """Section 5: our fault, so 500; the server recovers by itself."""
    before = (await far.milestones_api("GET", "/workflows")).ok()
    for _ in range(2):
        await line.cut()
        for method, path, body in (
            ("GET", "/workflows", None),
            ("GET", "/purchase_orders", None),
            ("POST", "/purchase_orders", {}),
            ("POST", "/purchase_orders/x/confirm_shipment", None),
            ("GET", "/nothing", None),
        ):
            internal(await far.milestones_api(method, path, body=body))
        await line.mend()
        assert (await far.milestones_api("GET", "/workflows")).ok() == before


def test_every_code_of_422_is_known() -> None:
    assert {code: set(names) for code, names in MEMBERS.items()} == CODES


@pytest.mark.parametrize("code", CODES)
def test_refusals_of_rules(code: str) -> None:
    """Section 5: exactly the members of the table, whatever else the rule told."""
    facts: dict[str, Any] = {name: ["x"] for name in CODES[code]}
    refusal = translate(Conflict(code, "No", **facts, rule="of another surface"))
    assert (refusal.status, refusal.body) == (422, {"error": "No", "code": code, **facts})


def test_a_member_that_the_rule_does_not_tell_is_left_out() -> None:
    """Section 5: `errors` or `milestone_type`."""
    refusal = translate(Conflict("milestone_not_in_workflow", "No", milestone_type="delivery"))
    assert refusal.body == {
        "error": "No",
        "code": "milestone_not_in_workflow",
        "milestone_type": "delivery",
    }


@pytest.mark.parametrize(
    ("refused", "status", "body"),
    [
        (
            Forbidden("canUpdateOrders"),
            403,
            {"error": "Insufficient permissions", "code": "forbidden", "permission": "canUpdateOrders"},
        ),
        (NotFound("Order"), 404, {"error": "Purchase order not found", "code": "not_found"}),
        (NotFound("Workflow milestone"), 404, {"error": "Workflow milestone not found", "code": "not_found"}),
        (
            Faulty("Two faults", [("a", "is bad"), ("b", "is bad"), ("a", "is worse")]),
            422,
            {
                "error": "Two faults",
                "code": "validation_failed",
                "errors": {"a": ["is bad", "is worse"], "b": ["is bad"]},
            },
        ),
        (
            Invalid("not_unique", "order_number", "is taken"),
            422,
            {"error": "is taken", "code": "validation_failed", "errors": {"order_number": ["is taken"]}},
        ),
    ],
    ids=["forbidden", "order", "workflow milestone", "faulty", "invalid"],
)
def test_other_refusals(refused: Refused, status: int, body: dict[str, Any]) -> None:
    refusal = translate(refused)
    assert (refusal.status, refusal.body) == (status, body)


@pytest.mark.parametrize("refused", [Conflict("not_unique", "No"), Unmet("No")])
def test_what_the_contract_has_no_words_for_is_an_accident(refused: Refused) -> None:
    with pytest.raises(type(refused)):
        translate(refused)


def test_the_text_names_the_first_fault() -> None:
    refusal: Refusal = invalid([("order_items[0].quantity", "must be greater than 0"), ("name", "is bad")])
    assert refusal.body == {
        "error": "order_items[0].quantity must be greater than 0",
        "code": "validation_failed",
        "errors": {"order_items[0].quantity": ["must be greater than 0"], "name": ["is bad"]},
    }
