"""An order's line item statuses in one document, for a shop's metafield (Status API, section 22.9)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, localcontext

import msgspec
from msgspec import Struct

from milepost.model.order import shopify_gid
from milepost.model.workflow import Status, SubStatusOption, Workspace

_EXACT = Context(prec=100)
"""Digits enough to add quantities (20 + 10 digits each) without rounding."""


class MetafieldItem(Struct, frozen=True):
    """What the summary needs of one line item. `name` is its description."""

    id: str
    shopify_line_item_id: int | None
    name: str | None
    quantity: Decimal
    status_id: str | None = None
    sub_status_id: str | None = None


def build(workspace: Workspace, order_id: str, items: Sequence[MetafieldItem]) -> str:
    """The metafield as JSON text; `items` come in the order's own sequence.

    Same state, same bytes: keys always stand in the contract's sequence and a quantity is written in one way
    only, without trailing zeros, as an integer when it is whole. Statuses and options must be the workspace's
    (KeyError otherwise: a summary that leaves something out would be wrong and look right).
    """
    with localcontext(_EXACT):
        value = _Value(
            version=1,
            order_id=order_id,
            item_count=len(items),
            quantity=_total(items),
            statuses=_statuses(workspace, items),
            unassigned=_count([item for item in items if item.status_id is None]),
            line_items=[_line_item(workspace, item) for item in items],
        )
    return msgspec.json.encode(_Metafield("milepost", "line_item_statuses", "json", value)).decode()


# The document: fields stand in the sequence in which they are written.


class _Count(Struct, frozen=True):
    item_count: int
    quantity: msgspec.Raw


class _SubStatusCount(Struct, frozen=True):
    id: str
    name: str
    item_count: int
    quantity: msgspec.Raw


class _StatusCount(Struct, frozen=True):
    id: str
    name: str
    display_name: str
    color: str
    item_count: int
    quantity: msgspec.Raw
    sub_statuses: list[_SubStatusCount]


class _StatusName(Struct, frozen=True):
    id: str
    name: str
    display_name: str
    color: str


class _SubStatusName(Struct, frozen=True):
    id: str
    name: str


class _LineItem(Struct, frozen=True):
    id: str
    shopify_line_item_id: str | None
    name: str | None
    quantity: msgspec.Raw
    status: _StatusName | None
    sub_status: _SubStatusName | None


class _Value(Struct, frozen=True):
    version: int
    order_id: str
    item_count: int
    quantity: msgspec.Raw
    statuses: list[_StatusCount]
    unassigned: _Count
    line_items: list[_LineItem]


class _Metafield(Struct, frozen=True):
    namespace: str
    key: str
    type: str
    value: _Value


def _statuses(workspace: Workspace, items: Iterable[MetafieldItem]) -> list[_StatusCount]:
    held = [(workspace.status[item.status_id], item) for item in items if item.status_id is not None]
    used = {status.id: status for status, _ in held}
    return [
        _status(workspace, status, [item for other, item in held if other.id == status.id])
        for status in sorted(used.values(), key=_place)
    ]


def _status(workspace: Workspace, status: Status, items: Sequence[MetafieldItem]) -> _StatusCount:
    return _StatusCount(
        id=status.id,
        name=status.name,
        display_name=status.display_name,
        color=status.color,
        item_count=len(items),
        quantity=_total(items),
        sub_statuses=_sub_statuses(workspace.option, items),
    )


def _sub_statuses(
    options: Mapping[str, SubStatusOption], items: Iterable[MetafieldItem]
) -> list[_SubStatusCount]:
    by_option: dict[str, list[MetafieldItem]] = {}
    for item in items:
        if item.sub_status_id is not None:
            by_option.setdefault(item.sub_status_id, []).append(item)
    return [
        _SubStatusCount(option.id, option.name, len(by_option[option.id]), _total(by_option[option.id]))
        for option in sorted((options[option_id] for option_id in by_option), key=_place)
    ]


def _line_item(workspace: Workspace, item: MetafieldItem) -> _LineItem:
    status = workspace.status[item.status_id] if item.status_id is not None else None
    option = workspace.option[item.sub_status_id] if item.sub_status_id is not None else None
    return _LineItem(
        id=item.id,
        shopify_line_item_id=shopify_gid("LineItem", item.shopify_line_item_id),
        name=item.name,
        quantity=_number(item.quantity),
        status=_StatusName(status.id, status.name, status.display_name, status.color) if status else None,
        sub_status=_SubStatusName(option.id, option.name) if option else None,
    )


def _count(items: Sequence[MetafieldItem]) -> _Count:
    return _Count(len(items), _total(items))


def _total(items: Iterable[MetafieldItem]) -> msgspec.Raw:
    return _number(sum((item.quantity for item in items), Decimal(0)))


def _number(value: Decimal) -> msgspec.Raw:
    """The JSON number: all its digits, no exponent, no trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return msgspec.Raw(text.encode())


def _place(thing: Status | SubStatusOption) -> tuple[int, str]:
    return thing.order, thing.id
