"""A Shopify export as its records: the shapes of the Admin REST API's JSON, each record read by itself.

A file is one of `{"orders": [...]}`, `{"order": {...}}`, `{"draft_orders": [...]}`, `{"draft_order": {...}}`.
What the shapes do not name is skipped; what a record leaves out is told apart from what it says is null,
because exports can be limited to some members.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from milepost.model.order import ShopifyKind

Text = str | int | float | None
"""Where exports differ in whether digits are text."""

_ABSENT = Raw(b"null")


class Fault(Exception):
    """A record that cannot be taken in; the message names the member and says what is wrong with it."""


class Address(Struct):
    first_name: Text = None
    last_name: Text = None
    name: Text = None
    company: Text = None
    address1: Text = None
    address2: Text = None
    city: Text = None
    province: Text = None
    zip: Text = None
    country: Text = None
    phone: Text = None
    latitude: Raw = _ABSENT
    longitude: Raw = _ABSENT


class Customer(Struct):
    first_name: Text = None
    last_name: Text = None
    email: Text = None
    phone: Text = None


class LineItem(Struct):
    id: Text = None
    name: Text = None
    title: Text = None
    variant_title: Text = None
    sku: Text = None
    product_id: Text = None
    quantity: Decimal | None = None
    price: Decimal | None = None


class Order(Struct):
    id: Text = None
    name: Text = None
    email: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    note: Text | UnsetType = UNSET
    currency: Text | UnsetType = UNSET
    total_price: Decimal | UnsetType | None = UNSET
    created_at: datetime | None = None
    cancelled_at: datetime | None = None
    customer: Customer | UnsetType | None = UNSET
    shipping_address: Address | UnsetType | None = UNSET
    billing_address: Address | UnsetType | None = UNSET
    line_items: list[LineItem] | None = None


class Named(Struct):
    name: Text = None


class Record(Struct, frozen=True):
    """One order of a file, not read yet."""

    kind: ShopifyKind
    raw: Raw


class _File(Struct):
    orders: list[Raw] | None = None
    order: Raw | UnsetType = UNSET
    draft_orders: list[Raw] | None = None
    draft_order: Raw | UnsetType = UNSET


_decode_file = msgspec.json.Decoder(_File).decode
_decode_order = msgspec.json.Decoder(Order).decode


def records(content: bytes | memoryview) -> list[Record]:
    """The orders in a file, each unread, so that a bad one stops only itself. Raises Fault when the file as a
    whole cannot be read or holds none of the four documents."""
    try:
        file = _read(content)
    except msgspec.ValidationError as error:
        raise Fault(f"not a Shopify export: {error}") from error
    except RecursionError as error:
        raise Fault("the JSON is nested too deeply") from error
    found = [*_several(file.orders, "Order"), *_single(file.order, "Order")]
    found += [*_several(file.draft_orders, "DraftOrder"), *_single(file.draft_order, "DraftOrder")]
    if not found and file.orders is None and file.draft_orders is None:
        raise Fault('no orders in it: one of "orders", "order", "draft_orders" and "draft_order" is needed')
    return found


def _read(content: bytes | memoryview) -> _File:
    try:
        return _decode_file(content)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_leniently(bytes(content))


def _read_leniently(content: bytes) -> _File:
    """Once more with the reader of Python: it takes half surrogates and NaN, which then are faults of single
    records, and it knows the line of what nobody can read."""
    try:
        text = content.decode("utf-8-sig")
        if not text.strip():
            raise Fault("the file is empty")
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise Fault(f"not in UTF-8: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise Fault(f"not JSON: {error}") from error
    return msgspec.convert(_with_raw_records(document), _File)


def _with_raw_records(document: object) -> object:
    """The document with each record as text again. What has another shape is left for `convert` to judge."""
    if not isinstance(document, dict):
        return document
    again: dict[str, object] = {}
    for name in _File.__struct_fields__:
        value = document.get(name, UNSET)
        if isinstance(value, list):
            again[name] = [Raw(json.dumps(record).encode()) for record in value]
        elif value is not UNSET:
            again[name] = Raw(json.dumps(value).encode()) if name in ("order", "draft_order") else value
    return again


def _several(raws: Sequence[Raw] | None, kind: ShopifyKind) -> list[Record]:
    return [Record(kind, raw) for raw in raws or ()]


def _single(raw: Raw | UnsetType, kind: ShopifyKind) -> list[Record]:
    return [] if isinstance(raw, UnsetType) else [Record(kind, raw)]


def read(record: Record) -> Order:
    """The record in its shape. Raises Fault when it is not of that shape."""
    try:
        return _decode_order(record.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(str(error)) from error


def name_of(record: Record) -> Text:
    """The `name` of a record that may not be fit to be read, if it says one."""
    try:
        return msgspec.json.decode(record.raw, type=Named).name
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
