"""The table of legal and illegal moves (section 9), row by row: situation, request, answer; and after each refusal the
order is unchanged and nothing was told."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pytest

from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    DELIVERED_ON,
    DELIVERY,
    ISSUED,
    KEY_DATES,
    SAMPLE,
    SEWING,
    SHIPMENT,
    SHIPS_ON,
    TODAY,
    TOMORROW,
    WORKSPACE,
    YESTERDAY,
    Followed,
    missing,
    place,
    refused,
    workflow,
)
from tests.surfaces.world import NO_ID, Team, World

CHAIN: dict[str, Any] = {
    "settings": {"enforce_product_chain": True},
    "statuses": [{"name": "Cut"}, {"name": "Sewn"}],
    "workflows": [workflow("Plain", default=True, at1={"status": "Sewn"})],
}
"""A team whose orders go from one status to the next; the first milestone would skip one."""
SEQUENCE: dict[str, Any] = {
    "settings": {"workflows_enabled": True, "enforce_workflow_order": True},
    "statuses": [{"name": "Cut", "workflow": "First"}, {"name": "Packed", "workflow": "Plain"}],
    "workflows": [{"name": "First"}, workflow("Plain", default=True, at1={"status": "Packed"})],
}
"""A team whose orders go from one workflow to the next; the first milestone would skip one."""

Teams = Mapping[str, Team]
Situation = Callable[[Teams], Awaitable[Followed]]
Members = Callable[[Followed], dict[str, Any]]


class Request(NamedTuple):
    """`verb` of the milestone at `position`, of another one (`milestone_id`), or of the order."""

    verb: str
    position: int = 0
    body: Callable[[Followed], dict[str, Any]] | dict[str, Any] | None = None
    milestone_id: str | None = None

    def ways(self, order: Followed) -> list[tuple[str, str]]:
        """All (method, tail) by which it can be said."""
        if self.verb not in ("confirm", "reject", "undo"):
            return [("PATCH" if self.verb == "edit_timeline" else "POST", f"/{self.verb}")]
        own = self.milestone_id or order.id_of(self.position)
        ways = [("POST", f"/milestones/{own}/{self.verb}")]
        if self.verb != "undo":
            copied = self.milestone_id or order.template_of(self.position)
            ways.append(("POST", f"/workflow_milestones/{copied}/{self.verb}"))
        return ways


class Granted(NamedTuple):
    """200: the order's status afterwards, and what then holds of the milestone. `changes`: it is no repetition."""

    status: str
    milestone: Mapping[str, Any] = MappingProxyType({})
    changes: bool = True


class Refused(NamedTuple):
    code: str
    members: Members = lambda order: {}


class Missing(NamedTuple):
    """404, by each of the ways."""

    kinds: tuple[str, ...] = ("Milestone", "Workflow milestone")


# Situations


async def issued(teams: Teams) -> Followed:
    return await place(teams["plain"])


def confirmed(*positions: int, **body: Any) -> Situation:
    async def arrange(teams: Teams) -> Followed:
        return await (await place(teams["plain"])).confirmed(*positions, **body)

    return arrange


def rejected(position: int, *, after: int = 0, **body: Any) -> Situation:
    """The milestone is rejected; those up to `after` are confirmed before."""

    async def arrange(teams: Teams) -> Followed:
        order = await (await place(teams["plain"])).confirmed(*range(1, after + 1))
        (await order.reject(position, **{"reason": "no", **body})).ok()
        return order

    return arrange


async def accepted_after_refusal(teams: Teams) -> Followed:
    return await (await rejected(ACCEPTANCE)(teams)).confirmed(ACCEPTANCE)


def following(name: str, *positions: int) -> Situation:
    async def arrange(teams: Teams) -> Followed:
        return await (await place(teams["plain"], name)).confirmed(*positions)

    return arrange


def of_team(name: Literal["chain", "sequence"]) -> Situation:
    async def arrange(teams: Teams) -> Followed:
        return await place(teams[name])

    return arrange


async def draft(teams: Teams) -> Followed:
    """Its workflow milestones are those that it will have copies of."""
    order, like = await place(teams["plain"], draft=True), await place(teams["plain"])
    order.ids, order.templates = like.ids, like.templates
    return order


