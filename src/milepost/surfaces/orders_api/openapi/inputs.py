"""The schemas of what requests hold, from the kinds that read them. Parts that occur in several bodies have names."""

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from milepost.http.openapi import Schema, Schemas, ref
from milepost.surfaces.orders_api import documents, webhook_bodies
from milepost.surfaces.orders_api.openapi.words import INPUTS
from milepost.surfaces.orders_api.values import Kind


class _Named(Struct, frozen=True):
    """A kind whose schemas have names of their own."""

    kind: Kind
    shown: str
    """The answer whose members it has."""
    name: str
    patch: str = ""
    """Of what a merge patch says of it, where that differs."""


def _parts(kinds: Mapping[str, Kind]) -> Iterator[_Named]:
    for shown, kind in kinds.items():
        yield _Named(kind, shown, f"{shown}Input", f"{shown}Patch")


_NAMED = (
    _Named(documents.NEW_ORDER, "Order", "NewOrder"),
    _Named(documents.ORDER, "Order", "OrderReplacement", "OrderPatch"),
    _Named(documents.NEW_LEG, "TransportationRelease", "NewTransportationRelease"),
    _Named(documents.NEW_CHILD, "Order", "NewPurchaseOrderRelease"),
    _Named(documents.LEG_CHANGE, "TransportationRelease", "ReleaseChange", "ReleasePatch"),
    _Named(documents.NEW_TAG, "Tag", "NewTag"),
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


class Inputs:
    """The schemas of what requests hold. Parts that occur in several bodies are named once; a part is known by what
    its schema says, so that it is found wherever a body holds it."""

    def __init__(self) -> None:
        self._schemas: dict[str, tuple[Schema, str]] = {}
        self._names: dict[str, str] = {}
        for named in _NAMED:
            self._name(named.name, named.kind.schema, named.shown)
            if named.patch:
                self._name(named.patch, named.kind.patch_schema, named.shown)

    def _name(self, name: str, schema: Schema, shown: str) -> None:
        if self._names.setdefault(_spelled(schema), name) == name:
            self._schemas[name] = (schema, shown)

    def components(self, answers: Schemas) -> Schemas:
        """All that have names. Members are told in the words of the answer that shows them."""
        return {
            name: self._described(name, self._within(schema), answers[shown])
            for name, (schema, shown) in self._schemas.items()
        }

    def of(self, schema: Schema) -> Schema:
        """The schema, by its name if it has one, with names for its parts."""
        if name := self._names.get(_spelled(schema)):
            return ref(name)
        if isinstance(kinds := schema.get("type"), list) and kinds[-1] == "null":
            [*others, _] = kinds
            whole = {**schema, "type": others[0] if len(others) == 1 else others}
            if name := self._names.get(_spelled(whole)):
                return {"anyOf": [ref(name), {"type": "null"}]}
        return self._within(schema)

    def _within(self, schema: Schema) -> Schema:
        found = dict(schema)
        if "properties" in schema:
            found["properties"] = {name: self.of(each) for name, each in schema["properties"].items()}
        if "items" in schema:
            found["items"] = self.of(schema["items"])
        for rule in ("anyOf", "oneOf"):
            if rule in schema:
                found[rule] = [self.of(each) for each in schema[rule]]
        return found

    def _described(self, name: str, schema: Schema, answer: Schema) -> Schema:
        members = {
            member: {**each, **_told(name, member, answer)} for member, each in schema["properties"].items()
        }
        about = {"description": INPUTS[name, ""]} if (name, "") in INPUTS else {}
        return {**about, **schema, "properties": members}


def _told(name: str, member: str, answer: Schema) -> Schema:
    about = INPUTS.get((name, member)) or answer["properties"].get(member, {}).get("description")
    return {"description": about} if about else {}


def _spelled(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True)
