"""From views and rules to the documents of this surface."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from milepost.kit.clock import Clock
from milepost.model import order as model
from milepost.model.timeline import is_overdue
from milepost.model.workflow import Status, SubStatusOption, Workspace
from milepost.reads.orders import LineView, OrderView
from milepost.surfaces.status_api import documents as doc


def status_ref(status: Status | None) -> doc.StatusRef | None:
    return None if status is None else doc.StatusRef(status.id, status.name, status.color)


def sub_status_ref(option: SubStatusOption | None) -> doc.SubStatusRef | None:
    return None if option is None else doc.SubStatusRef(option.id, option.name)


def whole(instant: datetime | None) -> datetime | None:
    """The instant in whole seconds, as this surface shows all instants."""
    return None if instant is None else instant.replace(microsecond=0)


class OrderShaper:
    """Shapes orders with the names of one workspace, with the extras that were asked for."""

    def __init__(self, workspace: Workspace, include: frozenset[str], clock: Clock) -> None:
        self._workspace = workspace
        self._status = workspace.status
        self._option = workspace.option
        self._workflow = workspace.workflow
        self._include = include
        self._clock = clock

    def order(self, view: OrderView) -> doc.Order:
        workflow = self._workflow.get(view.workflow_id) if view.workflow_id else None
        shaped = doc.Order(
            view.id,
            model.shopify_gid(view.shopify_kind, view.shopify_id),
            view.order_number,
            workflow.id if workflow else None,
            workflow.name if workflow else None,
            view.placed_at.replace(microsecond=0),
            status_ref(self._status.get(view.status_id)) if view.status_id else None,
            sub_status_ref(self._option.get(view.sub_status_id)) if view.sub_status_id else None,
            self._addons(view) if view.addon_ids else [],
            _customer(view),
            shipping_address(view.ship_to) if view.ship_to else None,
            view.total_price,
            view.currency or self._workspace.team.currency,
            self._lines(view),
            view.note,
            view.cancelled_at is not None,
            whole(view.cancelled_at),
        )
        if self._include:
            self._add_extras(shaped, view)
        return shaped

    def _lines(self, view: OrderView) -> list[doc.LineItem]:
        cancelled = view.cancelled_at is not None
        if "line_item_statuses" in self._include:
            return [self._line_with_status(line, cancelled) for line in view.lines()]
        if view.line_ids is None:
            return []
        return [
            doc.LineItem(line_id, _line_gid(shopify_id), description, number(quantity))
            for line_id, shopify_id, description, quantity in zip(
                view.line_ids,
                view.line_shopify_ids or (),
                view.line_descriptions or (),
                view.line_quantities or (),
                strict=True,
            )
        ]

    def _line_with_status(self, line: LineView, cancelled: bool) -> doc.LineItem:
        shaped = doc.LineItem(
            line.id,
            _line_gid(line.shopify_line_item_id),
            line.description,
            number(line.quantity),
            status_ref(self._status.get(line.status_id)) if line.status_id else None,
            sub_status_ref(self._option.get(line.sub_status_id)) if line.sub_status_id else None,
        )
        if "deadline" in self._include:
            shaped.deadline = self._deadline(line.entered_at, line.deadline_at, cancelled)
        return shaped

    def _addons(self, view: OrderView) -> list[doc.AddonStatus]:
        held = zip(view.addon_ids or (), view.addon_sub_status_ids or (), strict=True)
        known = [(self._status[status_id], sub) for status_id, sub in held if status_id in self._status]
        known.sort(key=lambda pair: (pair[0].order, pair[0].id))
        return [
            doc.AddonStatus(
                status.id, status.name, status.color, sub_status_ref(self._option.get(sub)) if sub else None
            )
            for status, sub in known
        ]

    def _add_extras(self, shaped: doc.Order, view: OrderView) -> None:
        if "deadline" in self._include:
            cancelled = view.cancelled_at is not None
            shaped.deadline = self._deadline(view.status_entered_at, view.deadline_at, cancelled)
        if "metafield" in self._include:
            shaped.metafield = doc.json_value(view.metafield)

    def _deadline(
        self, entered_at: datetime | None, deadline_at: datetime | None, cancelled: bool
    ) -> doc.Deadline | None:
        """A cancelled order has no deadline any more (section 22.10)."""
        if entered_at is None:
            return None
        due = None if cancelled else deadline_at
        overdue = is_overdue(deadline_at, cancelled, self._clock())
        return doc.Deadline(entered_at.replace(microsecond=0), whole(due), overdue)


def number(quantity: float) -> int | float:
    """Whole numbers are written without a fraction."""
    return int(quantity) if quantity.is_integer() else quantity


def _line_gid(shopify_id: int | None) -> str | None:
    return None if shopify_id is None else f"gid://shopify/LineItem/{shopify_id}"


def _customer(view: OrderView) -> doc.Customer | None:
    if (
        view.customer_first_name is None
        and view.customer_last_name is None
        and view.customer_email is None
        and view.customer_phone is None
    ):
        return None
    return doc.Customer(
        view.customer_first_name, view.customer_last_name, view.customer_email, view.customer_phone
    )


def shipping_address(stop: dict[str, Any]) -> doc.ShippingAddress | None:
    """The stop in this surface's names; None when it carries none of the nine values (section 24)."""
    get = stop.get
    latitude, longitude = get("latitude_text"), get("longitude_text")
    if latitude is None and longitude is None and (place := get("geolocation")):
        latitude, longitude = _coordinate(place["latitude"]), _coordinate(place["longitude"])
    values = (
        get("company_name"),
        get("line_1"),
        get("line_2"),
        get("locality"),
        get("region"),
        get("postal_code"),
        get("country"),
        latitude,
        longitude,
    )
    return None if values == _NOWHERE else doc.ShippingAddress(*values)


