"""Orders with plans, to try rules on."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from milepost.kit.errors import Refused
from milepost.model.calendar import Calendar
from milepost.model.order import NewItem, NewOrder, StoredItem, StoredOrder
from milepost.model.plan import Occasion, OrderMilestone, Plan, Task, Who
from milepost.model.workflow import (
    Status,
    SubStatusGroup,
    SubStatusOption,
    Team,
    Workflow,
    WorkflowMilestone,
    Workspace,
)

BRIDGE = Who("api_key", "01a303c2-e200-7aaa-8bbb-0c0d0e0f1011", "ERP bridge")
AGENT = Who("user", "01a303c2-e200-7aaa-8bbb-0c0d0e0f1012", "Ines")

CREATED = datetime(2027, 2, 1, 9, 30, 12, tzinfo=UTC)
NOW = datetime(2027, 2, 10, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
UTC_ZONE = ZoneInfo("UTC")
ON = Occasion(BRIDGE, NOW, UTC_ZONE)


def uid(number: int, kind: int = 0) -> str:
    """A readable id: the number at its end, the kind of thing before."""
    return f"01a3703b-00a0-7c42-{0x8000 + kind:04x}-{number:012x}"


def mid(position: int) -> str:
    """The id of the order milestone at the position."""
    return uid(position, 1)


def wid(position: int) -> str:
    """The id of the workflow milestone that it was copied from."""
    return uid(position, 2)


def tid(number: int) -> str:
    return uid(number, 3)


def at(now: datetime, zone: str = "UTC", by: Who = BRIDGE) -> Occasion:
    return Occasion(by, now, ZoneInfo(zone))


def day(text: str) -> date:
    """`02-10` of 2027, or a whole date."""
    return date.fromisoformat(text if len(text) > 5 else f"2027-{text}")


def milestone(
    position: int, kind: str = "custom", key_date: str | None = None, **members: Any
) -> OrderMilestone:
    """A milestone of this plan's order; `confirmed_on` makes it confirmed, `rejection_reason` rejected."""
    if "confirmed_on" in members:
        said = {"status": "confirmed", "confirmed_at": CREATED, "confirmed_by": BRIDGE}
        members = {**said, **members, "confirmed_on": day(members["confirmed_on"])}
    if "rejection_reason" in members:
        members = {"status": "rejected", "rejected_at": CREATED, "rejected_by": BRIDGE, **members}
    fields: dict[str, Any] = {
        "id": mid(position),
        "workflow_milestone_id": wid(position),
        "position": position,
        "type": kind,
        "name": f"M{position}",
        "owner": "supplier",
        "key_date": None if key_date is None else day(key_date),
        "created_at": CREATED,
        "updated_at": CREATED,
    }
    return OrderMilestone(**(fields | members))


def task(number: int, milestone: int | None = None, due: str | None = None, **members: Any) -> Task:
    fields: dict[str, Any] = {
        "id": tid(number),
        "milestone_id": None if milestone is None else mid(milestone),
        "title": f"T{number}",
        "due_date": None if due is None else day(due),
        "created_at": CREATED,
        "updated_at": CREATED,
    }
    return Task(**(fields | members))


def item(number: int = 1, **members: Any) -> StoredItem:
    fields: dict[str, Any] = {"quantity": Decimal(10), "description": f"Line {number}"}
    content = NewItem(**(fields | members))
    return StoredItem(id=uid(number, 4), position=number, content=content, created_at=CREATED)


def order(*milestones: OrderMilestone, tasks: tuple[Task, ...] = (), **members: Any) -> StoredOrder:
    """An issued order; members of NewOrder or of StoredOrder by name. Its target dates are those of its milestones."""
    content: dict[str, Any] = {"order_number": "HX-4410"}
    for one in milestones:
        if one.type in ("shipment", "delivery"):
            content["ships_on" if one.type == "shipment" else "delivered_on"] = one.key_date
    for name in set(members) & set(NewOrder.__struct_fields__) - {"items", "milestone_workflow_id"}:
        content[name] = members.pop(name)
    fields: dict[str, Any] = {
        "id": uid(1),
        "version": 3,
        "event_seq": 7,
        "content": NewOrder(**content),
        "items": (item(),),
        "lifecycle": "READY",
        "status_seq": 4,
        "milestone_workflow_id": uid(1, 5),
        "issued_on": CREATED.date(),
        "last_issued_on": CREATED.date(),
        "last_issued_at": CREATED,
        "plan": Plan(milestones, tasks),
        "created_at": CREATED,
        "updated_at": CREATED,
    }
    return StoredOrder(**(fields | members))


