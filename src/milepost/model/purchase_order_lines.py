"""Lines of a purchase order as the Milestones API edits them: pure rules (sections 6.3 and 7.5)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from milepost.kit.errors import Invalid
from milepost.kit.ids import parse_id
from milepost.model.order import NewItem, Reference, StoredItem, StoredOrder
from milepost.model.purchase_order import Place, check_lines

PART: Final = "PRODUCT_REF"
"""The qualifier of the reference that is the `part_id` of a line."""
MOST_LINES: Final = 1000

Faults = list[tuple[str, str]]
"""(path in the body, what is wrong there)."""


class LineWish(Struct, frozen=True, kw_only=True):
    """One entry of `order_items`: a stored line that changes, or a new one."""

    id: str | None = None
    """As it was sent; None: a new line."""
    members: Mapping[str, Any] = {}
    """What was said of `quantity`, `description`, `unit` and `unit_price`, by member of NewItem. What is not here stays
    as it is."""
    part_id: str | UnsetType | None = UNSET


def part_of(item: NewItem) -> str | None:
    """The caller's own id of what the line is of: its first such reference."""
    return next((one.value for one in item.references if one.qualifier == PART), None)


def with_part(references: Sequence[Reference], part_id: str | None) -> tuple[Reference, ...]:
    """References among which `part_id` is the first of its kind, in the place of the one that was; None takes all of
    the kind away."""
    if part_id is None:
        return tuple(one for one in references if one.qualifier != PART)
    new = Reference(PART, part_id)
    place = next((n for n, one in enumerate(references) if one.qualifier == PART), None)
    if place is None:
        return (*references, new)
    return (*references[:place], new, *references[place + 1 :])


def edited_lines(
    order: StoredOrder, wishes: Sequence[LineWish], place: Place
) -> tuple[tuple[StoredItem, ...], Faults]:
    """The lines of the order with the wished changes, new ones last; the very same ones when nothing differs. And
    what is wrong with the wishes, the rules of releases included; then the lines are of no use."""
    stored = {item.id: item for item in order.items}
    changed, added, faults = dict[str, StoredItem](), list[NewItem](), Faults()
    named = dict[str, str]()
    for number, wish in enumerate(wishes):
        path = f"order_items[{number}]"
        if wish.id is None:
            faults += _lacking(path, wish)
            added += [] if faults else [_with_members(NewItem(quantity=wish.members["quantity"]), wish)]
            continue
        item = stored.get(parse_id(wish.id) or "")
        if item is None:
            faults.append((f"{path}.id", "is no line of this order"))
        elif item.id in named:
            faults.append((f"{path}.id", "is named twice"))
        else:
            named[item.id] = path
            changed[item.id] = _with_content(item, _with_members(item.content, wish))
            faults += _emptied(path, item.content, changed[item.id].content)
    if len(order.items) + sum(wish.id is None for wish in wishes) > MOST_LINES:
        faults.append(("order_items", f"an order has at most {MOST_LINES:,} lines"))
    if faults:
        return order.items, faults
    last = max((item.position for item in order.items), default=0)
    lines = (*(changed.get(item.id, item) for item in order.items), *place(added, last))
    faults += _released(order, lines, named)
    return (order.items if not added and lines == order.items else lines), faults


def _lacking(path: str, wish: LineWish) -> Faults:
    """What a new line must have and does not."""
    faults = [] if wish.members.get("quantity") is not None else [(f"{path}.quantity", "is required")]
    if not wish.members.get("description") and wish.part_id in (None, UNSET):
        faults.append((f"{path}.part_id", "is required without a name"))
    return faults


def _emptied(path: str, before: NewItem, after: NewItem) -> Faults:
    """A line that names something goes on naming it; one that another surface left nameless may stay so."""
    if _is_nameless(before) or not _is_nameless(after):
        return []
    return [(f"{path}.part_id", "is required without a name")]


def _is_nameless(item: NewItem) -> bool:
    return not item.description and part_of(item) is None


def _with_members(item: NewItem, wish: LineWish) -> NewItem:
    changed = msgspec.structs.replace(item, **wish.members)
    if wish.part_id is UNSET or wish.part_id == part_of(item):
        return changed
    return msgspec.structs.replace(changed, references=with_part(item.references, wish.part_id))


def _with_content(item: StoredItem, content: NewItem) -> StoredItem:
    return item if content == item.content else msgspec.structs.replace(item, content=content)


_FIELDS: Final = {"amount.value": "quantity", "amount.unit": "unit_of_measure"}
"""What the Orders API calls them, and what they are called here."""


def _released(order: StoredOrder, lines: tuple[StoredItem, ...], named: Mapping[str, str]) -> Faults:
    """What releases took binds the lines here as it does there."""
    after = msgspec.structs.replace(order, items=lines)
    try:
        check_lines(order, after, {item_id: f"{path}." for item_id, path in named.items()})
    except Invalid as refused:
        field = str(refused.facts["field"])
        for theirs, ours in _FIELDS.items():
            field = field.removesuffix(theirs) + ours if field.endswith(theirs) else field
        return [(field, refused.sentence)]
    return []
