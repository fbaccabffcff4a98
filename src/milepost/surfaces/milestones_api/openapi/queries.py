"""Query parameters as OpenAPI describes them (sections 4, 7.2 and 7.17)."""

from collections.abc import Mapping
from typing import get_args

from milepost.http.openapi import Schema
from milepost.model.urgency import PurchaseOrderStatus
from milepost.surfaces.milestones_api.openapi.answers import DOCUMENTS
from milepost.surfaces.milestones_api.openapi.shapes import TaskStatus
from milepost.surfaces.milestones_api.openapi.words import PARAMETERS

MOST_PAGES = 2**31 - 1
_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_PAGES}
_DAY_OR_MOMENT: Schema = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
_STATUSES: Schema = {
    "type": "array",
    "items": {"type": "string", "enum": list(get_args(PurchaseOrderStatus))},
    "minItems": 1,
}

_PAGING: Mapping[str, Schema] = {
    "page": {**_NUMBER, "default": 1},
    "per_page": {**_NUMBER, "default": 25},
}
_FILTERS: Mapping[str, Mapping[str, Schema]] = {
    "listPurchaseOrders": {
        "filter[created_from]": _DAY_OR_MOMENT,
        "filter[created_to]": _DAY_OR_MOMENT,
        "filter[updated_from]": _DAY_OR_MOMENT,
        "filter[updated_to]": _DAY_OR_MOMENT,
        "filter[status]": _STATUSES,
        "filter[order_number]": {"type": "string"},
    },
    "listTasks": {
        "filter[status]": {"type": "string", "enum": list(get_args(TaskStatus))},
        "filter[milestone_id]": {"type": "string"},
    },
}


def query_parameters(operation: str) -> list[Schema]:
    """All query parameters of the operation; empty when it reads none."""
    document = DOCUMENTS[operation]
    known = {**(_PAGING if document.is_paged else {}), **_FILTERS.get(operation, {})}
    return [_parameter(operation, name, schema) for name, schema in known.items()]


def _parameter(operation: str, name: str, schema: Schema) -> Schema:
    parameter: Schema = {
        "name": name,
        "in": "query",
        "description": PARAMETERS.get((operation, name)) or PARAMETERS["", name],
        "schema": schema,
    }
    return {**parameter, "style": "form", "explode": False} if schema.get("type") == "array" else parameter
