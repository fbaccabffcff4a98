"""Sample requests and answers by operation."""

from collections.abc import Mapping
from typing import Any

from milepost.surfaces.milestones_api.openapi import order_samples as order
from milepost.surfaces.milestones_api.openapi import samples as sample

PATHS = {
    "team_id": sample.TEAM,
    "order_id": sample.ORDER,
    "milestone_id": sample.APPROVAL,
    "workflow_milestone_id": sample.APPROVAL_TEMPLATE,
    "task_id": sample.TASK,
}
"""A value by path parameter."""

_REASON = {"reason": "no capacity before June"}
_LATER = {"reason": "dye house closed", "ship_date": "2027-04-16"}

BODIES: Mapping[str, Mapping[str, Any]] = {
    "createPurchaseOrder": {
        "order": {"purchase_order": order.SAMPLE_NEW_ORDER},
        "draft": {
            "purchase_order": {
                "supplier": {"id": "sup-118"},
                "ships_on": "2027-06-01",
                "order_items": [{"name": "Tea towels", "quantity": 400}],
                "draft": True,
            }
        },
    },
    "updatePurchaseOrder": {"order": {"purchase_order": order.SAMPLE_EDIT}},
    "confirmMilestone": {"day": sample.SAMPLE_CONFIRMATION, "today": {}},
    "rejectMilestone": {"rescheduled": sample.SAMPLE_REJECTION, "refused": _REASON},
    "undoMilestoneConfirmation": {"undo": {"reason": "wrong order"}, "nothing": {}},
    "confirmWorkflowMilestone": {"day": sample.SAMPLE_CONFIRMATION, "today": {}},
    "rejectWorkflowMilestone": {"rescheduled": sample.SAMPLE_REJECTION},
    "editTimeline": {"milestones": order.SAMPLE_DATES, "mixed": order.SAMPLE_MIXED_DATES},
    "createTask": {"task": {"task": order.SAMPLE_NEW_TASK}},
    "updateTask": {"due": {"task": {"due_date": "2027-02-10"}}},
    "delayDelivery": {"later": {"reason": "port strike", "delivery_date": "2027-05-21"}},
    "confirmDelivery": {"day": {"delivery_date": "2027-05-14"}},
    "delayShipment": {"later": _LATER},
    "confirmShipment": {"day": {"ship_date": "2027-04-09"}},
    "delayProductionStart": {"later": {"reason": "looms busy", "production_start_date": "2027-03-08"}},
    "confirmProductionStart": {"day": {"production_start_date": "2027-03-01"}},
    "rejectPurchaseOrder": {"refused": _REASON},
}
"""Bodies by operation and name of the sample."""

_REFUSED = {
    **order.SAMPLE_ISSUED["milestones"][0],
    "status": "rejected",
    "rejected_at": order.SAMPLE_ISSUED["created_at"],
    "rejected_by": sample.SAMPLE_ACCEPTANCE["confirmed_by"],
    "rejection_reason": _REASON["reason"],
    "current": False,
    "prompted_at": None,
}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "listTeams": {"team": {"teams": [sample.SAMPLE_TEAM]}},
    "listPurchaseOrders": {"orders": {"purchase_orders": [order.SAMPLE_LISTED]}},
    "createPurchaseOrder": {"issued": {"purchase_order": order.SAMPLE_ISSUED}},
    "getPurchaseOrder": {"order": {"purchase_order": order.SAMPLE_ORDER}},
    "updatePurchaseOrder": {"order": {"purchase_order": order.SAMPLE_EDITED}},
    "issuePurchaseOrder": {"issued": {"purchase_order": order.SAMPLE_ISSUED}},
    "listOrderItems": {"items": {"order_items": order.SAMPLE_ITEMS}},
    "listMilestones": {"milestones": {"milestones": order.SAMPLE_ORDER["milestones"]}},
    "getMilestone": {"milestone": {"milestone": sample.SAMPLE_APPROVAL}},
    "confirmMilestone": {"confirmed": {"milestone": sample.SAMPLE_CONFIRMED}},
    "rejectMilestone": {"rescheduled": {"milestone": sample.SAMPLE_REJECTED}},
    "undoMilestoneConfirmation": {"pending": {"milestone": sample.SAMPLE_UNDONE}},
    "confirmWorkflowMilestone": {"confirmed": {"milestone": sample.SAMPLE_CONFIRMED}},
    "rejectWorkflowMilestone": {"rescheduled": {"milestone": sample.SAMPLE_REJECTED}},
    "editTimeline": {"moved": {"purchase_order": order.SAMPLE_MOVED}},
    "listTasks": {"tasks": {"tasks": [order.SAMPLE_TASK]}},
    "createTask": {"task": {"task": order.SAMPLE_TASK}},
    "getTask": {"task": {"task": order.SAMPLE_TASK}},
    "updateTask": {"task": {"task": {**order.SAMPLE_TASK, "due_date": "2027-02-10"}}},
    "completeTask": {"completed": {"task": order.SAMPLE_COMPLETED}},
    "reopenTask": {"open": {"task": order.SAMPLE_TASK}},
    "listWorkflows": {"workflows": {"workflows": [sample.SAMPLE_WORKFLOW]}},
    "listOrderMilestoneConfigs": {"standard": {"order_milestone_configs": [sample.SAMPLE_CONFIG]}},
    "delayDelivery": {"rescheduled": {"milestone": sample.SAMPLE_DELIVERY_DELAYED}},
    "confirmDelivery": {"confirmed": {"milestone": sample.SAMPLE_DELIVERED}},
    "delayShipment": {"rescheduled": {"milestone": sample.SAMPLE_REJECTED}},
    "confirmShipment": {"confirmed": {"milestone": sample.SAMPLE_SHIPPED}},
    "delayProductionStart": {"rescheduled": {"milestone": sample.SAMPLE_START_DELAYED}},
    "confirmProductionStart": {"confirmed": {"milestone": sample.SAMPLE_STARTED}},
    "rejectPurchaseOrder": {"refused": {"milestone": _REFUSED}},
}
"""Answers by operation and name of the sample."""
