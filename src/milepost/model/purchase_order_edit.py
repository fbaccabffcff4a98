"""Editing a purchase order: pure rules of PATCH on the Milestones API (section 7.5)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from milepost.kit.errors import Conflict, Faulty
from milepost.kit.ids import parse_id
from milepost.model.key_dates import TARGET_DATES, TargetDate, with_dates
from milepost.model.order import NewOrder, Stop, StoredItem, StoredOrder, Tag
from milepost.model.plan import Occasion
from milepost.model.plan_rules import refuse_while
from milepost.model.purchase_order import Place
from milepost.model.purchase_order_lines import Faults, LineWish, edited_lines
from milepost.model.shapes import ADDRESS, SUPPLIER, complete, is_blank
from milepost.model.urgency import plan_of
from milepost.model.workflow import Workspace

_FROZEN: Final = "can no longer change"


class SupplierWish(Struct, frozen=True, kw_only=True):
    """The supplier as it was sent."""

    id: str
    name: str | UnsetType | None = UNSET


class OrderEdit(Struct, frozen=True, kw_only=True):
    """What a caller says of an order, in the terms of the house. Nothing said (the defaults) means nothing changes.

    The values are judged already, one by one; what depends on the order is judged by `edited`.
    """

    members: Mapping[str, Any] = {}
    """What was said of `order_number`, `name`, `currency`, `incoterms`, `payment_terms`, `shipping_method` and `note`,
    by member of NewOrder; None clears."""
    supplier: SupplierWish | UnsetType | None = UNSET
    """A new id brings a new supplier, with the name that was sent; only the address, which has fields of its own,
    stays."""
    seller: Mapping[str, str | None] = {}
    """The `seller_*` fields that were sent, by member of the supplier's address: `line_1`, `locality`, ..."""
    ships_to: Mapping[str, str | None] | UnsetType | None = UNSET
    """The members that were sent, by member of Stop: those that were not stay. None clears all of the stop."""
    items: tuple[LineWish, ...] = ()
    """`order_items`, in their sequence."""
    workflow_id: str | UnsetType | None = UNSET
    """As it was sent. None: the team's default, on a draft."""
    tags: tuple[str, ...] | None = None
    """Names, all of them; None: nothing was said. `edited` is given the tags themselves."""
    dates: Mapping[TargetDate, date | None] = {}
    """The target dates that were sent."""


def edited(
    workspace: Workspace,
    order: StoredOrder,
    edit: OrderEdit,
    tags: Sequence[Tag] | None,
    on: Occasion,
    place: Place,
) -> StoredOrder:
    """The order as the edit wants it; itself when nothing differs. `tags` are those that the edit names; `place` gives
    new lines their ids.

    Raises Faulty with all that the body says in vain of this order: `order_items[n]...`, `supplier.id`,
    `workflow_id`, `ships_on` (the dates of a draft). Then Conflict `order_not_active` with `status` (canceled);
    `field_frozen` with `errors`; and for dates that milestones carry `already_confirmed` or what `with_dates` raises
    (model/key_dates.py).
    """
    lines, faults = edited_lines(order, edit.items, place)
    workflow_id, more = _workflow_id(workspace, order, edit.workflow_id)
    faults += [
        *_supplier_faults(order.content, edit.supplier),
        *more,
        *_draft_faults(order.content, edit.dates),
    ]
    if faults:
        raise Faulty("The order cannot be changed so", faults)
    refuse_while(order, "canceled")
    after = _with_parts(order, _content(order.content, edit), lines, workflow_id, tags)
    frozen = _frozen(order, after)
    if frozen:
        sentence = f"{', '.join(frozen)} can no longer change"
        raise Conflict("field_frozen", sentence, errors={name: [_FROZEN] for name in frozen})
    return _with_target_dates(after, edit.dates, on)


def _with_parts(
    order: StoredOrder,
    content: NewOrder,
    lines: tuple[StoredItem, ...],
    workflow_id: str | None,
    tags: Sequence[Tag] | None,
) -> StoredOrder:
    same_tags = tags is None or {tag.id for tag in tags} == {tag.id for tag in order.tags}
    after = msgspec.structs.replace(
        order,
        content=content,
        items=lines,
        milestone_workflow_id=workflow_id,
        tags=order.tags if same_tags else tuple(tags or ()),
    )
    return order if after == order else after


# What may no longer change --------------------------------------------------------------------------------


def _frozen(before: StoredOrder, after: StoredOrder) -> list[str]:
    """The fields that would change and may not."""
    if before.content.is_draft:
        return []
    old, new = before.content, after.content
    acceptance = plan_of(before).of_type("acceptance")
    accepted = acceptance is not None and acceptance.is_confirmed
    changed = {
        "order_number": old.order_number != new.order_number,
        "supplier": _named(old) != _named(new),
        "workflow_id": before.milestone_workflow_id != after.milestone_workflow_id,
        "payment_terms": accepted and old.payment_terms not in (None, new.payment_terms),
    }
    return [name for name, is_changed in changed.items() if is_changed]