def canceled(*positions: int) -> Situation:
    async def arrange(teams: Teams) -> Followed:
        order = await (await place(teams["plain"])).confirmed(*positions)
        await order.cancel()
        return order

    return arrange


async def beside_another(teams: Teams) -> Followed:
    """Its milestones are spoken of by the ids of another order's, of another workflow."""
    order, other = await place(teams["plain"]), await place(teams["plain"], "Short")
    order.ids, order.templates = other.ids, other.templates
    return order


# Requests


def confirm(position: int, **body: Any) -> Request:
    return Request("confirm", position, body)


def reject(position: int, **body: Any) -> Request:
    return Request("reject", position, body)


def undo(position: int) -> Request:
    return Request("undo", position)


def edit(position: int, day: str | None) -> Request:
    return Request(
        "edit_timeline", position, lambda order: {"order_milestone_key_dates": {order.id_of(position): day}}
    )


def inactive(status: str) -> Refused:
    return Refused("order_not_active", lambda order: {"status": status})


def naming(code: str, member: str, *positions: int) -> Refused:
    """Refused with the ids of these milestones; a member in the singular has just one."""

    def members(order: Followed) -> dict[str, Any]:
        ids = [order.id_of(position) for position in positions]
        return {member: ids if member.endswith("s") else ids[0]}

    return Refused(code, members)


def faults(*places: str) -> Refused:
    return Refused("validation_failed", lambda order: {"errors": dict.fromkeys(places)})


def entering(code: str, status: str) -> Refused:
    return Refused(code, lambda order: {"status_id": order.team.known[status]})


NO = {"reason": "no"}
CONFIRMED: dict[str, Any] = {"status": "confirmed", "confirmed_on": TODAY}
PENDING = {"status": "pending", "confirmed_on": None, "confirmed_at": None, "confirmed_by": None}

