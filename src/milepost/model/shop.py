"""What a shop's word changes when it tells of an order that Milepost already has.

The shop speaks of the members listed here and of the lines it knows. Everything else was set by hand or
over an API and stays: statuses, dates, references, supplier, custom data, a line that never was the shop's.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from milepost.model.order import NewItem, NewOrder, Stop, StoredItem, StoredOrder

T = TypeVar("T", bound=Struct)

ORDER_MEMBERS = ("order_number", "note", "currency", "total_price", "customer")
STOP_MEMBERS = (
    "company_name",
    "line_1",
    "line_2",
    "locality",
    "region",
    "postal_code",
    "country",
    "geolocation",
    "latitude_text",
    "longitude_text",
)
ITEM_MEMBERS = ("description", "sku", "product_id", "quantity", "unit_price")


class Lines(Struct, frozen=True):
    """What becomes of the lines: those that stay with their content from now on, those that leave, those to
    add."""

    kept: tuple[tuple[StoredItem, NewItem], ...]
    gone: tuple[StoredItem, ...]
    added: tuple[NewItem, ...]

    @property
    def changed(self) -> bool:
        return bool(self.gone or self.added) or any(item.content != after for item, after in self.kept)


def retold(stored: StoredOrder, told: NewOrder) -> tuple[NewOrder, Lines]:
    """The order's content after the shop's word, and what becomes of its lines.

    A cancellation is final: the first one counts, whoever made it. The draft flag stays, because a draft
    may have been issued here; and so does the moment the order was placed.
    """
    said = [name for name in ORDER_MEMBERS if name not in told.unsaid]
    ship_to = stored.content.ship_to
    content = msgspec.structs.replace(
        _taking(stored.content, told, said),
        ship_to=ship_to if "ship_to" in told.unsaid else _stop(ship_to, told.ship_to),
        cancelled_at=stored.content.cancelled_at or told.cancelled_at,
    )
    if "items" in told.unsaid:
        return content, Lines(tuple((item, item.content) for item in stored.items), (), ())
    by_place = stored.content.shopify_kind == "DraftOrder"
    return content, (_by_place if by_place else _by_id)(stored.items, told.items)


def _stop(stored: Stop | None, told: Stop | None) -> Stop | None:
    """The shop's address in what else is known of the stop; a stop of which nothing is left is none."""
    stop = _taking(stored or Stop(), told or Stop(), STOP_MEMBERS)
    return None if stop == Stop() else stop


def _by_place(stored: Sequence[StoredItem], told: Sequence[NewItem]) -> Lines:
    """The lines of a Shopify draft have no ids there and meet by their place."""
    pairs = zip(stored, told, strict=False)
    return _sorted_out(pairs, stored[len(told) :], told[len(stored) :])


def _by_id(stored: Sequence[StoredItem], told: Sequence[NewItem]) -> Lines:
    """Lines meet by the shop's id; a stored line without one was added here and stays as it is."""
    left = {item.shopify_line_item_id: item for item in told}
    pairs, gone = list[tuple[StoredItem, NewItem]](), list[StoredItem]()
    for item in stored:
        number = item.content.shopify_line_item_id
        after = item.content if number is None else left.pop(number, None)
        if after is None:
            gone.append(item)
        else:
            pairs.append((item, after))
    return _sorted_out(pairs, gone, list(left.values()))


def _sorted_out(
    pairs: Iterable[tuple[StoredItem, NewItem]], gone: Sequence[StoredItem], added: Sequence[NewItem]
) -> Lines:
    kept = tuple((item, _taking(item.content, after, ITEM_MEMBERS)) for item, after in pairs)
    return Lines(kept, tuple(gone), tuple(added))


def _taking(stored: T, told: T, members: Sequence[str]) -> T:
    """The stored document with these members as told."""
    return msgspec.structs.replace(stored, **{name: getattr(told, name) for name in members})
