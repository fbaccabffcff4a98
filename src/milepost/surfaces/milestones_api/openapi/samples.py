"""Samples of teams, workflows and milestones: an order of spring aprons on its way (the contract's examples)."""

from typing import Any

Sample = dict[str, Any]

TEAM = "01a303c2-e000-7b1d-8a3f-5e6d7c8b9a01"
ORDER = "01a3703b-00a0-7c42-a6d5-3b1e9f704c10"
ACCEPTANCE = "01a3703b-00a0-7c42-a6d5-3b1e9f704c21"
APPROVAL = "01a3703b-00a0-7c42-a6d5-3b1e9f704c22"
SHIPMENT = "01a3703b-00a0-7c42-a6d5-3b1e9f704c23"
APRONS = "01a3703b-00a0-7c42-a6d5-3b1e9f704c31"
SCREENS = "01a3703b-00a0-7c42-a6d5-3b1e9f704c32"
TASK = "01a3703b-00a0-7c42-a6d5-3b1e9f704c41"
WORKFLOW = "01a303c2-e100-7e20-9c44-1a2b3c4d5e60"
ACCEPTANCE_TEMPLATE = "01a303c2-e100-7e20-9c44-1a2b3c4d5e61"
APPROVAL_TEMPLATE = "01a303c2-e100-7e20-9c44-1a2b3c4d5e62"
SHIPMENT_TEMPLATE = "01a303c2-e100-7e20-9c44-1a2b3c4d5e63"
SEWING = "01a303c2-e300-7f01-8d2e-9a8b7c6d5e41"

_FOUNDED = {"created_at": "2027-01-11T08:00:00Z", "updated_at": "2027-01-11T08:00:00Z"}
ORDERED, ACCEPTED, NOW = "2027-02-01T09:30:12Z", "2027-02-03T14:05:40Z", "2027-02-10T10:00:00Z"
BRIDGE = {"type": "api_key", "id": "01a303c2-e200-7aaa-8bbb-0c0d0e0f1011", "name": "ERP bridge"}
_LINK = {"id": SEWING, "name": "Sewing", "sub_status": None}

SAMPLE_TEAM: Sample = {"id": TEAM, "name": "Loom & Larch", "time_zone": "UTC", **_FOUNDED}

# Workflows

SAMPLE_WORKFLOW: Sample = {
    "id": WORKFLOW,
    "name": "Made to order",
    "position": 2,
    "default": False,
    "milestones": [
        {
            "id": ACCEPTANCE_TEMPLATE,
            "name": "Order accepted",
            "position": 1,
            "type": "acceptance",
            "owner": "supplier",
            "linked_status": None,
            "key_date_rule": {"relative_to": "issued_at", "offset_days": 3},
            "prompt_offset_days": 0,
            "task_templates": [],
            **_FOUNDED,
        },
        {
            "id": APPROVAL_TEMPLATE,
            "name": "Sample approved",
            "position": 2,
            "type": "custom",
            "owner": "brand",
            "linked_status": _LINK,
            "key_date_rule": {"relative_to": "ships_on", "offset_days": -56},
            "prompt_offset_days": 0,
            "task_templates": [{"title": "Send swatches", "required": True, "days_before": 1}],
            **_FOUNDED,
        },
        {
            "id": SHIPMENT_TEMPLATE,
            "name": "Goods shipped",
            "position": 3,
            "type": "shipment",
            "owner": "supplier",
            "linked_status": None,
            "key_date_rule": None,
            "prompt_offset_days": 1,
            "task_templates": [],
            **_FOUNDED,
        },
    ],
    **_FOUNDED,
}
SAMPLE_CONFIG: Sample = {
    "id": "01a303c2-e400-7c11-9d22-6f5e4d3c2b10",
    "name": "Standard",
    "default": True,
    "enabled": True,
    "milestones": [
        {"type": "acceptance", "enabled": True, "offset_days": 0, "relative_to": "issued_at"},
        {
            "type": "production_start",
            "enabled": True,
            "offset_days": 0,
            "relative_to": "production_start_date",
        },
        {"type": "on_track_to_ship", "enabled": True, "offset_days": -7, "relative_to": "ships_on"},
        {"type": "shipment", "enabled": True, "offset_days": 1, "relative_to": "ships_on"},
        {"type": "delivery", "enabled": True, "offset_days": 1, "relative_to": "delivered_on"},
    ],
}

# Milestones


_TEMPLATES = {1: ACCEPTANCE_TEMPLATE, 2: APPROVAL_TEMPLATE, 3: SHIPMENT_TEMPLATE}


