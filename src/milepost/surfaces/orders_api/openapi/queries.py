"""Query parameters as OpenAPI describes them: what reads them is asked what it asks for."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from milepost.http.openapi import Schema
from milepost.http.scalars import NOT_BLANK
from milepost.surfaces.orders_api import deliveries, events, orders
from milepost.surfaces.orders_api.openapi.words import PARAMETERS
from milepost.surfaces.orders_api.parameters import DEEPEST, DEFAULT_LIMIT, MOST_VALUES, Page, Query
from milepost.surfaces.orders_api.scalars import identifier


def _paged(query: Query) -> Page:
    """What a list without filters reads."""
    return query.page()


READERS: Mapping[str, Callable[[Query], object]] = {
    "listOrders": orders.wanted_orders,
    "listOrderItems": _paged,
    "listReleases": _paged,
    "listTags": _paged,
    "listEvents": events.wanted_events,
    "listWebhooks": _paged,
    "listDeliveries": deliveries.wanted_deliveries,
}
"""What reads the query, by operation."""

COMPARISONS = {"gt": "After", "gte": "At or after", "lt": "Before", "lte": "At or before"}

_TEXT: Schema = {"type": "string", "minLength": 1, "pattern": NOT_BLANK}
_INSTANT: Schema = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
}
_DAY: Schema = {"type": "string", "format": "date"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}


def query_parameters(operation: str) -> list[Schema]:
    """All query parameters of the operation; empty when it reads none."""
    reader = READERS.get(operation)
    if reader is None:
        return []
    query = _Noting(operation)
    reader(query)
    return query.noted


class _Noting(Query):
    """A query in which nothing is sent. What it is asked for is noted."""

    def __init__(self, operation: str) -> None:
        super().__init__({})
        self.noted: list[Schema] = []
        self._operation = operation

    def page(self, *, most: int = 100, numbered: bool = False) -> Page:
        bounds = {"type": "integer", "minimum": 1}
        self._note("limit", {**bounds, "maximum": most, "default": DEFAULT_LIMIT})
        if numbered:
            self._note("page", {**bounds, "maximum": DEEPEST, "default": 1})
        return super().page(most=most, numbered=numbered)

    def one(self, name: str) -> str | None:
        self._note(name, _TEXT)
        return super().one(name)

    def many(self, name: str) -> list[str] | None:
        self._note_several(name, _TEXT)
        return super().many(name)

    def id(self, name: str) -> str | None:
        self._note(name, identifier().schema)
        return super().id(name)

    def ids(self, name: str) -> list[str] | None:
        self._note_several(name, identifier().schema)
        return super().ids(name)

    def choice(self, name: str, words: Collection[str]) -> str | None:
        self._note(name, _one_of(words))
        return super().choice(name, words)

    def choices(self, name: str, words: Collection[str]) -> list[str] | None:
        self._note_several(name, _one_of(words))
        return super().choices(name, words)

    def flag(self, name: str) -> bool | None:
        self._note(name, {"type": "boolean"})
        return None

    def instants(self, name: str) -> Any:
        self._note_span(name, _INSTANT)
        return super().instants(name)

    def dates(self, name: str) -> Any:
        self._note_span(name, _DAY)
        return super().dates(name)

    def numbers(self, name: str) -> Any:
        self._note_span(name, _NUMBER)
        return super().numbers(name)

    def _note_several(self, name: str, schema: Schema) -> None:
        self._note(name, schema)
        several = {"type": "array", "items": schema, "minItems": 1, "maxItems": MOST_VALUES}
        about = f"Any of these values of `{name}`, separated by commas; not together with `{name}`."
        self._note(f"{name}.in", several, about)

    def _note_span(self, name: str, schema: Schema) -> None:
        self._note(name, schema)
        for comparison, word in COMPARISONS.items():
            self._note(f"{name}.{comparison}", schema, f"{word} this `{name}`.")

    def _note(self, name: str, schema: Schema, about: str | None = None) -> None:
        parameter: Schema = {
            "name": name,
            "in": "query",
            "description": about or _about(self._operation, name),
            "schema": schema,
        }
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        self.noted.append(parameter)


def _one_of(words: Collection[str]) -> Schema:
    return {"type": "string", "enum": list(words)}


def _about(operation: str, name: str) -> str:
    return PARAMETERS.get((operation, name)) or PARAMETERS["", name]
