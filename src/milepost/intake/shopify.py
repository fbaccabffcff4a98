"""Orders as a Shopify shop tells of them, translated and nothing else.

Orders and draft orders become purchase orders here: the contract lets only those tell of lines that leave,
so a receiver can follow every change of the shop. Source: Shopify Admin REST API, resources Order and
DraftOrder (https://shopify.dev/docs/api/admin-rest); what counts for Milepost:

* `name` is the order number; `id` is who the order is, together with being an order or a draft.
* The customer is the `customer`; what it does not say comes from the order's own `email` and `phone`, then
  from the shipping and the billing address.
* The delivery address is the `shipping_address` as given, coordinates letter by letter.
* A line's description is its `name`, else its title and variant, cut to the 128 characters that a line may
  have. Lines of drafts get no ids, so that they show none.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from milepost.intake import shopify_records
from milepost.intake.shopify_records import Address, Fault, LineItem, Order, Record, Text, read
from milepost.model.order import Customer, Geolocation, NewItem, NewOrder, Stop

T = TypeVar("T")

LONGEST_NUMBER = 64
LONGEST_DESCRIPTION = 128
LONGEST_EMAIL = 254
LONGEST_TEXT = 1_000
LONGEST_NOTE = 10_000
MOST_ITEMS = 1_000
HIGHEST_ID = 2**63 - 1
MOST_DIGITS, MOST_DECIMALS = 20, 10
"""Digits of an amount before and after the point (Orders API, section 4)."""

_CUSTOMER_SOURCES = ("customer", "email", "phone", "shipping_address", "billing_address")
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def translate(record: Record) -> NewOrder:
    """The order that the record tells of. Raises Fault when it cannot be taken in."""
    order = read(record)
    draft = record.kind == "DraftOrder"
    return NewOrder(
        order_number=_number(order.name),
        is_draft=draft,
        source="IMPORT",
        shopify_kind=record.kind,
        shopify_id=_id(order.id, "id"),
        note=_text(_said(order.note), "note", LONGEST_NOTE),
        currency=_currency(_said(order.currency)),
        total_price=_amount(_said(order.total_price), "total_price"),
        customer=_customer(order),
        ship_to=_stop(_said(order.shipping_address)),
        placed_at=_instant(order.created_at, "created_at"),
        cancelled_at=_instant(order.cancelled_at, "cancelled_at"),
        items=_items(order.line_items or [], draft=draft),
        unsaid=_unsaid(order),
    )


def _said(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


def _unsaid(order: Order) -> frozenset[str]:
    """What the record leaves out: exports can be limited to some members."""
    unsaid = {name for name in ("note", "currency", "total_price") if getattr(order, name) is UNSET}
    if all(getattr(order, name) is UNSET for name in _CUSTOMER_SOURCES):
        unsaid.add("customer")
    if order.shipping_address is UNSET:
        unsaid.add("ship_to")
    if order.line_items is None:
        unsaid.add("items")
    return frozenset(unsaid)


def number_of(record: Record) -> str | None:
    """The order number of a record that may not be fit to be taken in, if it says one."""
    try:
        return _number(shopify_records.name_of(record))
    except Fault:
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


def _customer(order: Order) -> Customer | None:
    person = _said(order.customer) or shopify_records.Customer()
    sources = (_said(order.shipping_address), _said(order.billing_address))
    addresses = [address for address in sources if address]
    first, last = _name(person, addresses)
    emails = (person.email, _said(order.email))
    phones = (person.phone, _said(order.phone), *(address.phone for address in addresses))
    customer = Customer(
        first,
        last,
        _first([_text(email, "email", LONGEST_EMAIL) for email in emails]),
        _first([_text(phone, "phone") for phone in phones]),
    )
    return None if customer == Customer() else customer


def _name(person: shopify_records.Customer, addresses: Sequence[Address]) -> tuple[str | None, str | None]:
    """First and last name, both of one source; a name that is not divided stays whole, as a first name."""
    sources: list[shopify_records.Customer | Address] = [person, *addresses]
    for who in sources:
        first, last = _text(who.first_name, "first_name"), _text(who.last_name, "last_name")
        if first or last:
            return first, last
    return _first([_text(address.name, "name of an address") for address in addresses]), None


def _first(texts: Sequence[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _stop(address: Address | None) -> Stop | None:
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


def _items(items: Sequence[LineItem], *, draft: bool) -> tuple[NewItem, ...]:
    if len(items) > MOST_ITEMS:
        raise Fault(f"line_items: {len(items)} lines are more than the {MOST_ITEMS} an order may have")
    translated = tuple(_item(item, f"line_items[{place}]", draft=draft) for place, item in enumerate(items))
    ids = [item.shopify_line_item_id for item in translated if item.shopify_line_item_id is not None]
    if len(set(ids)) < len(ids):
        raise Fault("line_items: two lines have the same id")
    return translated


def _item(item: LineItem, member: str, *, draft: bool) -> NewItem:
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


def _description(item: LineItem, member: str) -> str | None:
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