def sample_milestone(milestone_id: str, kind: str, name: str, position: int, **others: Any) -> Sample:
    return {
        "id": milestone_id,
        "type": kind,
        "status": "pending",
        "name": name,
        "position": position,
        "workflow_milestone_id": _TEMPLATES.get(position),
        "owner": "supplier",
        "linked_status": None,
        "key_date": None,
        "confirmed_on": None,
        "confirmed_at": None,
        "confirmed_by": None,
        "rejected_at": None,
        "rejected_by": None,
        "rejection_reason": None,
        "note": None,
        "current": False,
        "late": False,
        "prompted_at": None,
        "overdue": False,
        "blocking_task_ids": [],
        "delays": [],
        "created_at": ORDERED,
        "updated_at": ORDERED,
        **others,
    }


SAMPLE_ACCEPTANCE = sample_milestone(
    ACCEPTANCE,
    "acceptance",
    "Order accepted",
    1,
    status="confirmed",
    key_date="2027-02-04",
    confirmed_on="2027-02-03",
    confirmed_at=ACCEPTED,
    confirmed_by=BRIDGE,
    updated_at=ACCEPTED,
)
SAMPLE_APPROVAL = sample_milestone(
    APPROVAL,
    "custom",
    "Sample approved",
    2,
    owner="brand",
    linked_status=_LINK,
    key_date="2027-02-12",
    current=True,
    blocking_task_ids=[TASK],
)
SAMPLE_SHIPMENT = sample_milestone(SHIPMENT, "shipment", "Goods shipped", 3, key_date="2027-04-09")

SAMPLE_CONFIRMATION: Sample = {"date": "2027-02-09", "note": "swatch 4 it is"}
SAMPLE_CONFIRMED: Sample = {
    **SAMPLE_APPROVAL,
    "status": "confirmed",
    "confirmed_on": "2027-02-09",
    "confirmed_at": NOW,
    "confirmed_by": BRIDGE,
    "note": "swatch 4 it is",
    "current": False,
    "blocking_task_ids": [],
    "updated_at": NOW,
}
SAMPLE_REJECTION: Sample = {"reason": "dye house closed", "date": "2027-04-16"}
SAMPLE_UNDONE: Sample = {
    **SAMPLE_APPROVAL,
    "note": "swatch 4 it is",
    "blocking_task_ids": [],
    "updated_at": "2027-02-10T10:02:00Z",
}


def _happened(milestone: Sample, moment: str) -> Sample:
    told = {"confirmed_on": moment[:10], "confirmed_at": moment, "confirmed_by": BRIDGE}
    return {**milestone, **told, "status": "confirmed", "updated_at": moment}


def _rescheduled(milestone: Sample, delay_id: str, new_date: str, reason: str) -> Sample:
    delay = {
        "id": delay_id,
        "old_date": milestone["key_date"],
        "new_date": new_date,
        "reason": reason,
        "note": None,
        "source": "reject",
        "recorded_by": BRIDGE,
        "recorded_at": NOW,
    }
    told = {"rejected_at": NOW, "rejected_by": BRIDGE, "rejection_reason": reason, "delays": [delay]}
    return {**milestone, **told, "status": "rejected", "key_date": new_date, "updated_at": NOW}


SAMPLE_REJECTED = _rescheduled(
    SAMPLE_SHIPMENT, "01a39eaf-8500-7d10-b2c3-4d5e6f708151", "2027-04-16", "dye house closed"
)
SAMPLE_SHIPPED = _happened(SAMPLE_SHIPMENT, "2027-04-09T16:20:00Z")
_START = sample_milestone(
    "01a3703b-00a0-7c42-a6d5-3b1e9f704c24",
    "production_start",
    "Production started",
    2,
    workflow_milestone_id="01a303c2-e100-7e20-9c44-1a2b3c4d5e64",
    key_date="2027-03-01",
)
SAMPLE_STARTED = _happened(_START, "2027-03-01T07:30:00Z")
SAMPLE_START_DELAYED = _rescheduled(
    _START, "01a39eaf-8500-7d10-b2c3-4d5e6f708152", "2027-03-08", "looms busy"
)
_DELIVERY = sample_milestone(
    "01a3703b-00a0-7c42-a6d5-3b1e9f704c25",
    "delivery",
    "Delivered",
    4,
    workflow_milestone_id="01a303c2-e100-7e20-9c44-1a2b3c4d5e65",
    owner="brand",
    key_date="2027-05-14",
)
SAMPLE_DELIVERED = _happened(_DELIVERY, "2027-05-14T10:05:00Z")
SAMPLE_DELIVERY_DELAYED = _rescheduled(
    _DELIVERY, "01a39eaf-8500-7d10-b2c3-4d5e6f708153", "2027-05-21", "port strike"
)
