"""The schemas of what requests hold, from the kinds that read them. Parts that occur in several bodies have names."""

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

from milepost.http.openapi import Schema, Schemas, ref
from milepost.http.values import Kind


class Named(Struct, frozen=True):
    """A kind whose schemas have names of their own."""

    kind: Kind
    shown: str
    """The answer whose members it has."""
    name: str
    patch: str = ""
    """Of what a merge patch says of it, where that differs."""


class Inputs:
    """The schemas of what requests hold. Parts that occur in several bodies are named once; a part is known by what
    its schema says, so that it is found wherever a body holds it."""

    def __init__(self, named: Iterable[Named], words: Mapping[tuple[str, str], str]) -> None:
        """`words`: by name of a schema and member (empty: the whole), what is said where the words of the answer do
        not fit."""
        self._words = words
        self._schemas: dict[str, tuple[Schema, str]] = {}
        self._names: dict[str, str] = {}
        for each in named:
            self._name(each.name, each.kind.schema, each.shown)
            if each.patch:
                self._name(each.patch, each.kind.patch_schema, each.shown)

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
            member: {**each, **self._told(name, member, answer)}
            for member, each in schema["properties"].items()
        }
        about = {"description": self._words[name, ""]} if (name, "") in self._words else {}
        return {**about, **schema, "properties": members}

    def _told(self, name: str, member: str, answer: Schema) -> Schema:
        about = self._words.get((name, member)) or answer["properties"].get(member, {}).get("description")
        return {"description": about} if about else {}


def _spelled(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True)
