"""The sentences of the OpenAPI document."""

from collections.abc import Mapping

from msgspec import Struct


class Words(Struct, frozen=True):
    """What an operation does, for people."""

    tag: str
    about: str


TAGS = {
    "Teams": "The key's team.",
    "Purchase orders": "Create orders, read them, change them, issue them.",
    "Milestones": "Confirm, reject, take back, move dates.",
    "Tasks": "What is to be done for an order, perhaps before a milestone of it may be confirmed.",
    "Workflows": "Where a script reads its workflow milestone ids once.",
    "Deprecated": "Older names of what `Milestones` and `Workflows` do. They still work, and tell in `Link` what to "
    "call instead. Two of them are gone.",
}

_CONFIRMING = (
    "Says that the milestone happened, today or on `date`; its key date stays. Every earlier milestone must be "
    "confirmed and its required tasks completed. If it names a status, the order enters that in the same step, under "
    "the rules of the Status API. Dates of other milestones can be moved along with it. Confirming again, without "
    "`date` or with the same, changes nothing and is answered with 200."
)
_REJECTING = (
    "On the acceptance milestone: refuses the order. On any other: says that it will not happen as planned, and moves "
    "its key date to `date`, today or later, which is kept as a delay record; possible before its turn, and without "
    "`date` only if it has no key date. The same rejection again changes nothing and is answered with 200."
)
_DEPRECATED = "The order's {} milestone, {} as by `POST …/milestones/{{milestone_id}}/{}`. {}"
_SPELLED = "`date` may also be spelt `{}`."
_GONE = (
    "Answered 410 by whichever method, for any ids, with any valid key. It moved a milestone that no workflow has any "
    "more; it is a task now."
)


def _confirms(kind: str, spelling: str) -> Words:
    return Words("Deprecated", _DEPRECATED.format(kind, "confirmed", "confirm", _SPELLED.format(spelling)))


def _delays(kind: str, spelling: str) -> Words:
    return Words("Deprecated", _DEPRECATED.format(kind, "rejected", "reject", _SPELLED.format(spelling)))