_NOWHERE = (None,) * 9


def _coordinate(degrees: Decimal | int) -> str:
    """All digits, never an exponent."""
    return f"{degrees:f}" if isinstance(degrees, Decimal) else str(degrees)


def shape_status(status: Status, workspace: Workspace) -> doc.Status:
    workflow = workspace.workflow.get(status.workflow_id) if status.workflow_id else None
    limit = status.max_duration
    return doc.Status(
        status.id,
        status.name,
        status.public_name,
        status.use_public_name,
        status.display_name,
        status.color,
        status.order,
        status.is_independent,
        status.is_addon,
        doc.ChannelSwitches(
            status.notifications.email, status.notifications.sms, status.notifications.whatsapp
        ),
        status.shopify_order_effect,  # type: ignore[arg-type]
        doc.MaxDuration(
            limit.enabled,
            limit.seconds,
            limit.skip_weekends,
            limit.skip_holidays,
            limit.show_public_overdue_date,
        ),
        _group(status),
        workflow.id if workflow else None,
        workflow.name if workflow else None,
    )


def _group(status: Status) -> doc.SubStatusGroup | None:
    group = status.group
    if group is None:
        return None
    options = [doc.SubStatusOption(option.id, option.name, option.order) for option in group.options]
    return doc.SubStatusGroup(group.id, group.name, options)


def shape_workflow_list(workspace: Workspace) -> doc.WorkflowList:
    workflows = []
    for workflow in workspace.workflows:
        statuses = [_workflow_status(status) for status in workspace.statuses_of.get(workflow.id, ())]
        workflows.append(
            doc.Workflow(
                workflow.id,
                workflow.name,
                workflow.description,
                workflow.color,
                workflow.order,
                statuses,
                len(statuses),
            )
        )
    total = sum(workflow.status_count for workflow in workflows)
    team = workspace.team
    return doc.WorkflowList(
        workflows,
        team.workflows_enabled,
        team.enforce_workflow_order,
        doc.WorkflowSummary(len(workflows), total),
    )


def _workflow_status(status: Status) -> doc.WorkflowStatus:
    return doc.WorkflowStatus(
        status.id,
        status.name,
        status.public_name,
        status.use_public_name,
        status.display_name,
        status.color,
        status.order,
        status.is_independent,
        status.is_addon,
    )
