"""Orders as a Shopify shop tells of them: the Admin REST API's JSON, translated and nothing else.

Orders and draft orders become purchase orders here: the contract lets only those tell of lines that leave,
so a receiver can follow every change of the shop. Source: Shopify Admin REST API, resources Order and
DraftOrder (https://shopify.dev/docs/api/admin-rest); what counts for Milepost:

* `name` is the order number; `id` is who the order is, together with being an order or a draft. * The
customer is the `customer`; what it does not say comes from the order's own `email` and `phone`, then from
  the shipping and the billing address.
* The delivery address is the `shipping_address` as given, coordinates letter by letter. * A line's
description is its `name`, else its title and variant, cut to the 128 characters that a line may have.
  Lines of drafts have no ids, so that they show none.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from milepost.model.order import Customer, Geolocation, NewItem, NewOrder, ShopifyKind, Stop

Text = str | int | float | None
"""Where the shop's exports differ in whether digits are text."""

LONGEST_NUMBER = 64
LONGEST_DESCRIPTION = 128
LONGEST_EMAIL = 254
LONGEST_TEXT = 1_000
LONGEST_NOTE = 10_000
MOST_ITEMS = 1_000
HIGHEST_ID = 2**63 - 1
MOST_DIGITS, MOST_DECIMALS = 20, 10
"""Digits of an amount before and after the point (Orders API, section 4)."""

_ABSENT = Raw(b"null")
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


class Fault(Exception):
    """A record that cannot be taken in; the message names the member and says what is wrong with it."""


class _Address(Struct):
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


class _Customer(Struct):
    first_name: Text = None
    last_name: Text = None
    email: Text = None
    phone: Text = None


class _LineItem(Struct):
    id: Text = None
    name: Text = None
    title: Text = None
    variant_title: Text = None
    sku: Text = None
    product_id: Text = None
    quantity: Decimal | None = None
    price: Decimal | None = None


class _Order(Struct):
    id: Text = None
    name: Text = None
    email: Text = None
    phone: Text = None
    note: Text = None
    currency: Text = None
    total_price: Decimal | None = None
    created_at: datetime | None = None
    cancelled_at: datetime | None = None
    customer: _Customer | None = None
    shipping_address: _Address | None = None
    billing_address: _Address | None = None
    line_items: list[_LineItem] | None = None


class _Named(Struct):
    name: Text = None


class Record(Struct, frozen=True):
    """One order of a file, not read yet."""

    kind: ShopifyKind
    raw: Raw


class _File(Struct):
    orders: list[Raw] | None = None
    order: Raw | msgspec.UnsetType = msgspec.UNSET
    draft_orders: list[Raw] | None = None
    draft_order: Raw | msgspec.UnsetType = msgspec.UNSET


_decode_file = msgspec.json.Decoder(_File).decode
_decode_order = msgspec.json.Decoder(_Order).decode


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
        value = document.get(name, msgspec.UNSET)
        if isinstance(value, list):
            again[name] = [Raw(json.dumps(record).encode()) for record in value]
        elif value is not msgspec.UNSET:
            again[name] = Raw(json.dumps(value).encode()) if name in ("order", "draft_order") else value
    return again


def _several(raws: Sequence[Raw] | None, kind: ShopifyKind) -> list[Record]:
    return [Record(kind, raw) for raw in raws or ()]


def _single(raw: Raw | msgspec.UnsetType, kind: ShopifyKind) -> list[Record]:
    return [] if isinstance(raw, msgspec.UnsetType) else [Record(kind, raw)]