OPERATIONS: Mapping[str, Words] = {
    "listTeams": Words("Teams", "Always exactly the key's own team."),
    "listPurchaseOrders": Words(
        "Purchase orders",
        "Every order of the team, oldest first, whichever surface made it, drafts, canceled and archived ones too, "
        "without their milestones. Filters combine with AND.",
    ),
    "createPurchaseOrder": Words(
        "Purchase orders",
        "Makes the order with its lines and issues it at once, unless `draft` is true. Unknown tags are created; "
        "without `order_number` it gets the team's next free number.",
    ),
    "getPurchaseOrder": Words("Purchase orders", "With all its milestones."),
    "updatePurchaseOrder": Words(
        "Purchase orders",
        "What is left out stays, null empties a field. After issue `order_number`, `supplier` and `workflow_id` are "
        "frozen, `payment_terms` once the order is accepted; `ships_on` and `delivered_on` move the key dates of "
        "the milestones that carry them. In `order_items` an entry with `id` changes that line, one without adds a "
        "line, and others stay.",
    ),
    "issuePurchaseOrder": Words(
        "Purchase orders",
        "A draft is issued and gets its milestones. An issued order is issued again: its acceptance milestone is "
        "prompted anew. Of a refused order the acceptance milestone is pending again. Takes no body.",
    ),
    "listOrderItems": Words("Purchase orders", "Oldest first, whichever surface made them."),
    "listMilestones": Words(
        "Milestones", "By position; none for a draft and for an order without a workflow."
    ),
    "getMilestone": Words("Milestones", "A milestone of another order is not found."),
    "confirmMilestone": Words("Milestones", _CONFIRMING),
    "rejectMilestone": Words("Milestones", _REJECTING),
    "undoMilestoneConfirmation": Words(
        "Milestones",
        "Takes back the order's newest confirmation: the milestone is what it was before, and a status that the "
        "confirmation entered is left again if none came after. Key dates, notes, delays and tasks stay.",
    ),
    "confirmWorkflowMilestone": Words(
        "Milestones", f"The order's milestone that was copied from this workflow milestone. {_CONFIRMING}"
    ),
    "rejectWorkflowMilestone": Words(
        "Milestones", f"The order's milestone that was copied from this workflow milestone. {_REJECTING}"
    ),
    "editTimeline": Words(
        "Milestones",
        "Moves dates of several milestones at once, all or none. Milestones can be named by type, by their own ids or "
        "by those of the workflow, mixed. On an unconfirmed one a value is the new key date, null empties it, and a "
        "past date makes it late. On a confirmed one a value corrects the day it happened. At least one date is "
        "needed.",
    ),
    "listTasks": Words("Tasks", "Oldest first."),
    "createTask": Words("Tasks", "A required task blocks its milestone while it is open."),
    "getTask": Words("Tasks", "A task of another order is not found."),
    "updateTask": Words(
        "Tasks", "What is left out stays. `status` changes by completing and reopening only."
    ),
    "completeTask": Words("Tasks", "A repeat changes nothing. Takes no body."),
    "reopenTask": Words(
        "Tasks", "A repeat changes nothing. Takes no body. No milestone is unconfirmed by it."
    ),
    "listWorkflows": Words("Workflows", "By position. Workflows are edited in the dashboard or by the CLI."),
    "listOrderMilestoneConfigs": Words(
        "Deprecated",
        "A frozen record of the scheme that preceded workflows; nothing acts on it. All of it, without pages. "
        "Workflows took its place.",
    ),
    "delayDelivery": _delays("delivery", "delivery_date"),
    "confirmDelivery": _confirms("delivery", "delivery_date"),
    "delayShipment": _delays("shipment", "ship_date"),
    "confirmShipment": _confirms("shipment", "ship_date"),
    "delayProductionStart": _delays("production start", "production_start_date"),
    "confirmProductionStart": _confirms("production start", "production_start_date"),
    "rejectPurchaseOrder": Words(
        "Deprecated", _DEPRECATED.format("acceptance", "rejected", "reject", "`date` is ignored.")
    ),
    "delayShipDate": Words("Deprecated", _GONE),
    "confirmShipDate": Words("Deprecated", _GONE),
}

PATH_PARAMETERS = {
    "team_id": "The key's team.",
    "order_id": "The order's id.",
    "milestone_id": "The id of a milestone of this order.",
    "workflow_milestone_id": "The id of a milestone of the order's workflow.",
    "task_id": "The task's id.",
}

PARAMETERS: Mapping[tuple[str, str], str] = {
    ("", "page"): "Which page, from 1.",
    ("", "per_page"): "How many a page holds; more than 100 is taken as 100.",
    ("", "filter[created_from]"): "Created on this day (UTC) or later, or at this moment or later.",
    ("", "filter[created_to]"): "Created on this day (UTC) or earlier, or at this moment or earlier.",
    ("", "filter[updated_from]"): "Last changed on this day (UTC) or later, or at this moment or later.",
    ("", "filter[updated_to]"): "Last changed on this day (UTC) or earlier, or at this moment or earlier.",
    ("", "filter[status]"): "One or several statuses, separated by commas.",
    ("listTasks", "filter[status]"): "Only open tasks, or only completed ones.",
    ("", "filter[order_number]"): "Exactly this number; letter case counts.",
    ("", "filter[milestone_id]"): "Tasks of this milestone. An id that names nothing matches nothing.",
}
"""By operation (empty: any) and name."""

_DAY = "The day it happened, today unless told otherwise."
_NEW_DAY = (
    "The new key date, today or later; needed unless the milestone has none, ignored for the acceptance."
)
_SPELLING = "Another spelling of `date`."
_REASON = "Why; not blank."
_BY_ID = "Dates of other milestones, by their ids; null empties a key date."
_BY_TEMPLATE = "The same, by the ids of the workflow's milestones."
_FROZEN = "After issue only the present value."


def _act(name: str, day: str, spelling: str | None = None) -> dict[tuple[str, str], str]:
    """The words of a confirmation or rejection."""
    told = {
        (name, "date"): day,
        (name, "note"): "Kept with the milestone.",
        (name, "reason"): _REASON,
        (name, "order_milestone_key_dates"): _BY_ID,
        (name, "workflow_order_milestone_key_dates"): _BY_TEMPLATE,
    }
    return told if spelling is None else {**told, (name, spelling): _SPELLING}


