"""Which parts of requests have names of their own: those that occur in several bodies."""

from collections.abc import Iterator, Mapping

from milepost.http.openapi_inputs import Named
from milepost.http.values import Kind
from milepost.surfaces.orders_api import documents, webhook_bodies


def _parts(kinds: Mapping[str, Kind]) -> Iterator[Named]:
    for shown, kind in kinds.items():
        yield Named(kind, shown, f"{shown}Input", f"{shown}Patch")


NAMED = (
    Named(documents.NEW_ORDER, "Order", "NewOrder"),
    Named(documents.ORDER, "Order", "OrderReplacement", "OrderPatch"),
    Named(documents.NEW_LEG, "TransportationRelease", "NewTransportationRelease"),
    Named(documents.NEW_CHILD, "Order", "NewPurchaseOrderRelease"),
    Named(documents.LEG_CHANGE, "TransportationRelease", "ReleaseChange", "ReleasePatch"),
    Named(documents.NEW_TAG, "Tag", "NewTag"),
    *_parts(
        {
            "OrderItem": documents.ITEM,
            "Stop": documents.STOP,
            "PlanWindow": documents.PLAN_WINDOW,
            "Address": documents.ADDRESS,
            "Geolocation": documents.GEOLOCATION,
            "Reference": documents.REFERENCE,
            "BillTo": documents.BILL_TO,
            "Contact": documents.CONTACT,
            "Supplier": documents.SUPPLIER,
            "Amount": documents.AMOUNT,
            "Dimensions": documents.DIMENSIONS,
            "Hazmat": documents.HAZMAT,
            "HazmatContact": documents.HAZMAT_CONTACT,
            "ItemShippingRequirements": documents.ITEM_REQUIREMENTS,
            "Webhook": webhook_bodies.WEBHOOK,
        }
    ),
)
