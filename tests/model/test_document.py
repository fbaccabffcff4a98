"""Documents in event form and their differences: the contract's examples, and what holds of every pair."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from milepost.kit.ids import parse_id, ulid
from milepost.model.document import (
    EVENT,
    ITEM_COMPARED,
    ORDER_COMPARED,
    REST,
    SHOWN_ELSEWHERE,
    diff_item,
    diff_order,
    elsewhere,
    item_document,
    order_document,
    same_json,
    shown_order,
    stop_document,
)
from milepost.model.order import (
    Customer,
    Geolocation,
    NewItem,
    NewOrder,
    PlanWindow,
    Reference,
    Stop,
    StopRequirements,
    StoredItem,
    StoredOrder,
    Tag,
)

ORDER_ID = parse_id("01KV2G3X0PFPH9FMHV6P6ZP42C") or ""
ITEM_ID = parse_id("01KV2G3X0QEAA9RZ1M736YKAWK") or ""
MADE = datetime(2026, 6, 14, 7, 21, 40, 118203, UTC)

ITEM = NewItem(
    description="Deck screw 5x80, box of 200",
    quantity=Decimal("640.50"),
    unit="KG",
    references=(Reference("PRODUCT_REF", "DS-580"),),
    shipping_requirements={
        "quantity": 2,
        "packaging_type": "PALLET",
        "gross_weight": {"unit": "KG", "value": "662"},
        "handling_unit_id": "HU-0091",
    },
)
ORDER = NewOrder(
    order_number="MP-24017",
    name="Deck screws, June",
    description="Two pallets for the summer shelf",
    ship_to=Stop(
        company_name="Harbor Row Warehouse",
        line_1="77 Commercial St",
        locality="Portland",
        region="ME",
        postal_code="04101",
        country="US",
        geolocation=Geolocation(43.6568, -70.2497),
        timezone="America/New_York",
        location_number="HRW-2",
        references=(Reference("ADDRESS_BOOK_ENTRY_ID", "ab-4410"),),
        shipping_requirements=StopRequirements(
            PlanWindow(datetime(2026, 6, 29, 12, tzinfo=UTC), datetime(2026, 6, 29, 17, 30, tzinfo=UTC))
        ),
        latitude_text="43.65680",
    ),
    start_date=date(2026, 6, 20),
    expiration_date=date(2026, 8, 15),
    references=(Reference("CUSTOMER_REFERENCE_NUMBER", "HR-5531"),),
    shipping_requirements={
        "bill_to": {
            "account_number": "70-118",
            "payment_term": "PREPAID",
            "billing_company_name": "Birchline Hardware",
            "contact": {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"},
        }
    },
    custom_data={"cost_center": "114"},
    items=(ITEM,),
)
TAG = {"id": "01KJMMA2G0FH69SF56J0QGBGKE", "slug": "summer-shelf", "name": "Summer shelf"}
SUMMER = Tag(parse_id(TAG["id"]) or "", TAG["slug"], TAG["name"])


def described(content: NewOrder = ORDER, status="READY", **more) -> StoredOrder:
    items = tuple(StoredItem(id=ITEM_ID, position=1, content=item, created_at=MADE) for item in content.items)
    return StoredOrder(
        id=ORDER_ID,
        version=1,
        event_seq=1,
        content=replace(content, items=()),
        items=items,
        lifecycle=status,
        created_at=MADE,
        updated_at=MADE,
        **more,
    )


def test_the_order_of_the_contract():
    """Orders API 9.1, in event form."""
    assert order_document(described(tags=(SUMMER,))) == {
        "id": "01KV2G3X0PFPH9FMHV6P6ZP42C",
        "resource_type": "order",
        "self_link": "/orders/01KV2G3X0PFPH9FMHV6P6ZP42C",
        "order_type": "PURCHASE_ORDER",
        "order_number": "MP-24017",
        "status": "READY",
        "name": "Deck screws, June",
        "description": "Two pallets for the summer shelf",
        "ship_to": {
            "country": "US",
            "line_1": "77 Commercial St",
            "line_2": None,
            "line_3": None,
            "locality": "Portland",
            "postal_code": "04101",
            "region": "ME",
            "urbanization": None,
            "residential": False,
            "geolocation": {"latitude": 43.6568, "longitude": -70.2497},
            "custom_data": None,
            "timezone": "America/New_York",
            "location_number": "HRW-2",
            "company_name": "Harbor Row Warehouse",
            "references": [{"qualifier": "ADDRESS_BOOK_ENTRY_ID", "value": "ab-4410"}],
            "shipping_requirements": {
                "plan_window": {"start": "2026-06-29T12:00:00+00:00", "end": "2026-06-29T17:30:00+00:00"}
            },
        },
        "ship_from": None,
        "source": "OTHER",
        "source_system_id": None,
        "start_date": "2026-06-20T00:00:00+00:00",
        "expiration_date": "2026-08-15T00:00:00+00:00",
        "references": [{"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}],
        "shipping_requirements": {
            "bill_to": {
                "account_number": "70-118",
                "billing_id": None,
                "payment_term": "PREPAID",
                "billing_company_name": "Birchline Hardware",
                "billing_address": None,
                "contact": {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"},
            }
        },
        "items": [
            {
                "id": "01KV2G3X0QEAA9RZ1M736YKAWK",
                "description": "Deck screw 5x80, box of 200",
                "references": [{"qualifier": "PRODUCT_REF", "value": "DS-580"}],
                "amount": {"unit": "KG", "value": "640.50"},
                "available_amount": {"unit": "KG", "value": "640.50"},
                "shipping_requirements": {
                    "description": None,
                    "identifying_marks": [],
                    "references": [],
                    "tare_weight": None,
                    "gross_weight": {"unit": "KG", "value": "662"},
                    "dimensions": None,
                    "volume": None,
                    "customer_reference_number": None,
                    "hazmat": None,
                    "temperature": None,
                    "product_id": None,
                    "freight_class": None,
                    "nmfc_item_code": None,
                    "nmfc_sub_code": None,
                    "country_of_manufacture": None,
                    "stackable": False,
                    "piece_type": None,
                    "total_pieces": None,
                    "value_per_piece": None,
                    "quantity": 2,
                    "packaging_type": "PALLET",
                    "handling_unit_id": "HU-0091",
                    "combined_handling_unit_info": None,
                },
                "custom_data": None,
            }
        ],
        "tags": [TAG],
        "archived": False,
        "supplier_created_releases_allowed": False,
        "supplier": None,
        "custom_data": {"cost_center": "114"},
        "releases": [],
        "released_from_release_id": None,
        "created_from_order_id": None,
        "cancelled_at": None,
        "created_at": "2026-06-14T07:21:40.118203+00:00",
        "updated_at": "2026-06-14T07:21:40.118203+00:00",
    }


def test_the_barest_order():
    document = order_document(described(NewOrder(order_number="A")))
    assert len(document) == 28
    assert document["ship_to"] == stop_document(Stop())
    assert {name: value for name, value in document["ship_to"].items() if value is not None} == {
        "residential": False,
        "references": [],
        "shipping_requirements": {"plan_window": None},
    }
    assert len(document["ship_to"]) == 16
    assert (document["items"], document["references"], document["tags"]) == ([], [], [])


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (datetime(2026, 1, 2, 3, 4, 5, 10, UTC), "2026-01-02T03:04:05.000010+00:00"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5))), "2026-01-02T08:04:05+00:00"),
    ],
)
def test_instants(at, text):
    assert EVENT.instant(at) == text
    assert REST.instant(at) == text.replace("+00:00", "Z")


def test_what_a_get_shows():
    """Orders API 7.1: 26 members, plain dates, moments with Z."""
    shown, told = shown_order(described(tags=(SUMMER,))), order_document(described(tags=(SUMMER,)))
    assert len(shown) == 26
    assert told.keys() - shown.keys() == {"resource_type", "self_link"}
    assert (shown["start_date"], shown["created_at"]) == ("2026-06-20", "2026-06-14T07:21:40.118203Z")
    window = shown["ship_to"]["shipping_requirements"]["plan_window"]
    assert window == {"start": "2026-06-29T12:00:00Z", "end": "2026-06-29T17:30:00Z"}
    differing = {name for name in shown if shown[name] != told[name]}
    assert differing == {"ship_to", "start_date", "expiration_date", "created_at", "updated_at"}


def test_dates_and_decimals():
    assert EVENT.day(date(2026, 6, 20)) == "2026-06-20T00:00:00+00:00"
    for value in ("640.50", "88", "88.0", "0.0000000001", "1E+3"):
        text = item_document(ITEM_ID, NewItem(quantity=Decimal(value)))["amount"]["value"]
        assert text == {"1E+3": "1000"}.get(value, value)


def test_what_releases_left():
    document = item_document(ITEM_ID, ITEM, Decimal("340.50"))
    assert document["amount"] == {"unit": "KG", "value": "640.50"}
    assert document["available_amount"] == {"unit": "KG", "value": "340.50"}


# The examples of section 15


def change(**members) -> NewOrder:
    return replace(ORDER, **members)


def diff(after: NewOrder, *, status="READY", before: NewOrder = ORDER):
    return diff_order(order_document(described(before)), order_document(described(after, status=status)))


def test_e1_name_and_start_date():
    assert diff(change(name="Deck screws, July", start_date=date(2026, 7, 1))) == (
        {"name": "Deck screws, June", "start_date": "2026-06-20T00:00:00+00:00"},
        {"name": "Deck screws, July", "start_date": "2026-07-01T00:00:00+00:00"},
    )


def test_e2_custom_data_whole():
    assert diff(change(custom_data={"buyer": "ines"})) == (
        {"custom_data": {"cost_center": "114"}},
        {"custom_data": {"buyer": "ines"}},
    )


def test_e3_references_whole():
    one, two = Reference("CUSTOMER_REFERENCE_NUMBER", "HR-5531"), Reference("EXTERNAL_INVOICE_ID", "INV-88")
    old, new = diff(change(references=(one, two)))
    assert old == {"references": [{"qualifier": one.qualifier, "value": one.value}]}
    assert new["references"][1] == {"qualifier": "EXTERNAL_INVOICE_ID", "value": "INV-88"}
    assert list(new) == ["references"]


def test_e4_tags():
    old, new = diff_order(order_document(described(tags=(SUMMER,))), order_document(described()))
    assert (old, new) == ({"tags": [TAG]}, {"tags": []})


def test_e5_cancelled():
    at = datetime(2026, 6, 17, 15, 4, 5, 310877, UTC)
    assert diff(change(cancelled_at=at), status="CANCELED") == (
        {"status": "READY", "cancelled_at": None},
        {"status": "CANCELED", "cancelled_at": "2026-06-17T15:04:05.310877+00:00"},
    )


def test_e6_supplier():
    supplier = {"name": "Birchline Mill", "supplier_id": "SUP-31", "email": "orders@birchline.example"}
    assert diff(change(supplier=supplier), status="NOT_READY") == (
        {"supplier": None, "status": "READY"},
        {
            "supplier": {
                "name": "Birchline Mill",
                "address": None,
                "identification_codes": [],
                "phone_number": None,
                "email": "orders@birchline.example",
                "supplier_id": "SUP-31",
            },
            "status": "NOT_READY",
        },
    )


def item_change(**members):
    return diff_item(item_document(ITEM_ID, ITEM), item_document(ITEM_ID, replace(ITEM, **members)))


def test_e8_item_one_level_deeper():
    requirements = {**(ITEM.shipping_requirements or {}), "quantity": 3, "packaging_type": "BIN"}
    assert item_change(quantity=Decimal("700"), shipping_requirements=requirements) == (
        {
            "amount": {"unit": "KG", "value": "640.50"},
            "shipping_requirements": {"quantity": 2, "packaging_type": "PALLET"},
        },
        {
            "amount": {"unit": "KG", "value": "700"},
            "shipping_requirements": {"quantity": 3, "packaging_type": "BIN"},
        },
    )


def test_e9_sub_keys_are_whole():
    requirements = {**(ITEM.shipping_requirements or {}), "gross_weight": {"unit": "KG", "value": "671.5"}}
    assert item_change(shipping_requirements=requirements) == (
        {"shipping_requirements": {"gross_weight": {"unit": "KG", "value": "662"}}},
        {"shipping_requirements": {"gross_weight": {"unit": "KG", "value": "671.5"}}},
    )


def test_d6_with_null_on_one_side_both_are_whole():
    old, new = item_change(shipping_requirements=None)
    assert len(old["shipping_requirements"]) == 23
    assert new == {"shipping_requirements": None}


def test_e10_no_difference():
    assert diff(ORDER) == ({}, {})
    assert item_change() == ({}, {})


def test_e12_ship_from_whole():
    old, new = diff(change(ship_from=Stop(company_name="Birchline Mill", country="CA")))
    assert old == {"ship_from": None}
    assert len(new["ship_from"]) == 16


def test_never_compared():
    before = order_document(described())
    after = order_document(
        replace(
            described(change(items=(), order_type="SALES_ORDER", source="IMPORT", source_system_id="x")),
            updated_at=MADE + timedelta(days=1),
            created_at=MADE + timedelta(days=1),
            created_from_order_id=ITEM_ID,
            released_from_release_id=ITEM_ID,
        )
    )
    assert diff_order(before, after) == ({}, {})


def test_what_only_other_surfaces_show():
    before, after = (
        change(),
        change(
            note="Call first",
            currency="EUR",
            total_price=Decimal("12.50"),
            customer=Customer("Tomé", None, "t@reis.example"),
            ships_on=date(2027, 4, 9),
        ),
    )
    old, new = diff_order(
        order_document(described(before)) | elsewhere(before),
        order_document(described(after)) | elsewhere(after),
    )
    assert old == dict.fromkeys(new)
    assert new == {
        "note": "Call first",
        "currency": "EUR",
        "total_price": "12.50",
        "customer": {"first_name": "Tomé", "last_name": None, "email": "t@reis.example", "phone": None},
        "ships_on": "2027-04-09",
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1.0}, True),
        ([1, 2], [2, 1], False),
        ("88", "88.0", False),
        (True, 1, False),
        (0, False, False),
        (None, False, False),
        ({"a": None}, {}, False),
        ([[True]], [[1]], False),
        (Decimal("1.10"), 1.1, True),
        (Decimal("1.10"), Decimal("1.1"), True),
        (Decimal("2.0"), 2, True),
        (Decimal("0.1"), 0.1000000000000001, False),
        (Decimal("1E+2"), 100, True),
        (Decimal(1), True, False),
        (Decimal("1.5"), "1.5", False),
        (Decimal("0.5"), None, False),
        ({"a": [Decimal("0.3")]}, {"a": [0.3]}, True),
    ],
)
def test_equality_is_that_of_json(one, other, same):
    assert same_json(one, other) is same
    assert same_json(other, one) is same


# What must hold of every pair

texts = st.one_of(st.none(), st.text(max_size=5))
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 1.5]), st.text(max_size=3)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)
objects = st.one_of(st.none(), st.dictionaries(st.text(max_size=2), json_values, max_size=3))
decimals = st.sampled_from([Decimal(text) for text in ("0", "1", "1.0", "640.50", "2.5000")])
references = st.lists(
    st.builds(Reference, st.text(min_size=1, max_size=3), st.text(max_size=3)), max_size=2
).map(tuple)
_SPAN = (datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001
instants = st.one_of(st.none(), st.datetimes(*_SPAN, timezones=st.just(UTC)))
stops = st.builds(
    Stop, country=texts, line_1=texts, residential=st.booleans(), custom_data=objects, references=references
)
weights = st.one_of(
    st.none(), st.fixed_dictionaries({"unit": st.just("KG"), "value": st.sampled_from(["1", "1.0"])})
)
requirements = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "quantity": st.integers(0, 3),
            "gross_weight": weights,
            "temperature": objects,
            "stackable": st.booleans(),
        },
    ),
)
items = st.builds(
    NewItem,
    quantity=decimals,
    unit=st.sampled_from(["EA", "KG"]),
    description=texts,
    references=references,
    shipping_requirements=requirements,
    custom_data=objects,
)
orders = st.builds(
    NewOrder,
    order_number=st.sampled_from(["A", "B"]),
    name=texts,
    ship_to=st.one_of(st.none(), stops),
    ship_from=st.one_of(st.none(), stops),
    references=references,
    custom_data=objects,
    supplier=st.one_of(st.none(), st.fixed_dictionaries({"name": texts})),
    start_date=st.one_of(st.none(), st.dates()),
    archived=st.booleans(),
    cancelled_at=instants,
    note=texts,
    currency=st.one_of(st.none(), st.sampled_from(["EUR", "USD"])),
    total_price=st.one_of(st.none(), decimals),
    customer=st.one_of(st.none(), st.builds(Customer, texts, texts, texts, texts)),
)


def put_over(document, data, deeper=None):
    """D8: every value over the document; inside `deeper`, where both are objects, over its members (D6)."""
    after = {**document, **data}
    if deeper in data and data[deeper] is not None and document[deeper] is not None:
        after[deeper] = {**document[deeper], **data[deeper]}
    return after


@given(orders, orders)
def test_an_order_s_difference_leads_there_and_back(one, other):
    old = order_document(described(one)) | elsewhere(one)
    new = order_document(described(other)) | elsewhere(other)
    old_data, new_data = diff_order(old, new)
    assert old_data.keys() == new_data.keys() <= {*ORDER_COMPARED, *SHOWN_ELSEWHERE}
    assert not any(same_json(old_data[key], new_data[key]) for key in old_data)
    ignored = {"items", "updated_at"}
    for document, data, wished in ((old, new_data, new), (new, old_data, old)):
        reached = put_over(document, data)
        assert same_json(
            {key: value for key, value in reached.items() if key not in ignored},
            {key: value for key, value in wished.items() if key not in ignored},
        )


@given(items, items)
def test_an_item_s_difference_leads_there_and_back(one, other):
    old, new = item_document(ITEM_ID, one), item_document(ITEM_ID, other)
    old_data, new_data = diff_item(old, new)
    assert old_data.keys() == new_data.keys() <= set(ITEM_COMPARED)
    for document, data, wished in ((old, new_data, new), (new, old_data, old)):
        reached = put_over(document, data, "shipping_requirements") | {
            "available_amount": wished["available_amount"]
        }
        assert same_json(reached, wished)
    before, after = old_data.get("shipping_requirements"), new_data.get("shipping_requirements")
    if before is not None and after is not None:
        assert before.keys() == after.keys()
        assert not any(same_json(before[key], after[key]) for key in before)


@given(orders)
def test_no_difference_says_nothing(order):
    assert diff_order(order_document(described(order)), order_document(described(order))) == ({}, {})


def test_ids_in_documents_are_ulids():
    assert order_document(described())["items"][0]["id"] == ulid(ITEM_ID)