INPUTS: Mapping[tuple[str, str], str] = {
    ("NewPurchaseOrder", ""): "Null counts as left out.",
    (
        "NewPurchaseOrder",
        "order_number",
    ): "The team's next free one unless given: `PO-000001`, `PO-000002`, ...",
    ("NewPurchaseOrder", "order_items"): "Its lines, in their sequence.",
    ("NewPurchaseOrder", "ships_on"): "Earlier than the target delivery date, if that is given.",
    ("NewPurchaseOrder", "delivered_on"): "The target delivery date.",
    ("NewPurchaseOrder", "delivery_date"): "Another spelling of `delivered_on`.",
    ("NewPurchaseOrder", "supplier"): "Who makes the goods, by your own id.",
    ("NewPurchaseOrder", "currency"): "Three letters.",
    ("NewPurchaseOrder", "tags"): "Names; unknown ones are created.",
    ("NewPurchaseOrder", "workflow_id"): "The team's default workflow unless told otherwise.",
    ("NewPurchaseOrder", "draft"): "Whether it is kept as a draft instead of being issued.",
    ("NewOrderItem", ""): "`part_id` or `name` says what it is of.",
    ("PurchaseOrderEdit", ""): "What is left out stays; null empties what can be empty.",
    ("PurchaseOrderEdit", "order_number"): _FROZEN,
    ("PurchaseOrderEdit", "supplier"): _FROZEN,
    ("PurchaseOrderEdit", "workflow_id"): _FROZEN,
    ("PurchaseOrderEdit", "payment_terms"): "Frozen once the order is accepted, unless it is empty.",
    ("PurchaseOrderEdit", "order_items"): "Lines to change, by `id`, and new lines without one.",
    ("PurchaseOrderEdit", "currency"): "Three letters.",
    ("PurchaseOrderEdit", "tags"): "All its tags, by name; unknown ones are created.",
    ("PurchaseOrderEdit", "delivery_date"): "Another spelling of `delivered_on`.",
    **_act("Confirmation", _DAY),
    **_act("Rejection", _NEW_DAY),
    **_act("ProductionStartConfirmation", _DAY, "production_start_date"),
    **_act("ProductionStartDelay", _NEW_DAY, "production_start_date"),
    **_act("ShipmentConfirmation", _DAY, "ship_date"),
    **_act("ShipmentDelay", _NEW_DAY, "ship_date"),
    **_act("DeliveryConfirmation", _DAY, "delivery_date"),
    **_act("DeliveryDelay", _NEW_DAY, "delivery_date"),
    ("Undo", "reason"): "Told in the event.",
    (
        "TimelineEdit",
        "",
    ): "A value is a date or null. The families may be mixed, if they do not contradict each other.",
    ("TimelineEdit", "production_start_date"): "Of the production start milestone.",
    ("TimelineEdit", "ship_date"): "Of the shipment milestone.",
    ("TimelineEdit", "ships_on"): "Another spelling of `ship_date`.",
    ("TimelineEdit", "delivery_date"): "Of the delivery milestone.",
    ("TimelineEdit", "delivered_on"): "Another spelling of `delivery_date`.",
    ("TimelineEdit", "order_milestone_key_dates"): "By the order's milestones' ids; preferred.",
    ("TimelineEdit", "workflow_order_milestone_key_dates"): "By the workflow's milestones' ids; preferred.",
    ("TimelineEdit", "reason"): "Kept in the delay records that this writes.",
    ("TimelineEdit", "note"): "Kept in the delay records that this writes.",
    ("NewTask", "due_date"): "Not after the key date of its milestone.",
    ("NewTask", "required"): "Needs a milestone, which it then blocks while it is open.",
    ("TaskEdit", ""): "What is left out stays; null empties what can be empty.",
    ("TaskEdit", "due_date"): "Not after the key date of its milestone.",
    ("TaskEdit", "required"): "Needs a milestone, which it then blocks while it is open.",
}
"""By request schema and member (empty: the whole), where an answer's words do not fit."""