ROWS: list[tuple[str, Situation, Request, Granted | Refused | Missing]] = [
    ("confirm the first, pending", issued, confirm(1), Granted("accepted", CONFIRMED)),
    ("confirm the next, pending", confirmed(1), confirm(2), Granted("accepted", CONFIRMED)),
    (
        "confirm the next, rejected",
        rejected(SAMPLE, after=1, date="2027-02-20"),
        confirm(SAMPLE),
        Granted("accepted", {**CONFIRMED, "key_date": "2027-02-20"}),
    ),
    ("accept a refused order", rejected(ACCEPTANCE), confirm(1), Granted("accepted", CONFIRMED)),
    ("confirm before its turn", issued, confirm(2), naming("out_of_sequence", "next_milestone_id", 1)),
    (
        "confirm far before its turn",
        confirmed(1, 2),
        confirm(DELIVERY),
        naming("out_of_sequence", "next_milestone_id", SEWING),
    ),
    (
        "confirm for tomorrow",
        confirmed(1),
        confirm(2, date=TOMORROW),
        naming("date_in_future", "milestone_ids", 2),
    ),
    (
        "confirm for before the last",
        confirmed(1),
        confirm(2, date=YESTERDAY),
        naming("dates_out_of_order", "milestone_ids", 2),
    ),
    ("confirm again", confirmed(1), confirm(1), Granted("accepted", CONFIRMED, changes=False)),
    (
        "confirm again, same date",
        confirmed(1, date=YESTERDAY),
        confirm(1, date=YESTERDAY),
        Granted("accepted", {"confirmed_on": YESTERDAY}, changes=False),
    ),
    (
        "confirm again, other date",
        confirmed(1),
        confirm(1, date=YESTERDAY),
        naming("already_confirmed", "milestone_ids", 1),
    ),
    ("confirm, chain forbids", of_team("chain"), confirm(1), entering("status_chain", "Sewn")),
    (
        "confirm, workflow order forbids",
        of_team("sequence"),
        confirm(1),
        entering("workflow_order", "Packed"),
    ),
    (
        "reject a confirmed acceptance",
        confirmed(1),
        reject(1, **NO),
        naming("already_confirmed", "milestone_ids", 1),
    ),
    (
        "reject a confirmed milestone",
        confirmed(1, 2),
        reject(2, **NO, date="2027-03-01"),
        naming("already_confirmed", "milestone_ids", 2),
    ),
    ("reject without reason", issued, reject(SHIPMENT, date="2027-04-16"), faults("reason")),
    ("reject acceptance without reason", issued, reject(ACCEPTANCE), faults("reason")),
    ("reject without date", issued, reject(SHIPMENT, **NO), faults("date")),
    (
        "reject before its turn",
        issued,
        reject(SHIPMENT, **NO, date="2027-04-16"),
        Granted("issued", {"status": "rejected", "key_date": "2027-04-16"}),
    ),
    (
        "reject an undated one",
        following("Undated"),
        reject(SAMPLE, **NO),
        Granted("issued", {"status": "rejected", "key_date": None, "delays": []}),
    ),
    ("reject for yesterday", issued, reject(SAMPLE, **NO, date=YESTERDAY), Refused("date_in_past")),
    ("reject for its date", issued, reject(SAMPLE, **NO, date=KEY_DATES[1]), Refused("date_unchanged")),
    (
        "reject for after the next",
        issued,
        reject(SHIPMENT, **NO, date="2027-05-15"),
        naming("dates_out_of_order", "milestone_ids", SHIPMENT),
    ),
    (
        "reject for before the last",
        issued,
        reject(SHIPMENT, **NO, date="2027-03-11"),
        naming("dates_out_of_order", "milestone_ids", SHIPMENT),
    ),
    (
        "the same rejection again",
        rejected(SHIPMENT, date="2027-04-16"),
        reject(SHIPMENT, **NO, date="2027-04-16"),
        Granted("issued", {"status": "rejected"}, changes=False),
    ),
    ("the same refusal again", rejected(ACCEPTANCE), reject(ACCEPTANCE, **NO), inactive("rejected")),
    ("undo the newest", confirmed(1, 2), undo(2), Granted("accepted", PENDING)),
    ("undo the only one", confirmed(1), undo(1), Granted("issued", PENDING)),
    (
        "undo an older one",
        confirmed(1, 2),
        undo(1),
        naming("not_newest_confirmation", "newest_milestone_id", 2),
    ),
    ("undo an unconfirmed one", confirmed(1), undo(2), Refused("not_confirmed")),
    (
        "undo the acceptance of an order that was refused",
        accepted_after_refusal,
        undo(1),
        Granted("rejected", {**PENDING, "status": "rejected"}),
    ),
    (
        "move to the past",
        confirmed(1, date="2027-01-05"),
        edit(SAMPLE, YESTERDAY),
        Granted("accepted", {"key_date": YESTERDAY, "late": True, "status": "pending"}),
    ),
    ("correct to tomorrow", confirmed(1), edit(1, TOMORROW), naming("date_in_future", "milestone_ids", 1)),
    (
        "correct to yesterday",
        confirmed(1),
        edit(1, YESTERDAY),
        Granted("accepted", {"confirmed_on": YESTERDAY, "key_date": KEY_DATES[0]}),
    ),
    ("empty a planned date", issued, edit(SHIPMENT, None), Granted("issued", {"key_date": None})),
    ("empty a confirmed date", confirmed(1), edit(1, None), naming("already_confirmed", "milestone_ids", 1)),
    ("refused: confirm another", rejected(ACCEPTANCE), confirm(2), inactive("rejected")),
    ("refused: reject another", rejected(1), reject(4, **NO, date="2027-04-16"), inactive("rejected")),
    ("refused: edit", rejected(ACCEPTANCE), edit(SHIPMENT, "2027-04-16"), inactive("rejected")),
    (
        "draft: edit",
        draft,
        Request("edit_timeline", 0, {"ship_date": "2027-04-16"}),
        inactive("draft"),
    ),
    ("draft: refuse", draft, Request("reject_purchase_order", 0, NO), inactive("draft")),
    ("draft: undo", draft, undo(1), Missing()),
    ("canceled: confirm", canceled(1), confirm(2), inactive("canceled")),
    ("canceled: confirm again", canceled(1), confirm(1), inactive("canceled")),
    ("canceled: reject", canceled(), reject(1, **NO), inactive("canceled")),
    ("canceled: undo", canceled(1), undo(1), inactive("canceled")),
    ("canceled: edit", canceled(1), edit(SHIPMENT, "2027-04-16"), inactive("canceled")),
    (
        "a deprecated verb without its milestone",
        following("Short"),
        Request("confirm_delivery"),
        Refused("milestone_not_in_workflow", lambda order: {"milestone_type": "delivery"}),
    ),
    ("confirm another order's", beside_another, confirm(1), Missing()),
    ("reject another order's", beside_another, reject(2, **NO, date="2027-03-01"), Missing()),
    ("undo another order's", beside_another, undo(1), Missing()),
    ("confirm an unknown one", issued, Request("confirm", 0, None, NO_ID), Missing()),
    ("issue a draft", draft, Request("issue"), Granted("issued")),
    ("issue an issued order, same day", issued, Request("issue"), Granted("issued", changes=False)),
    ("issue a refused order", rejected(ACCEPTANCE), Request("issue"), Granted("issued")),
    ("issue an accepted order", confirmed(1), Request("issue"), Refused("already_accepted")),
    ("issue a delivered order", confirmed(1, 2, 3, 4, 5), Request("issue"), Refused("already_accepted")),
    ("issue a canceled order", canceled(), Request("issue"), inactive("canceled")),
]


