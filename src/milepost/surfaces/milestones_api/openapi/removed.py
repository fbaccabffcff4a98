"""The two removed actions (section 7.16), which no endpoint serves: every method on their paths is answered 410."""

from milepost.http.openapi import Schema, component
from milepost.surfaces.milestones_api.openapi.requests import headers_read
from milepost.surfaces.milestones_api.openapi.words import OPERATIONS

_ANSWERS = {"401": "Unauthorized", "410": "Removed", "429": "RateLimited", "500": "InternalError"}


def operation(name: str) -> Schema:
    told = OPERATIONS[name]
    return {
        "operationId": name,
        "tags": [told.tag],
        "summary": "Gone",
        "description": f"{told.about}\n\nNeeds no permission, only a valid key.",
        "deprecated": True,
        "parameters": headers_read(),
        "responses": {status: component("responses", answer) for status, answer in _ANSWERS.items()},
    }
