"""Which bodies of requests, and which parts of them, have names of their own."""

from collections.abc import Iterable, Iterator, Mapping

from milepost.http.openapi_inputs import Named
from milepost.surfaces.milestones_api.call import Endpoint
from milepost.surfaces.milestones_api.order_bodies import NEW_ITEM

_NAMES: Mapping[str, tuple[str, str]] = {
    "createPurchaseOrder": ("NewPurchaseOrder", "PurchaseOrder"),
    "updatePurchaseOrder": ("PurchaseOrderEdit", "PurchaseOrder"),
    "confirmMilestone": ("Confirmation", "Milestone"),
    "rejectMilestone": ("Rejection", "Milestone"),
    "undoMilestoneConfirmation": ("Undo", "Milestone"),
    "editTimeline": ("TimelineEdit", "PurchaseOrder"),
    "createTask": ("NewTask", "Task"),
    "updateTask": ("TaskEdit", "Task"),
    "confirmProductionStart": ("ProductionStartConfirmation", "Milestone"),
    "delayProductionStart": ("ProductionStartDelay", "Milestone"),
    "confirmShipment": ("ShipmentConfirmation", "Milestone"),
    "delayShipment": ("ShipmentDelay", "Milestone"),
    "confirmDelivery": ("DeliveryConfirmation", "Milestone"),
    "delayDelivery": ("DeliveryDelay", "Milestone"),
}
"""By operation: the name of its body, and the answer in whose words its members are told."""


def named(endpoints: Iterable[Endpoint]) -> Iterator[Named]:
    """What has a name. Bodies that are alike share one."""
    yield Named(NEW_ITEM, "OrderItem", "NewOrderItem")
    for each in endpoints:
        if each.body is not None and each.operation in _NAMES:
            name, shown = _NAMES[each.operation]
            yield Named(each.body, shown, name, name if each.method == "PATCH" else "")
