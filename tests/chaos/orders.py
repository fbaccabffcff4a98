"""What a client knows of an order from the answers it got."""

from collections.abc import Iterator
from typing import Any

from milepost.kit.ids import ulid
from tests.chaos.caller import Answer

_DERIVED = "available_amount"


class Order:
    """One order as answered; `parent` is the order that it was released from, which gives its item back when this
    order is canceled."""

    def __init__(self, answer: Answer, parent: "Order | None" = None, parent_item_id: str = "") -> None:
        document = answer.json
        self.id: str = document["id"]
        self.number: str = document["order_number"]
        self.has_supplier = document["supplier"] is not None
        self.parent = parent
        self._parent_item_id = parent_item_id
        self.children = 0
        self.changes = 0
        self.moves = 0
        self.status_id: str | None = None
        self.is_canceled = False
        self.etag: str | None = None
        """As told last; None when something unknown happened since."""
        self._document: Any = None
        """The whole order as told last, unless it changed since."""
        self._names: set[str | None] = set()
        self._description: str | None = None
        self.items: dict[str, dict[str, Any]] = {}
        self.legs: dict[str, dict[str, Any]] = {}
        self.taken: dict[str, int] = {}
        """How many releases hold one of an item."""
        self.was_answered(answer)

    @property
    def may_have_children(self) -> bool:
        return self.has_supplier and self.parent is None

    @property
    def is_on_its_way(self) -> bool:
        return any(leg["transit_status"] is not None for leg in self.legs.values())

    @property
    def available(self) -> list[str]:
        """Ids of the items of which one can be released."""
        return [
            item_id
            for item_id, item in self.items.items()
            if self.taken.get(item_id, 0) < int(item["amount"]["value"])
        ]

    @property
    def document_to_put(self) -> dict[str, Any]:
        """What a PUT must say so that the order keeps what this does not know of."""
        supplier = {"name": "Birchline Mill", "supplier_id": "SUP-31"} if self.has_supplier else None
        return {"order_number": self.number, "ship_to": {"company_name": "Harbor Row"}, "supplier": supplier}

    def was_answered(self, answer: Answer) -> None:
        """The whole order."""
        document = answer.json
        self._changed(answer.etag)
        self._document = document
        self._names, self._description = {document["name"]}, document["description"]
        self.items = {item["id"]: item for item in document["items"]}

    def may_be_named(self, name: str) -> None:
        self._changed(None)
        self._names.add(name)

    def item_was_answered(self, answer: Answer) -> None:
        self._changed(answer.etag)
        self.items[answer.json["id"]] = answer.json

    def item_is_gone(self, item_id: str) -> None:
        self._changed(None)
        del self.items[item_id]

    def leg_was_answered(self, answer: Answer, item_id: str | None = None) -> None:
        self._changed(answer.etag)
        self.legs[answer.json["id"]] = answer.json
        if item_id is not None:
            self.taken[item_id] = self.taken.get(item_id, 0) + 1

    def child_was_answered(self, answer: Answer, item_id: str) -> None:
        self._changed(answer.etag)
        self.children += 1
        self.taken[item_id] = self.taken.get(item_id, 0) + 1

    def was_canceled(self, answer: Answer) -> None:
        self.was_answered(answer)
        self.is_canceled = True
        if self.parent is not None:
            self.parent.was_given_back(self._parent_item_id)

    def was_given_back(self, item_id: str) -> None:
        self._changed(None)
        self.taken[item_id] -= 1
        if not self.taken[item_id]:
            del self.taken[item_id]

    def was_moved(self, status_id: str) -> None:
        self._changed(None)
        self.moves += 1
        self.status_id = status_id

    def _changed(self, etag: str | None) -> None:
        self.changes += 1
        self.etag = etag
        self._document = None

    def differences(self, answer: Answer) -> Iterator[str]:
        """In what the order that is read now differs from what was answered."""
        if answer.status != 200:
            yield f"it is answered {answer.status}"
            return
        document = answer.json
        if self._document is not None and document != self._document:
            yield f"{document} instead of {self._document}"
        if self.etag is not None and answer.etag != self.etag:
            yield f"ETag {answer.etag} instead of {self.etag}"
        if document["name"] not in self._names or document["description"] != self._description:
            yield f"name {document['name']}, description {document['description']}"
        if (document["status"] == "CANCELED") != self.is_canceled:
            yield f"status {document['status']}"
        items = {item["id"]: _apart(item) for item in document["items"]}
        known = {item_id: _apart(item) for item_id, item in self.items.items()}
        if items != known:
            yield f"items {items} instead of {known}"
        legs = {one["id"]: one for one in document["releases"] if one["release_type"] == "TRANSPORTATION"}
        if legs != self.legs:
            yield f"legs {legs} instead of {self.legs}"

    def __repr__(self) -> str:
        return f"<{self.number} {ulid(self.id)}>"


def _apart(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != _DERIVED}
