"""What is answered, by operation: documents and their headers (sections 4, 6 and 7)."""

from collections.abc import Mapping

from msgspec import Struct

from milepost.http.openapi import LIMITS, Schema, Schemas, document_schemas, ref
from milepost.surfaces.milestones_api.call import Endpoint
from milepost.surfaces.milestones_api.openapi import examples, refusing, shapes, workflow_shapes
from milepost.surfaces.milestones_api.openapi.headers import PAGED, SUPERSEDED, named_headers
from milepost.surfaces.milestones_api.openapi.refusing import closed


class Document(Struct, frozen=True):
    """The answer's one member: its name, what it holds, and whether that is a list."""

    member: str
    shape: type[Struct]
    is_list: bool = False
    is_paged: bool = False


def _one(member: str, shape: type[Struct]) -> Document:
    return Document(member, shape)


def _page(member: str, shape: type[Struct]) -> Document:
    return Document(member, shape, is_list=True, is_paged=True)


_ORDER = _one("purchase_order", shapes.PurchaseOrder)
_MILESTONE = _one("milestone", shapes.Milestone)
_TASK = _one("task", shapes.Task)

DOCUMENTS: Mapping[str, Document] = {
    "listTeams": _page("teams", workflow_shapes.Team),
    "listPurchaseOrders": _page("purchase_orders", shapes.ListedPurchaseOrder),
    "createPurchaseOrder": _ORDER,
    "getPurchaseOrder": _ORDER,
    "updatePurchaseOrder": _ORDER,
    "issuePurchaseOrder": _ORDER,
    "listOrderItems": _page("order_items", shapes.OrderItem),
    "listMilestones": _page("milestones", shapes.Milestone),
    "getMilestone": _MILESTONE,
    "confirmMilestone": _MILESTONE,
    "rejectMilestone": _MILESTONE,
    "undoMilestoneConfirmation": _MILESTONE,
    "confirmWorkflowMilestone": _MILESTONE,
    "rejectWorkflowMilestone": _MILESTONE,
    "editTimeline": _ORDER,
    "listTasks": _page("tasks", shapes.Task),
    "createTask": _TASK,
    "getTask": _TASK,
    "updateTask": _TASK,
    "completeTask": _TASK,
    "reopenTask": _TASK,
    "listWorkflows": _page("workflows", workflow_shapes.Workflow),
    "listOrderMilestoneConfigs": Document(
        "order_milestone_configs", workflow_shapes.OrderMilestoneConfig, is_list=True
    ),
    "delayDelivery": _MILESTONE,
    "confirmDelivery": _MILESTONE,
    "delayShipment": _MILESTONE,
    "confirmShipment": _MILESTONE,
    "delayProductionStart": _MILESTONE,
    "confirmProductionStart": _MILESTONE,
    "rejectPurchaseOrder": _MILESTONE,
}
"""What 200 and 201 hold, by operation."""


def answer_schemas() -> Schemas:
    """The schemas of all that is answered."""
    return document_schemas({each.shape for each in DOCUMENTS.values()}) | refusing.refusal_schemas()


def responses(endpoint: Endpoint, *, has_query: bool) -> dict[str, Schema]:
    """All answers of the endpoint, by status."""
    success = {str(endpoint.success): _success(endpoint, DOCUMENTS[endpoint.operation])}
    return success | refusing.refusals_of(endpoint, has_query=has_query)


_DONE = {200: "Done.", 201: "Created."}


def _success(endpoint: Endpoint, document: Document) -> Schema:
    samples = {name: {"value": sample} for name, sample in examples.ANSWERS[endpoint.operation].items()}
    return {
        "description": _DONE[endpoint.success],
        "headers": named_headers(*_header_names(endpoint, document)),
        "content": {"application/json": {"schema": _schema(document), "examples": samples}},
    }


def _schema(document: Document) -> Schema:
    held = ref(document.shape)
    if not document.is_list:
        return closed({document.member: held})
    bound = {"maxItems": 100} if document.is_paged else {}
    return closed({document.member: {"type": "array", "items": held, **bound}})


def _header_names(endpoint: Endpoint, document: Document) -> list[str]:
    names = ["X-Request-Id", *LIMITS]
    if document.is_paged:
        names += [*PAGED, "Pages"]
    if endpoint.operation == "createPurchaseOrder":
        names.append("Location")
    if endpoint.deprecated:
        names += SUPERSEDED
    return names
