"""Sample requests and answers: a maker of bicycles and its orders.

Answers are documents in their newest shape and carried back like those that are served, so that the sample of
each version is what that version would have answered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from milepost.http.releases import View
from milepost.surfaces.status_api import documents as doc

ORDER = "0190f1d2-8a60-7e4b-b1c7-2d94c05f6a13"
_UNKNOWN = "0190f1d2-0000-7000-8000-000000000000"
FRAME, _WHEEL = "0190f1d2-8a60-7f01-9d33-6be1a87c4d20", "0190f1d2-8a60-7f02-8e15-cc40f7a91b36"
_BRAZED, PAINTED = "0190d3c6-5e41-7b30-9c55-1f6a2b7c8d90", "0190d3c6-5e42-7a81-b0de-94c3f8167e25"
_BASKET = "0190d3c6-5e43-71f9-8f02-3ac75d60b114"
_COATS, PRIMER, _CLEAR = (
    "0190d3c6-5e44-7d57-a6b8-0e92f41c3d78",
    "0190d3c6-5e45-70c4-93fa-b85d12e7604f",
    "0190d3c6-5e46-7be2-8149-6fd03a9c5e81",
)
_WORKFLOW = "0190d3c6-5e40-7c12-8a44-5b9e0d1f2a37"
_GID = "gid://shopify/Order/5504411"


def _at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, 12, tzinfo=UTC)


_PAINTED_REF = doc.StatusRef(PAINTED, "Painted", "#C0392B")
_PRIMER_REF = doc.SubStatusRef(PRIMER, "Primer")
_DEADLINE = doc.Deadline(_at(3, 13, 15), _at(3, 17, 15), False)
_NOBODY = doc.Notifications(0, 0, {})
_BY_EMAIL = doc.Notifications(1, 0, {"email": doc.ChannelTotals(1, 0)})
_CHANNELS = doc.ChannelResults("sent", "skipped", "skipped")
_NOT_FOUND = "Order not found"


def _order(*, extras: bool = False) -> doc.Order:
    frame = doc.LineItem(FRAME, "gid://shopify/LineItem/90210", "Touring frame, 56 cm", 1)
    wheel = doc.LineItem(_WHEEL, "gid://shopify/LineItem/90211", "Wheel, 28 inch", 2)
    order = doc.Order(
        id=ORDER,
        shopify_order_id=_GID,
        name="#1187",
        workflow_id=_WORKFLOW,
        workflow_name="Frame building",
        created_at=_at(3, 9, 8, 41),
        custom_status=_PAINTED_REF,
        custom_sub_status=_PRIMER_REF,
        addon_statuses=[doc.AddonStatus(_BASKET, "With basket", "#2980B9", None)],
        customer=doc.Customer("Ilse", "Brandt", "ilse@brandt.example", None),
        shipping_address=doc.ShippingAddress(
            None, "Deichweg 4", None, "Husum", None, "25813", "Germany", "54.4765", "9.0511"
        ),
        total_price="1684.50",
        currency="EUR",
        line_items=[frame, wheel],
        note="Ring twice",
        cancelled=False,
        cancelled_at=None,
    )
    if extras:
        frame.status, frame.sub_status, frame.deadline = _PAINTED_REF, _PRIMER_REF, _DEADLINE
        wheel.status, wheel.sub_status, wheel.deadline = None, None, None
        order.deadline = _DEADLINE
    return order


def _bare_order() -> doc.Order:
    return doc.Order(
        id="0190f7aa-3c18-7d25-8be0-47f1b0c9d362",
        shopify_order_id=None,
        name="WS-31",
        workflow_id=None,
        workflow_name=None,
        created_at=_at(3, 10, 16, 2),
        custom_status=None,
        custom_sub_status=None,
        addon_statuses=[],
        customer=None,
        shipping_address=None,
        total_price="0.00",
        currency="EUR",
        line_items=[],
        note=None,
        cancelled=True,
        cancelled_at=_at(3, 11, 9),
    )


def _status(*, addon: bool = False) -> doc.Status:
    group = doc.SubStatusGroup(
        _COATS,
        "Coats of paint",
        [doc.SubStatusOption(PRIMER, "Primer", 1), doc.SubStatusOption(_CLEAR, "Clear coat", 2)],
    )
    return doc.Status(
        id=_BASKET if addon else PAINTED,
        name="With basket" if addon else "Painted",
        public_name=None if addon else "In the paint shop",
        use_public_name=not addon,
        display_name="With basket" if addon else "In the paint shop",
        color="#2980B9" if addon else "#C0392B",
        order=70 if addon else 30,
        is_independent=False,
        is_addon=addon,
        notifications=doc.ChannelSwitches(not addon, False, False),
        shopify_order_effect="NONE",
        max_duration=doc.MaxDuration(not addon, 0 if addon else 172800, not addon, False, not addon),
        sub_status_group=None if addon else group,
        workflow_id=None if addon else _WORKFLOW,
        workflow_name=None if addon else "Frame building",
    )


def _workflows() -> doc.WorkflowList:
    status = _status()
    listed = doc.WorkflowStatus(
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
    building = doc.Workflow(_WORKFLOW, "Frame building", "From tubes to a frame", "#34495E", 10, [listed], 1)
    repair = doc.Workflow("0190d3c6-5e47-7390-9a6c-d1b2e4f50873", "Repair", None, "#8E44AD", 20, [], 0)
    return doc.WorkflowList([building, repair], True, False, doc.WorkflowSummary(2, 1))


def _answers() -> dict[str, dict[str, Struct]]:
    """Answers by operation and name of the sample."""
    failed_order = doc.FailedOrder(_UNKNOWN, _NOT_FOUND, "order_not_found")
    line_failed = doc.LineItemEntry("90211", False, error="Line item not found")
    frame = doc.ChangedLineItem(FRAME, _PAINTED_REF, _PRIMER_REF)
    return {
        "listOrders": {"page": doc.OrderList([_bare_order(), _order()], doc.Pagination(1, 25, 2, 1))},
        "getOrder": {"order": doc.OrderAnswer(_order()), "extras": doc.OrderAnswer(_order(extras=True))},
        "changeOrderStatus": {
            "changed": doc.StatusChange(
                "Order status updated successfully",
                doc.ChangedOrder(ORDER, _GID, "#1187", _PAINTED_REF, _PRIMER_REF),
                _BY_EMAIL,
            )
        },
        "changeOrderStatuses": {
            "one_failed": doc.BulkStatusChange(
                "Statuses updated successfully",
                1,
                1,
                1,
                False,
                [
                    doc.BulkStatusEntry(ORDER, True, status_id=PAINTED, status_name="Painted"),
                    doc.BulkStatusEntry(_UNKNOWN, False, error=_NOT_FOUND),
                ],
                [failed_order],
                _BY_EMAIL,
            )
        },
        "notifyOrder": {"sent": doc.NotificationAnswer("Notification request processed", ORDER, _CHANNELS)},
        "notifyOrders": {
            "one_failed": doc.BulkNotification(
                "Bulk notification request processed",
                1,
                1,
                2,
                False,
                [
                    doc.BulkNotificationEntry(ORDER, True, notifications_sent=_CHANNELS),
                    doc.BulkNotificationEntry(_UNKNOWN, False, error=_NOT_FOUND),
                ],
                [failed_order],
            )
        },
        "listStatuses": {
            "statuses": doc.StatusList([_status(), _status(addon=True)], doc.StatusSummary(2, True))
        },
        "getStatus": {"status": doc.StatusAnswer(_status())},
        "listWorkflows": {"workflows": _workflows()},
        "changeLineItemStatus": {
            "changed": doc.LineItemChangeAnswer(
                True, doc.LineItemChange("Line item status updated successfully", frame, _NOBODY)
            )
        },
        "changeLineItemStatuses": {
            "one_failed": doc.BulkLineItemChangeAnswer(
                True,
                doc.BulkLineItemChange(
                    "Line item statuses updated successfully",
                    1,
                    1,
                    [doc.LineItemEntry(FRAME, True, PAINTED, "Painted"), line_failed],
                ),
            )
        },
        "clearLineItemStatuses": {
            "one_failed": doc.BulkLineItemClearingAnswer(
                True,
                doc.BulkLineItemClearing(
                    "Line item statuses cleared successfully",
                    1,
                    1,
                    [doc.LineItemEntry(FRAME, True), line_failed],
                ),
            )
        },
        "getSettings": {
            "settings": doc.SettingsAnswer(doc.Settings("combined", True, False, False, "Europe/Berlin"))
        },
    }


PATHS = {"order_id": ORDER, "status_id": PAINTED, "lineItemId": FRAME}
"""A value by path parameter."""

_CHANGE = {"status_id": PAINTED, "sub_status_option_id": PRIMER}
BODIES: Mapping[str, dict[str, Any]] = {
    "changeOrderStatus": _CHANGE,
    "changeOrderStatuses": {"order_ids": [ORDER, _UNKNOWN], **_CHANGE},
    "notifyOrder": {"channels": ["email"]},
    "notifyOrders": {"order_ids": [ORDER, _UNKNOWN], "channels": ["email"]},
    "changeLineItemStatus": _CHANGE,
    "changeLineItemStatuses": {"line_item_ids": [FRAME, "90211"], **_CHANGE},
    "clearLineItemStatuses": {"line_item_ids": [FRAME, "90211"]},
}
"""A body by operation."""


def answers(operation: str, view: View) -> dict[str, Any]:
    """The sample answers of an operation as one version gives them. A sample that only repeats an earlier one
    (because the version lacks what it shows) is left out."""
    samples: dict[str, Any] = {}
    for name, document in _answers()[operation].items():
        shown = msgspec.json.decode(msgspec.json.encode(view.carry(document)))
        if shown not in samples.values():
            samples[name] = shown
    return samples
