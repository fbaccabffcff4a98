"""What tells an order of a file from others: its names, and whether it is the order that is here already."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from milepost.core.archive_tags import Tags
from milepost.kit.errors import Conflict
from milepost.kit.ids import parse_id, ulid
from milepost.model.document import same_json
from milepost.model.order import NewOrder, Tag, external_id
from milepost.model.order_archive import ArchivedOrder, PlainOrder, WantedTag
from milepost.store.order_archive import Name

Brought = ArchivedOrder | PlainOrder
"""An order of a file."""


def number_of(order: Brought) -> str:
    """Its order number."""
    return _content(order).order_number


def names_of(order: Brought) -> Iterator[Name]:
    """What no other order of the team may have."""
    content = _content(order)
    yield "number", content.order_number
    if (external := external_id(content.references)) is not None:
        yield "external", external
    if isinstance(order, ArchivedOrder):
        kind, digits = order.milepost.shopify_kind, order.milepost.shopify_id
        if kind is not None and digits is not None:
            yield kind, str(digits)


def identity_of(order: Brought) -> Iterator[Name]:
    """Its id, if it has one already."""
    if isinstance(order, ArchivedOrder):
        yield "id", order.milepost.id


def wanted_tags(order: Brought) -> Sequence[WantedTag]:
    """Its tags, as the file tells of them."""
    if isinstance(order, PlainOrder):
        return order.tags
    return [WantedTag(parse_id(tag.id), tag.slug, tag.name) for tag in order.tags]


def check_names(order: Brought, owners: Mapping[Name, str]) -> None:
    """Of an order that is not here yet. Raises Conflict `not_unique`."""
    for kind, name in names_of(order):
        if (owner := owners.get((kind, name))) is not None:
            what = {"number": "order number", "external": "external id"}.get(kind, "Shopify id")
            text = f"The {what} {name} belongs to another order"
            raise Conflict("not_unique", text, order_id=owner)


def check_same(stored: ArchivedOrder, told: ArchivedOrder, tags: Tags) -> None:
    """Raises Conflict `differs` unless both tell the same, the bytes of documents judged by their hashes."""
    resolved = tuple(Tag(ulid(tag.id), tag.slug, tag.name) for tag in tags.resolved(wanted_tags(told)))
    beside = msgspec.structs.replace(told.milepost, documents={})
    here, there = _encode(stored), _encode(msgspec.structs.replace(told, tags=resolved, milepost=beside))
    if here == there:
        return
    before, after = _flat(_decode(here)), _flat(_decode(there))
    differing = [name for name, value in before.items() if not same_json(value, after.get(name))]
    if differing:
        text = f"The order is here already and stays as it is: it differs in {', '.join(differing)}"
        raise Conflict("differs", text, order_id=told.milepost.id)


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    inner = document.pop("milepost")
    return {**document, **{f"milepost.{name}": value for name, value in inner.items()}}


def _content(order: Brought) -> ArchivedOrder | NewOrder:
    return order.wish.content if isinstance(order, PlainOrder) else order


_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