def draft(*, tasks: tuple[Task, ...] = (), **members: Any) -> StoredOrder:
    unissued: dict[str, Any] = {
        "issued_on": None,
        "last_issued_on": None,
        "last_issued_at": None,
        "is_draft": True,
    }
    return order(tasks=tasks, **(unissued | members))


def made_to_order(
    confirmed: int = 0,
    *,
    tasks: tuple[Task, ...] = (),
    acceptance: dict[str, Any] | None = None,
    **members: Any,
) -> StoredOrder:
    """Acceptance (02-04), sample (02-12), shipment (04-09), delivery (05-14); the first `confirmed` of them on their
    days of February: 02-03, 02-05, 02-07, 02-09."""
    days = ("02-03", "02-05", "02-07", "02-09")
    done: list[dict[str, Any]] = [{"confirmed_on": days[n]} if n < confirmed else {} for n in range(4)]
    return order(
        milestone(1, "acceptance", "02-04", **(done[0] | (acceptance or {}))),
        milestone(2, "custom", "02-12", **done[1]),
        milestone(3, "shipment", "04-09", **done[2]),
        milestone(4, "delivery", "05-14", **done[3]),
        tasks=tasks,
        **members,
    )


OPTIONS = SubStatusGroup(
    uid(9, 7), "Detail", (SubStatusOption(uid(1, 8), "Left", 1), SubStatusOption(uid(2, 8), "Right", 2))
)


def status(number: int, **members: Any) -> Status:
    fields: dict[str, Any] = {"id": uid(number, 6), "name": f"S{number}", "color": "#123456", "order": number}
    return Status(**(fields | members))


def template(position: int, kind: str = "custom", **members: Any) -> WorkflowMilestone:
    fields: dict[str, Any] = {
        "id": wid(position),
        "name": f"M{position}",
        "position": position,
        "type": kind,
        "owner": "supplier",
    }
    return WorkflowMilestone(**(fields | members))


def workflow(number: int, *milestones: WorkflowMilestone, **members: Any) -> Workflow:
    fields: dict[str, Any] = {"id": uid(number, 5), "name": f"W{number}", "color": "#123456", "order": number}
    return Workflow(milestones=milestones, **(fields | members))


def workspace(
    *statuses: Status,
    workflows: tuple[Workflow, ...] = (),
    zone: str = "UTC",
    product_chains: dict[str, tuple[str, ...]] | None = None,
    **team: Any,
) -> Workspace:
    groups = {one.group.id: one.group for one in statuses if one.group is not None}
    return Workspace(
        team=msgspec.convert({"id": uid(1, 9), "name": "Loom & Larch", "time_zone": zone, **team}, Team),
        version=1,
        calendar=Calendar(zone),
        statuses=statuses,
        workflows=workflows,
        groups=tuple(groups.values()),
        product_chains=product_chains or {},
    )


def refusal(raised: Refused) -> tuple[str, dict[str, Any]]:
    """Code and facts."""
    return raised.code, dict(raised.facts)


def milestones_of(stored: StoredOrder) -> tuple[OrderMilestone, ...]:
    assert stored.plan is not None
    return stored.plan.milestones


def tasks_of(stored: StoredOrder) -> tuple[Task, ...]:
    assert stored.plan is not None
    return stored.plan.tasks


def amended(stored: StoredOrder, position: int, **members: Any) -> StoredOrder:
    """The order with other members of one milestone."""
    plan = stored.plan
    assert plan is not None
    milestones = tuple(
        msgspec.structs.replace(one, **members) if one.position == position else one
        for one in plan.milestones
    )
    return msgspec.structs.replace(stored, plan=Plan(milestones, plan.tasks))
