"""A shop's JSON becomes orders: the samples exactly, and a clear word on everything that is strange."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.intake.shopify import translate
from milepost.intake.shopify_records import Fault, records
from milepost.model.order import Customer, Geolocation, NewItem, NewOrder, Stop

DATA = Path(__file__).parent / "data"


def of_file(name: str) -> list[NewOrder]:
    return [translate(record) for record in records((DATA / name).read_bytes())]


def of(record: Any, member: str = "order") -> NewOrder:
    (one,) = records(json.dumps({member: record}).encode())
    return translate(one)


def order(**members: Any) -> dict[str, Any]:
    return {"id": 1, "name": "#1", **members}


def line(**members: Any) -> dict[str, Any]:
    return {"id": 5, "quantity": 1, **members}


def test_the_sample_order():
    (translated,) = of_file("order.json")
    items = [
        NewItem(
            quantity=Decimal(1),
            description=f"IPod Nano - 8gb - {colour}",
            shopify_line_item_id=line_id,
            sku=f"IPOD2008{colour.upper()}",
            product_id="632910392",
            unit_price=Decimal("199.00"),
        )
        for colour, line_id in (("green", 466157049), ("red", 518995019), ("black", 703073504))
    ]
    assert translated == NewOrder(
        order_number="#1001",
        source="IMPORT",
        shopify_kind="Order",
        shopify_id=450789469,
        currency="USD",
        total_price=Decimal("409.94"),
        customer=Customer("Bob", "Norman", "bob.norman@hostmail.com", "555-625-1199"),
        ship_to=Stop(
            line_1="Chestnut Street 92",
            line_2="",
            locality="Louisville",
            region="Kentucky",
            postal_code="40202",
            country="United States",
            geolocation=Geolocation(45.41634, -75.6868),
            latitude_text="45.41634",
            longitude_text="-75.6868",
        ),
        placed_at=datetime(2008, 1, 10, 16, tzinfo=UTC),
        items=tuple(items),
    )


def test_the_sample_list_says_nothing_of_lines():
    (translated,) = of_file("orders.json")
    assert (translated.order_number, translated.shopify_id, translated.items) == ("#1001", 450789469, ())
    assert translated.unsaid == {"items"}
    assert translated.customer == Customer("Bob", "Norman", "bob.norman@hostmail.com", "+16136120707")


@pytest.mark.parametrize("name", ["draft_order.json", "draft_orders.json"])
def test_the_sample_drafts(name):
    (translated,) = of_file(name)
    assert (translated.is_draft, translated.shopify_kind, translated.shopify_id) == (
        True,
        "DraftOrder",
        517119332,
    )
    assert (translated.order_number, translated.note, translated.currency) == ("#D1", "This is a note", "CAD")
    assert translated.ship_to is not None
    assert (translated.ship_to.company_name, translated.ship_to.line_2) == ("Steuber and Sons", "Apt. 702")
    assert (translated.ship_to.latitude_text, translated.ship_to.longitude_text) == ("45.416311", "-75.68683")
    assert translated.placed_at == datetime(2017, 2, 2, 18, 14, 38, tzinfo=UTC)
    assert [(item.description, item.shopify_line_item_id, item.sku) for item in translated.items] == [
        ("IPod Nano - 8gb - green", None, "IPOD2008GREEN"),
        ("Custom item", None, None),
    ]


def test_lines_of_drafts_get_no_ids():
    assert of(order(line_items=[line()]), "draft_order").items[0].shopify_line_item_id is None


# The customer


def test_the_customer_s_own_words_come_first():
    person = {"first_name": "Bo", "last_name": "", "email": "bo@x.example", "phone": " 1 "}
    address = {"first_name": "Al", "last_name": "Li", "phone": "3"}
    told = order(customer=person, email="order@x.example", phone="2", shipping_address=address)
    assert of(told).customer == Customer("Bo", None, "bo@x.example", "1")


def test_what_the_customer_does_not_say_comes_from_elsewhere():
    shipping, billing = {"first_name": "Al", "last_name": "Li"}, {"first_name": "Ed", "phone": "4"}
    told = order(customer=None, email="o@x.example", shipping_address=shipping, billing_address=billing)
    assert of(told).customer == Customer("Al", "Li", "o@x.example", "4")


def test_an_undivided_name_stays_whole():
    assert of(order(billing_address={"name": "Ana da Costa"})).customer == Customer("Ana da Costa")


def test_nobody():
    assert of(order(customer={"email": ""}, email=" ")).customer is None


# The address


def test_coordinates_are_kept_letter_by_letter():
    (record,) = records(
        b'{"order":{"id":1,"name":"a","shipping_address":{"latitude":45.4160,"longitude":"-7.0"}}}'
    )
    assert translate(record).ship_to == Stop(
        geolocation=Geolocation(45.416, -7.0), latitude_text="45.4160", longitude_text="-7.0"
    )


@pytest.mark.parametrize("latitude", ["north", "91", "", None, "nan", "1e999"])
def test_coordinates_that_are_none(latitude):
    stop = of(order(shipping_address={"city": "X", "latitude": latitude, "longitude": "1"})).ship_to
    assert stop is not None
    assert (stop.geolocation, stop.latitude_text) == (None, latitude)


def test_an_empty_address_is_none():
    assert of(order(shipping_address={"city": None})).ship_to is None
    assert of(order(shipping_address=None)).ship_to is None


# Lines


@pytest.mark.parametrize(
    ("members", "description"),
    [
        ({"name": "Kayak - red", "title": "Kayak"}, "Kayak - red"),
        ({"title": "Kayak", "variant_title": "red"}, "Kayak - red"),
        ({"name": None, "title": "Kayak"}, "Kayak"),
        ({"name": ""}, None),
        ({"name": "x" * 128}, "x" * 128),
        ({"name": "x" * 129}, "x" * 127 + "…"),
    ],
)
def test_what_a_line_is_called(members, description):
    assert of(order(line_items=[line(**members)])).items[0].description == description


def test_numbers_come_as_text_and_the_other_way_round():
    told = order(
        id="12", name=7, total_price=9.5, line_items=[line(id=5.0, quantity=2.0, price="1.20", sku=88)]
    )
    translated = of(told)
    assert (translated.shopify_id, translated.order_number, str(translated.total_price)) == (12, "7", "9.5")
    (item,) = translated.items
    assert (item.shopify_line_item_id, item.quantity) == (5, Decimal(2))
    assert (str(item.unit_price), item.sku) == ("1.20", "88")


def test_a_time_without_an_offset_is_utc():
    assert of(order(created_at="2026-05-04T10:00:00")).placed_at == datetime(2026, 5, 4, 10, tzinfo=UTC)


# Faults of records


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (5, "Expected `object`, got `int`"),
        (None, "Expected `object`, got `null`"),
        ({"name": "a"}, "id: is missing"),
        (order(id="gid"), "id: gid is no Shopify id"),
        (order(id=0), "id: 0 is no Shopify id"),
        (order(id=-1), "id: -1 is no"),
        (order(id=2**63), "id: 9223372036854775808 is no"),
        (order(id=10**30), "id: 1000000000000000000000000000000 is no"),
        (order(id=1.5), "id: 1.5 is no"),
        (order(id=True), "got `bool` - at `$.id`"),
        (order(id=[]), "got `array` - at `$.id`"),
        ({"id": 1}, "name: an order needs one"),
        (order(name="  "), "name: an order needs one"),
        (order(name="x" * 65), "name: is longer than 64"),
        (order(name="a\x00"), "name: holds a NUL"),
        (order(note="x" * 10_001), "note: is longer than 10000"),
        (order(currency="euro"), "currency: euro is no currency code"),
        (order(total_price="-1"), "total_price: -1 is no amount"),
        (order(total_price="NaN"), "total_price: NaN is no amount"),
        (order(total_price="1e30"), "total_price: 1E+30 has too many digits"),
        (order(total_price="0.12345678901"), "has too many digits"),
        (order(total_price="ten"), "at `$.total_price`"),
        (order(created_at="yesterday"), "at `$.created_at`"),
        (order(created_at="0001-01-01T00:00:00+14:00"), "created_at: "),
        (order(customer=[]), "at `$.customer`"),
        (order(customer={"email": "x" * 255}), "email: is longer than 254"),
        (order(shipping_address={"city": "x" * 1001}), "city: is longer than 1000"),
        (order(shipping_address={"latitude": {}}), "shipping_address.latitude: "),
        (order(line_items={}), "at `$.line_items`"),
        (order(line_items=[None]), "`null` - at `$.line_items"),
        (order(line_items=[line(), line(id=None)]), "line_items[1].id: is missing"),
        (order(line_items=[line(), line()]), "line_items: two lines have the same id"),
        (order(line_items=[line(quantity=None)]), "line_items[0].quantity: a line needs one"),
        (order(line_items=[line(quantity=-1)]), "line_items[0].quantity: -1 is no amount"),
        (order(line_items=[line(id=n) for n in range(1, 1002)]), "1001 lines are more than the 1000"),
    ],
)
def test_a_record_that_cannot_be_taken_in(record, reason):
    with pytest.raises(Fault) as fault:
        of(record)
    assert reason in str(fault.value)


@pytest.mark.parametrize(
    "bad", [b'{"id": 1, "name": "\\ud800"}', b'{"id": 1, "name": "a", "total_price": NaN}', b"1e999", b"[[]]"]
)
def test_a_bad_record_stops_only_itself(bad):
    """Not even one that strict readers of JSON do not take."""
    first, second = records(b'{"orders": [' + bad + b', {"id": 2, "name": "good"}]}')
    with pytest.raises(Fault):
        translate(first)
    assert translate(second).order_number == "good"


def test_bytes_that_are_no_utf_8_are_the_record_s_own_fault():
    bad, good = records(b'{"orders":[{"id":1,"name":"\xff"},{"id":2,"name":"b"}]}')
    with pytest.raises(Fault, match="utf-8"):
        translate(bad)
    assert translate(good).order_number == "b"


# Faults of files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"{", "not JSON: .*line 1 column 2"),
        (b'{"orders":[{}', "not JSON"),
        (b"[]", "not a Shopify export: Expected `object`, got `array`"),
        (b"{}", 'no orders in it: one of "orders"'),
        (b'{"orders":null}', "no orders in it"),
        (b'{"orders":{}}', r"at `\$.orders`"),
        (b'{"products":[]}', "no orders in it"),
        (b"\xff\xfe{\x00}\x00", "not in UTF-8: .* at byte 0"),
        (b'{"order":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
        (b'{"orders":5,"order":NaN}', r"at `\$.orders`"),
    ],
)
def test_a_file_that_cannot_be_read(content, reason):
    with pytest.raises(Fault, match=reason):
        records(content)


def test_a_byte_order_mark_is_no_fault():
    (one,) = records(b"\xef\xbb\xbf" + json.dumps({"order": order()}).encode())
    assert translate(one).order_number == "#1"


def test_an_empty_list_is_fine():
    assert records(b'{"orders":[]}') == []


def test_all_four_documents_in_one_file():
    content = {
        "draft_orders": [order(id=3)],
        "order": order(id=2),
        "orders": [order(id=1)],
        "draft_order": order(id=4),
    }
    found = [translate(record) for record in records(json.dumps(content).encode())]
    assert [(one.shopify_id, one.is_draft) for one in found] == [(1, False), (2, False), (3, True), (4, True)]


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = (
    "id", "name", "email", "note", "currency", "total_price", "created_at", "cancelled_at", "customer",
    "shipping_address", "billing_address", "line_items", "first_name", "latitude", "quantity", "price", "sku",
)  # fmt: skip
wild = st.dictionaries(
    st.sampled_from(MEMBERS),
    st.one_of(json_values, st.dictionaries(st.sampled_from(MEMBERS), json_values), st.just("1.5")),
)


@given(wild, st.sampled_from(["order", "draft_order"]))
def test_nothing_crashes(record, member):
    """A record is translated or refused with a Fault, whatever it holds."""
    content = json.dumps({member: {"id": 1, "name": "#1", **record}}).encode()
    try:
        translated = [translate(one) for one in records(content)]
    except Fault as fault:
        assert str(fault)
        return
    assert 1 <= len(translated[0].order_number) <= 64


@given(st.binary(max_size=60))
def test_no_bytes_crash(content):
    try:
        for record in records(content):
            translate(record)
    except Fault as fault:
        assert str(fault)