def translate(record: Record) -> NewOrder:
    """The order that the record tells of. Raises Fault when it cannot be taken in."""
    try:
        order = _decode_order(record.raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(str(error)) from error
    draft = record.kind == "DraftOrder"
    return NewOrder(
        order_number=_number(order.name),
        is_draft=draft,
        source="IMPORT",
        shopify_kind=record.kind,
        shopify_id=_id(order.id, "id"),
        note=_text(order.note, "note", LONGEST_NOTE),
        currency=_currency(order.currency),
        total_price=_amount(order.total_price, "total_price"),
        customer=_customer(order),
        ship_to=_stop(order.shipping_address),
        placed_at=_instant(order.created_at, "created_at"),
        cancelled_at=_instant(order.cancelled_at, "cancelled_at"),
        items=_items(order.line_items or [], draft=draft),
    )


def number_of(record: Record) -> str | None:
    """The order number of a record that may not be fit to be taken in, if it says one."""
    try:
        return _number(msgspec.json.decode(record.raw, type=_Named).name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Fault):
        return None


def _number(name: Text) -> str:
    number = _text(name, "name", LONGEST_NUMBER)
    if number is None:
        raise Fault("name: an order needs one, it is the order number")
    return number


def _id(value: Text, member: str) -> int:
    """A Shopify id: a number, or its digits as text."""
    if value is None:
        raise Fault(f"{member}: is missing, and it is how the shop's things are known again")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not (_DIGITS.fullmatch(text) and 1 <= int(text) <= HIGHEST_ID):
        raise Fault(f"{member}: {_shortened(text)} is no Shopify id")
    return int(text)


def _currency(code: Text) -> str | None:
    text = _text(code, "currency")
    if text is not None and not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise Fault(f"currency: {_shortened(text)} is no currency code of three capital letters")
    return text


def _customer(order: _Order) -> Customer | None:
    person = order.customer or _Customer()
    addresses = [address for address in (order.shipping_address, order.billing_address) if address]
    first, last = _name(person, addresses)
    customer = Customer(
        first,
        last,
        _text(person.email, "customer.email", LONGEST_EMAIL) or _text(order.email, "email", LONGEST_EMAIL),
        _first([_text(person.phone, "customer.phone"), _text(order.phone, "phone")])
        or _first([_text(address.phone, "phone of an address") for address in addresses]),
    )
    return None if customer == Customer() else customer


def _name(person: _Customer, addresses: Sequence[_Address]) -> tuple[str | None, str | None]:
    """First and last name, both of one source; a name that is not divided stays whole, as a first name."""
    sources: list[_Customer | _Address] = [person, *addresses]
    for who in sources:
        first, last = _text(who.first_name, "first_name"), _text(who.last_name, "last_name")
        if first or last:
            return first, last
    return _first([_text(address.name, "name of an address") for address in addresses]), None


def _first(texts: Sequence[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _stop(address: _Address | None) -> Stop | None:
    if address is None:
        return None
    latitude = _coordinate(address.latitude, "latitude")
    longitude = _coordinate(address.longitude, "longitude")
    stop = Stop(
        company_name=_verbatim(address.company, "company"),
        line_1=_verbatim(address.address1, "address1"),
        line_2=_verbatim(address.address2, "address2"),
        locality=_verbatim(address.city, "city"),
        region=_verbatim(address.province, "province"),
        postal_code=_verbatim(address.zip, "zip"),
        country=_verbatim(address.country, "country"),
        geolocation=_geolocation(latitude, longitude),
        latitude_text=latitude,
        longitude_text=longitude,
    )
    return None if stop == Stop() else stop


def _coordinate(raw: Raw, member: str) -> str | None:
    """The coordinate as it is written in the file, whether as text or as a number."""
    try:
        value = msgspec.json.decode(raw, type=Text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Fault(f"shipping_address.{member}: {error}") from error
    return bytes(raw).decode() if isinstance(value, int | float) else _verbatim(value, member)


def _geolocation(latitude: str | None, longitude: str | None) -> Geolocation | None:
    """The coordinates as numbers, if that is what they are."""
    try:
        north, east = float(latitude or ""), float(longitude or "")
    except ValueError:
        return None
    return Geolocation(north, east) if abs(north) <= 90 and abs(east) <= 180 else None


def _items(items: Sequence[_LineItem], *, draft: bool) -> tuple[NewItem, ...]:
    if len(items) > MOST_ITEMS:
        raise Fault(f"line_items: {len(items)} lines are more than the {MOST_ITEMS} an order may have")
    translated = tuple(_item(item, f"line_items[{place}]", draft=draft) for place, item in enumerate(items))
    ids = [item.shopify_line_item_id for item in translated if item.shopify_line_item_id is not None]
    if len(set(ids)) < len(ids):
        raise Fault("line_items: two lines have the same id")
    return translated


def _item(item: _LineItem, member: str, *, draft: bool) -> NewItem:
    quantity = _amount(item.quantity, f"{member}.quantity")
    if quantity is None:
        raise Fault(f"{member}.quantity: a line needs one")
    return NewItem(
        quantity=quantity,
        description=_description(item, member),
        shopify_line_item_id=None if draft else _id(item.id, f"{member}.id"),
        sku=_text(item.sku, f"{member}.sku"),
        product_id=_text(item.product_id, f"{member}.product_id"),
        unit_price=_amount(item.price, f"{member}.price"),
    )


def _description(item: _LineItem, member: str) -> str | None:
    name = _text(item.name, f"{member}.name")
    if name is None:
        parts = (_text(item.title, f"{member}.title"), _text(item.variant_title, f"{member}.variant_title"))
        name = " - ".join(part for part in parts if part) or None
    if name is None or len(name) <= LONGEST_DESCRIPTION:
        return name
    return name[: LONGEST_DESCRIPTION - 1] + "…"


def _text(value: Text, member: str, longest: int = LONGEST_TEXT) -> str | None:
    """The text without blanks around it; None when nothing is left."""
    text = _verbatim(value, member, longest)
    return (text.strip() or None) if text is not None else None


def _verbatim(value: Text, member: str, longest: int = LONGEST_TEXT) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > longest:
        raise Fault(f"{member}: is longer than {longest} characters")
    if "\x00" in text:
        raise Fault(f"{member}: holds a NUL character")
    return text


def _amount(value: Decimal | None, member: str) -> Decimal | None:
    """A decimal of the house: not negative, 20 digits before and 10 after the point, no exponent."""
    if value is None:
        return None
    if not value.is_finite() or value < 0:
        raise Fault(f"{member}: {_shortened(str(value))} is no amount of 0 or more")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= MOST_DIGITS or not isinstance(exponent, int) or exponent < -MOST_DECIMALS:
        raise Fault(f"{member}: {_shortened(str(value))} has too many digits")
    return Decimal(format(value, "f")) if exponent > 0 else value


def _instant(at: datetime | None, member: str) -> datetime | None:
    """In UTC; a time without an offset is read as UTC."""
    if at is None:
        return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise Fault(f"{member}: {at} lies outside the calendar") from error


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
