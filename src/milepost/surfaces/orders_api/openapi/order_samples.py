"""Samples of orders, items, releases and tags: an order of deck screws, and what becomes of it (the contract's
examples)."""

from typing import Any

from milepost.model.shapes import ADDRESS, ITEM_REQUIREMENTS, ORDER_REQUIREMENTS, SUPPLIER, complete

Sample = dict[str, Any]

ORDER, ITEM, TAG = "01KV2G3X0PFPH9FMHV6P6ZP42C", "01KV2G3X0QEAA9RZ1M736YKAWK", "01KJMMA2G0FH69SF56J0QGBGKE"
LEG, CHILD_RELEASE, FILE = (
    "01KV7HYX44F16RG67JX6CQNQ1Y",
    "01KV7J0J50E6JSTBPTJSAKAM1M",
    "01KV7J0J54F3GTDT495D617VBH",
)
HANGER = "01KV5BPHJ8E9DAYTWRY2FXCDGF"
_CHILD = "01KV7J0J52F46TJHP956RWJMH7"

# Orders

_SCREWS = {"unit": "KG", "value": "640.50"}
_STOP = {
    "company_name": "Harbor Row Warehouse",
    "line_1": "77 Commercial St",
    "locality": "Portland",
    "region": "ME",
    "postal_code": "04101",
    "country": "US",
}
_WHOLE_STOP = {
    **_STOP,
    "geolocation": {"latitude": 43.6568, "longitude": -70.2497},
    "timezone": "America/New_York",
    "location_number": "HRW-2",
    "references": [{"qualifier": "ADDRESS_BOOK_ENTRY_ID", "value": "ab-4410"}],
    "shipping_requirements": {
        "plan_window": {"start": "2026-06-29T12:00:00Z", "end": "2026-06-29T17:30:00Z"}
    },
}
_BILLING = {
    "bill_to": {
        "account_number": "70-118",
        "payment_term": "PREPAID",
        "billing_company_name": "Birchline Hardware",
        "contact": {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"},
    }
}
_PACKED = {"quantity": 2, "packaging_type": "PALLET", "handling_unit_id": "HU-0091"}
_REFERENCES = [{"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}]
_PRODUCT = [{"qualifier": "PRODUCT_REF", "value": "DS-580"}]
_SUPPLIER = {"name": "Birchline Mill", "supplier_id": "SUP-31", "email": "orders@birchline.example"}
_NAMES = {
    "order_number": "MP-24017",
    "name": "Deck screws, June",
    "description": "Two pallets for the summer shelf",
}
SAMPLE_NEW_ORDER: Sample = {
    **_NAMES,
    "ship_to": _WHOLE_STOP,
    "start_date": "2026-06-20",
    "expiration_date": "2026-08-15",
    "references": _REFERENCES,
    "shipping_requirements": _BILLING,
    "custom_data": {"cost_center": "114"},
    "tags": ["summer-shelf"],
    "items": [
        {
            "description": "Deck screw 5x80, box of 200",
            "amount": _SCREWS,
            "references": _PRODUCT,
            "shipping_requirements": {**_PACKED, "gross_weight": {"unit": "KG", "value": 662}},
        }
    ],
}
SAMPLE_REPLACEMENT: Sample = {
    **_NAMES,
    "name": "Deck screws, July",
    "ship_to": _STOP,
    "start_date": "2026-07-01",
    "expiration_date": "2026-08-15",
    "tags": ["summer-shelf"],
    "supplier": _SUPPLIER,
    "items": [
        {
            "id": ITEM,
            "description": "Deck screw 5x80, box of 200",
            "amount": {"unit": "KG", "value": "700"},
        },
        {"description": "Joist hanger 47 mm", "amount": {"unit": "KG", "value": "88"}},
    ],
}
SAMPLE_PATCH: Sample = {
    "name": "Deck screws, July",
    "ship_to": {"line_2": "Dock door 6"},
    "custom_data": {"cost_center": None, "buyer": "ines"},
}


def _stop(said: Sample) -> Sample:
    return {
        **(complete(said, ADDRESS) or {}),
        "custom_data": None,
        "timezone": said.get("timezone"),
        "location_number": said.get("location_number"),
        "company_name": said.get("company_name"),
        "references": said.get("references", []),
        "shipping_requirements": said.get("shipping_requirements", {"plan_window": None}),
    }


SAMPLE_TAG: Sample = {"id": TAG, "slug": "summer-shelf", "name": "Summer shelf"}
SAMPLE_ITEM: Sample = {
    "id": ITEM,
    "description": "Deck screw 5x80, box of 200",
    "references": _PRODUCT,
    "amount": _SCREWS,
    "available_amount": _SCREWS,
    "shipping_requirements": complete(
        {**_PACKED, "gross_weight": {"unit": "KG", "value": "662"}}, ITEM_REQUIREMENTS
    ),
    "custom_data": None,
}
SAMPLE_ORDER: Sample = {
    "id": ORDER,
    "order_type": "PURCHASE_ORDER",
    "order_number": _NAMES["order_number"],
    "status": "READY",
    "name": _NAMES["name"],
    "description": _NAMES["description"],
    "ship_to": _stop(_WHOLE_STOP),
    "ship_from": None,
    "source": "OTHER",
    "source_system_id": None,
    "start_date": "2026-06-20",
    "expiration_date": "2026-08-15",
    "references": _REFERENCES,
    "shipping_requirements": complete(_BILLING, ORDER_REQUIREMENTS),
    "items": [SAMPLE_ITEM],
    "tags": [SAMPLE_TAG],
    "archived": False,
    "supplier_created_releases_allowed": False,
    "supplier": None,
    "custom_data": {"cost_center": "114"},
    "releases": [],
    "released_from_release_id": None,
    "created_from_order_id": None,
    "cancelled_at": None,
    "created_at": "2026-06-14T07:21:40.118203Z",
    "updated_at": "2026-06-14T07:21:40.118203Z",
}
SAMPLE_HANGER: Sample = {
    "id": HANGER,
    "description": "Joist hanger 47 mm",
    "references": [],
    "amount": {"unit": "KG", "value": "88"},
    "available_amount": {"unit": "KG", "value": "88"},
    "shipping_requirements": None,
    "custom_data": {"line": "20"},
}
SAMPLE_REPLACED: Sample = {
    **SAMPLE_ORDER,
    "name": "Deck screws, July",
    "status": "NOT_READY",
    "ship_to": _stop(_STOP),
    "start_date": "2026-07-01",
    "references": [],
    "shipping_requirements": None,
    "supplier": complete(_SUPPLIER, SUPPLIER),
    "custom_data": None,
    "items": [
        {
            **SAMPLE_ITEM,
            "references": [],
            "amount": {"unit": "KG", "value": "700"},
            "available_amount": {"unit": "KG", "value": "700"},
            "shipping_requirements": None,
        },
        {**SAMPLE_HANGER, "custom_data": None},
    ],
    "updated_at": "2026-06-15T10:02:11.402551Z",
}
SAMPLE_PATCHED: Sample = {
    **SAMPLE_ORDER,
    "name": "Deck screws, July",
    "ship_to": {**SAMPLE_ORDER["ship_to"], "line_2": "Dock door 6"},
    "custom_data": {"buyer": "ines"},
    "updated_at": "2026-06-15T10:02:12.018377Z",
}
SAMPLE_CANCELED: Sample = {
    **SAMPLE_ORDER,
    "status": "CANCELED",
    "cancelled_at": "2026-06-17T15:04:05.310877Z",
    "updated_at": "2026-06-17T15:04:05.310877Z",
}

# Items, releases, tags

SAMPLE_NEW_ITEM: Sample = {
    "description": "Joist hanger 47 mm",
    "amount": {"unit": "KG", "value": "88"},
    "custom_data": {"line": "20"},
}
SAMPLE_ITEM_PATCH: Sample = {
    "amount": {"value": "92.5"},
    "shipping_requirements": {"quantity": "4", "packaging_type": "BIN"},
}
SAMPLE_PATCHED_HANGER: Sample = {
    **SAMPLE_HANGER,
    "amount": {"unit": "KG", "value": "92.5"},
    "available_amount": {"unit": "KG", "value": "92.5"},
    "shipping_requirements": complete({"quantity": 4, "packaging_type": "BIN"}, ITEM_REQUIREMENTS),
}
_TAKEN = [{"order_item_id": ITEM, "amount": {"unit": "KG", "value": "300"}}]
_SHIPMENT = {"released_to_shipment_id": "shp-7c21", "released_to_shipment_reference_id": "K7Q2ZD"}
SAMPLE_NEW_LEG: Sample = {"release_type": "TRANSPORTATION", **_SHIPMENT, "items": _TAKEN}
SAMPLE_NEW_CHILD: Sample = {
    "release_type": "PURCHASE_ORDER",
    "order_number": "MP-24017-A",
    "items": [{"order_item_id": ITEM}],
}
SAMPLE_LEG: Sample = {
    "release_type": "TRANSPORTATION",
    "id": LEG,
    "created_from_product_order_id": ORDER,
    "released_to_shipping_plan_id": None,
    "released_to_shipment_id": "shp-7c21",
    "released_to_shipment_reference_id": "K7Q2ZD",
    "released_to_shipment_origin_stop_id": None,
    "released_to_shipment_destination_stop_id": None,
    "transit_status": None,
    "unassigned_at": None,
    "items": _TAKEN,
    "documents": [],
    "created_at": "2026-06-16T06:30:05.700112Z",
}
SAMPLE_CHILD_RELEASE: Sample = {
    "release_type": "PURCHASE_ORDER",
    "id": CHILD_RELEASE,
    "created_from_product_order_id": ORDER,
    "released_to_order_id": _CHILD,
    "unassigned_at": None,
    "items": [{"order_item_id": ITEM, "amount": {"unit": "KG", "value": "340.50"}}],
    "documents": [
        {
            "id": FILE,
            "file_name": "packing.pdf",
            "content_type": "application/pdf",
            "size": 18233,
            "sha256": "5f1b7d0c9a24e86f3317c0d2ab9e44587c6a10de92f8b3457ae06cd1f2984b03",
            "document_type": "PACKING_LIST",
            "description": "signed copy",
        }
    ],
    "created_at": "2026-06-16T06:31:00.000214Z",
}
