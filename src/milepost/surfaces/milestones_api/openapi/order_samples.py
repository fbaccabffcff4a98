"""Samples of orders, their lines, dates and tasks (the contract's examples)."""

from milepost.surfaces.milestones_api.openapi.samples import (
    ACCEPTANCE,
    ACCEPTED,
    APPROVAL,
    APPROVAL_TEMPLATE,
    APRONS,
    BRIDGE,
    NOW,
    ORDER,
    ORDERED,
    SAMPLE_ACCEPTANCE,
    SAMPLE_APPROVAL,
    SAMPLE_SHIPMENT,
    SCREENS,
    SHIPMENT,
    TASK,
    TEAM,
    WORKFLOW,
    Sample,
    sample_milestone,
)

SAMPLE_NEW_ORDER: Sample = {
    "order_number": "HX-4410",
    "name": "Spring aprons",
    "supplier": {"id": "sup-118", "name": "Tessel Mills"},
    "ships_on": "2027-04-09",
    "delivered_on": "2027-05-14",
    "currency": "EUR",
    "payment_terms": "net 45",
    "tags": ["spring"],
    "order_items": [
        {"part_id": "APR-LIN-3", "quantity": 1200, "unit_of_measure": "pcs", "unit_price_micros": 6150000},
        {"name": "Screen set-up", "quantity": 1, "unit_of_measure": "lot", "unit_price_micros": 180000000},
    ],
}
_SELLER = dict.fromkeys(
    (
        "seller_address_line1",
        "seller_address_line2",
        "seller_city",
        "seller_state",
        "seller_postal_code",
        "seller_country",
    )
)
SAMPLE_LISTED: Sample = {
    "id": ORDER,
    "status": "accepted",
    "order_number": "HX-4410",
    "name": "Spring aprons",
    "currency": "EUR",
    "incoterms": None,
    "payment_terms": "net 45",
    "shipping_method": None,
    "note": None,
    "team": {"id": TEAM, "name": "Loom & Larch"},
    "supplier": {"id": "sup-118", "name": "Tessel Mills"},
    "ships_to": None,
    "issued_at": "2027-02-01",
    "last_issued_at": "2027-02-01",
    "ships_on": "2027-04-09",
    "delivered_on": "2027-05-14",
    **_SELLER,
    "tags": ["spring"],
    "workflow_id": WORKFLOW,
    "current_milestone_id": APPROVAL,
    "late": False,
    "overdue": False,
    "canceled_at": None,
    "created_at": ORDERED,
    "updated_at": ACCEPTED,
}
SAMPLE_ORDER: Sample = {
    **SAMPLE_LISTED,
    "milestones": [SAMPLE_ACCEPTANCE, SAMPLE_APPROVAL, SAMPLE_SHIPMENT],
}
SAMPLE_ISSUED: Sample = {
    **SAMPLE_ORDER,
    "status": "issued",
    "current_milestone_id": ACCEPTANCE,
    "updated_at": ORDERED,
    "milestones": [
        sample_milestone(
            ACCEPTANCE,
            "acceptance",
            "Order accepted",
            1,
            key_date="2027-02-04",
            current=True,
            prompted_at=ORDERED,
        ),
        {**SAMPLE_APPROVAL, "current": False},
        SAMPLE_SHIPMENT,
    ],
}
SAMPLE_EDIT: Sample = {
    "incoterms": "FCA",
    "order_items": [{"id": APRONS, "quantity": 1400}],
    "seller_city": "Guimarães",
}
SAMPLE_EDITED: Sample = {**SAMPLE_ORDER, "incoterms": "FCA", "seller_city": "Guimarães", "updated_at": NOW}
SAMPLE_ITEMS: list[Sample] = [
    {
        "id": APRONS,
        "part_id": "APR-LIN-3",
        "name": None,
        "quantity": 1200,
        "unit_of_measure": "pcs",
        "unit_price_micros": 6150000,
        "created_at": ORDERED,
        "updated_at": ORDERED,
    },
    {
        "id": SCREENS,
        "part_id": None,
        "name": "Screen set-up",
        "quantity": 1,
        "unit_of_measure": "lot",
        "unit_price_micros": 180000000,
        "created_at": ORDERED,
        "updated_at": ORDERED,
    },
]

# Timeline

SAMPLE_DATES: Sample = {"order_milestone_key_dates": {APPROVAL: "2027-02-19", SHIPMENT: None}}
SAMPLE_MIXED_DATES: Sample = {
    "ship_date": "2027-04-12",
    "workflow_order_milestone_key_dates": {APPROVAL_TEMPLATE: "2027-02-19"},
    "reason": "looms busy",
}


def _edit(delay_id: str, old: str, new: str) -> Sample:
    return {
        "id": delay_id,
        "old_date": old,
        "new_date": new,
        "reason": "looms busy",
        "note": None,
        "source": "edit",
        "recorded_by": BRIDGE,
        "recorded_at": NOW,
    }


SAMPLE_MOVED: Sample = {
    **SAMPLE_ORDER,
    "ships_on": "2027-04-12",
    "updated_at": NOW,
    "milestones": [
        SAMPLE_ACCEPTANCE,
        {
            **SAMPLE_APPROVAL,
            "key_date": "2027-02-19",
            "delays": [_edit("01a39eaf-8500-7d10-b2c3-4d5e6f708161", "2027-02-12", "2027-02-19")],
            "updated_at": NOW,
        },
        {
            **SAMPLE_SHIPMENT,
            "key_date": "2027-04-12",
            "delays": [_edit("01a39eaf-8500-7d10-b2c3-4d5e6f708162", "2027-04-09", "2027-04-12")],
            "updated_at": NOW,
        },
    ],
}

# Tasks

SAMPLE_NEW_TASK: Sample = {
    "title": "Send swatches",
    "assignee": "studio@loom.example",
    "due_date": "2027-02-11",
    "required": True,
    "milestone_id": APPROVAL,
}
SAMPLE_TASK: Sample = {
    "id": TASK,
    **SAMPLE_NEW_TASK,
    "status": "open",
    "late": False,
    "completed_at": None,
    "completed_by": None,
    "created_at": ORDERED,
    "updated_at": "2027-02-02T08:12:00Z",
}
SAMPLE_COMPLETED: Sample = {
    **SAMPLE_TASK,
    "status": "completed",
    "completed_at": "2027-02-09T15:40:00Z",
    "completed_by": BRIDGE,
    "updated_at": "2027-02-09T15:40:00Z",
}