def _named(content: NewOrder) -> tuple[str | None, str | None]:
    supplier = content.supplier or {}
    return supplier.get("supplier_id"), supplier.get("name")


# The order's own members ----------------------------------------------------------------------------------


def _content(content: NewOrder, edit: OrderEdit) -> NewOrder:
    supplier = _with_supplier(content.supplier, edit.supplier)
    after = msgspec.structs.replace(
        content,
        **edit.members,
        supplier=_with_address(supplier, edit.seller),
        ship_to=_stop(content.ship_to, edit.ships_to),
    )
    return content if after == content else after


def _stop(stop: Stop | None, said: Mapping[str, str | None] | UnsetType | None) -> Stop | None:
    """The stop with what was said; what only other surfaces show of it stays. One that says nothing is none."""
    if said is UNSET:
        return stop
    changed = Stop() if said is None else msgspec.structs.replace(stop or Stop(), **said)
    return None if changed == Stop() else changed


def _supplier_faults(content: NewOrder, wish: SupplierWish | UnsetType | None) -> Faults:
    """No order loses its supplier; one that has none shown may be said to have none."""
    is_taken_away = wish is None and _named(content)[0] is not None
    return [("supplier.id", "is required")] if is_taken_away else []


def _with_supplier(
    supplier: dict[str, Any] | None, wish: SupplierWish | UnsetType | None
) -> dict[str, Any] | None:
    if wish is None or wish is UNSET:
        return supplier
    old = complete(supplier or {}, SUPPLIER) or {}
    new = old
    if old["supplier_id"] not in (None, wish.id):
        new = complete({"address": old["address"]}, SUPPLIER) or {}
    new = new | {"supplier_id": wish.id}
    if wish.name is not UNSET:
        new |= {"name": wish.name}
    return supplier if new == old else new


def _with_address(supplier: dict[str, Any] | None, seller: Mapping[str, str | None]) -> dict[str, Any] | None:
    """The supplier with these members of its address. A part without any value is none, as on the Orders API."""
    old = complete(supplier or {}, SUPPLIER) or {}
    address = complete(old["address"] or {}, ADDRESS) or {}
    if all(address[member] == value for member, value in seller.items()):
        return supplier
    address |= seller
    new = old | {"address": None if is_blank(address) else address}
    return None if is_blank(new) else new


def _workflow_id(
    workspace: Workspace, order: StoredOrder, sent: str | UnsetType | None
) -> tuple[str | None, Faults]:
    """The workflow that the order shall have. The one it has needs not exist any more."""
    present = order.milestone_workflow_id
    if sent is UNSET:
        return present, []
    if sent is None:
        default = workspace.default_workflow if order.content.is_draft else None
        return (default.id if default is not None else None), []
    wanted = parse_id(sent)
    if wanted is None or (wanted != present and wanted not in workspace.workflow):
        return present, [("workflow_id", "no such workflow")]
    return wanted, []


# Target dates ---------------------------------------------------------------------------------------------


def _draft_faults(content: NewOrder, said: Mapping[TargetDate, date | None]) -> Faults:
    """A draft ships, and before it is delivered. Only dates that are new are looked at."""
    if not content.is_draft:
        return []
    if "ships_on" in said and said["ships_on"] is None:
        return [("ships_on", "is required")]
    ships_on = said.get("ships_on", content.ships_on)
    delivered_on = said.get("delivered_on", content.delivered_on)
    changed = (ships_on, delivered_on) != (content.ships_on, content.delivered_on)
    if changed and ships_on is not None and delivered_on is not None and ships_on >= delivered_on:
        return [("ships_on", "must be earlier than delivered_on")]
    return []


def _with_target_dates(
    order: StoredOrder, said: Mapping[TargetDate, date | None], on: Occasion
) -> StoredOrder:
    """Dates that a milestone carries are edits of its key date; the others are kept on the order."""
    plan, kept, wished = plan_of(order), dict[str, date | None](), dict[str, date | None]()
    fixed = list[str]()
    for kind, member in TARGET_DATES.items():
        if member not in said:
            continue
        milestone = plan.of_type(kind)
        if milestone is None:
            kept[member] = said[member]
        elif said[member] != milestone.key_date:
            wished[milestone.id] = said[member]
            fixed += [milestone.id] if milestone.is_confirmed else []
    if fixed:
        raise Conflict("already_confirmed", "The milestone is confirmed", milestone_ids=fixed)
    content = msgspec.structs.replace(order.content, **kept)
    if content != order.content:
        order = msgspec.structs.replace(order, content=content)
    return with_dates(order, wished, on)