@pytest.fixture(scope="module")
async def teams(world: World) -> Teams:
    """A team without any enforcement, and two with."""
    made = {}
    for name, wish in (("plain", WORKSPACE), ("chain", CHAIN), ("sequence", SEQUENCE)):
        made[name] = await world.team()
        await made[name].apply(wish)
    return made


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example."""
    with world.clock.at(ISSUED):
        yield


@pytest.mark.parametrize(
    ("situation", "request_", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
async def test_a_row(
    teams: Teams, situation: Situation, request_: Request, expected: Granted | Refused | Missing
) -> None:
    """Section 9: the answer, by each way to say it, and what it left."""
    for place_, _ in enumerate(request_.ways(await situation(teams))):
        order = await situation(teams)
        method, tail = request_.ways(order)[place_]
        body = request_.body(order) if callable(request_.body) else request_.body
        stays = not isinstance(expected, Granted) or not expected.changes
        before = await order.told(0)
        async with order.team.unchanged() if stays else nullcontext():
            reply = await order.call(method, tail, body)
        if isinstance(expected, Refused):
            members = expected.members(order)
            if "errors" in members:
                members["errors"] = {name: reply.json["errors"][name] for name in members["errors"]}
            refused(reply, expected.code, **members)
        elif isinstance(expected, Missing):
            missing(reply, expected.kinds[place_])
        else:
            shown = (await order.shown()) if reply.ok() else {}
            assert shown["status"] == expected.status
            milestone = shown["milestones"][request_.position - 1] if request_.position else {}
            assert milestone == {**milestone, **expected.milestone}
            assert reply.json in ({"milestone": milestone}, {"purchase_order": shown})
            assert (await order.told(0) != before) is expected.changes


async def test_blocked_by_tasks(teams: Teams) -> None:
    """Section 9: confirm with an open required task."""
    for way in range(2):
        order = await following("Swatches", ACCEPTANCE)(teams)
        task = next(one["id"] for one in await order.tasks() if one["required"])
        method, tail = confirm(SAMPLE).ways(order)[way]
        async with order.team.unchanged():
            refused(await order.call(method, tail), "blocked_by_tasks", task_ids=[task])


async def test_a_draft_has_no_milestone_ids_yet(teams: Teams) -> None:
    """Section 9: by id of a milestone 404, by id of a workflow milestone of its workflow 422."""
    order = await draft(teams)
    async with order.team.unchanged():
        for request_ in (confirm(1), reject(SHIPMENT, **NO, date="2027-04-16")):
            (_, by_id), (_, by_template) = request_.ways(order)
            missing(await order.call("POST", by_id, request_.body), "Milestone")
            refused(await order.call("POST", by_template, request_.body), "order_not_active", status="draft")
    assert (await order.shown())["milestones"] == []
    assert ((await order.shown())["ships_on"], (await order.shown())["delivered_on"]) == (
        SHIPS_ON,
        DELIVERED_ON,
    )
