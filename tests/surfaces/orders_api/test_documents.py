"""What bodies of orders, items, releases and tags become: the contract's examples, limits, and what holds of all."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from milepost.http.values import Kind, Wrong
from milepost.kit.ids import new_id, ulid
from milepost.model import shapes
from milepost.model.document import item_document, shown_order
from milepost.model.order import (
    Geolocation,
    ItemWish,
    NewItem,
    NewOrder,
    OrderWish,
    PlanWindow,
    Reference,
    Stop,
    StopRequirements,
    StoredItem,
    StoredOrder,
    Tag,
)
from milepost.model.releasing import ChildWish, LegWish, ReleaseWish, TakenWish
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.merging import merged
from milepost.surfaces.orders_api.refusals import Refusal
from milepost.surfaces.orders_api.values import read_body, read_patch
from milepost.surfaces.orders_api.wishes import (
    new_item,
    new_order,
    new_release,
    patched_item,
    patched_leg,
    patched_order,
    replaced_order,
)
from tests.surfaces.orders_api.bodies_from_schemas import sent

encode = msgspec.json.Encoder(decimal_format="number").encode
decode = msgspec.json.Decoder(float_hook=Decimal).decode

ITEM_ID = "019ec501-f416-7d93-97d2-9b7d8967d9a6"
NOW = datetime(2026, 6, 14, 7, 21, 40, 118203, UTC)

EXAMPLE = decode(
    """
{"order_number": "MP-24017", "name": "Deck screws, June", "description": "Two pallets for the summer shelf",
 "ship_to": {"company_name": "Harbor Row Warehouse", "line_1": "77 Commercial St", "locality": "Portland",
   "region": "ME", "postal_code": "04101", "country": "US",
   "geolocation": {"latitude": 43.6568, "longitude": -70.2497}, "timezone": "America/New_York",
   "location_number": "HRW-2", "references": [{"qualifier": "ADDRESS_BOOK_ENTRY_ID", "value": "ab-4410"}],
   "shipping_requirements": {"plan_window": {"start": "2026-06-29T12:00:00Z", "end": "2026-06-29T17:30:00Z"}}},
 "start_date": "2026-06-20", "expiration_date": "2026-08-15",
 "references": [{"qualifier": "CUSTOMER_REFERENCE_NUMBER", "value": "HR-5531"}],
 "shipping_requirements": {"bill_to": {"account_number": "70-118", "payment_term": "PREPAID",
   "billing_company_name": "Birchline Hardware",
   "contact": {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"}}},
 "custom_data": {"cost_center": "114"}, "tags": ["summer-shelf"],
 "items": [{"description": "Deck screw 5x80, box of 200", "amount": {"unit": "KG", "value": "640.50"},
   "references": [{"qualifier": "PRODUCT_REF", "value": "DS-580"}],
   "shipping_requirements": {"quantity": 2, "packaging_type": "PALLET",
     "gross_weight": {"unit": "KG", "value": 662}, "handling_unit_id": "HU-0091"}}]}
"""
)
"""The body of section 9.1."""


def test_the_order_of_section_9_1() -> None:
    assert new_order(EXAMPLE) == OrderWish(
        content=NewOrder(
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
                    PlanWindow(
                        datetime(2026, 6, 29, 12, tzinfo=UTC), datetime(2026, 6, 29, 17, 30, tzinfo=UTC)
                    )
                ),
            ),
            start_date=date(2026, 6, 20),
            expiration_date=date(2026, 8, 15),
            references=(Reference("CUSTOMER_REFERENCE_NUMBER", "HR-5531"),),
            shipping_requirements={
                "bill_to": {
                    "account_number": "70-118",
                    "billing_id": None,
                    "payment_term": "PREPAID",
                    "billing_company_name": "Birchline Hardware",
                    "billing_address": None,
                    "contact": {"email": "ap@birchline.example", "phone_number": "+1 207 555 0133"},
                }
            },
            custom_data={"cost_center": "114"},
        ),
        items=(
            ItemWish(
                NewItem(
                    description="Deck screw 5x80, box of 200",
                    quantity=Decimal("640.50"),
                    unit="KG",
                    references=(Reference("PRODUCT_REF", "DS-580"),),
                    shipping_requirements={
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
                )
            ),
        ),
        tags=("summer-shelf",),
    )


def test_the_least_order() -> None:
    assert new_order({"order_number": "1", "ship_to": {}}) == OrderWish(
        content=NewOrder(order_number="1", ship_to=Stop())
    )


def test_what_a_put_leaves_as_it_is() -> None:
    """O-18: order_type, archived and source_system_id stay when a PUT leaves them out; the last one always."""
    least = {"order_number": "1", "ship_to": {}}
    assert replaced_order(least).content.unsaid == {"order_type", "archived", "source_system_id"}
    said = replaced_order(
        {**least, "order_type": "SALES_ORDER", "archived": True, "source_system_id": "x"}
    ).content
    assert said.unsaid == {"source_system_id"}
    assert (said.order_type, said.archived, said.source_system_id) == ("SALES_ORDER", True, None)
    assert new_order({**least, "source_system_id": "x"}).content.source_system_id == "x"
    assert new_order(least).content.unsaid == frozenset()


def faults_of(read: Any, body: Any) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusal) as refused:
        read(body)
    assert refused.value.status == 400
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_what_is_required() -> None:
    """O-2, O-34."""
    assert faults_of(new_order, {}) == [("order_number", "required"), ("ship_to", "required")]
    assert faults_of(replaced_order, {"order_number": None}) == faults_of(new_order, {})
    assert faults_of(new_item, {}) == [("amount", "required")]
    assert faults_of(new_item, {"amount": {"unit": None}}) == [
        ("amount.unit", "required"),
        ("amount.value", "required"),
    ]
    assert faults_of(new_release, {}) == [("items", "required")]
    assert faults_of(new_release, {"items": []}) == [("items", "too_short")]
    assert faults_of(new_release, {"items": [{}]}) == [("items.0.order_item_id", "required")]


@pytest.mark.parametrize(
    ("member", "value", "fault"),
    [
        ("order_type", "purchase_order", ("order_type", "invalid_value")),
        ("order_number", "x" * 65, ("order_number", "too_long")),
        ("order_number", "  ", ("order_number", "too_short")),
        ("order_number", 7, ("order_number", "wrong_type")),
        ("name", "x" * 256, ("name", "too_long")),
        ("description", "x" * 10_001, ("description", "too_long")),
        ("source_system_id", "x" * 65, ("source_system_id", "too_long")),
        ("ship_to", [], ("ship_to", "wrong_type")),
        ("ship_to", {"line_1": "x" * 1001}, ("ship_to.line_1", "too_long")),
        ("ship_to", {"residential": "no"}, ("ship_to.residential", "wrong_type")),
        ("ship_to", {"geolocation": {"latitude": 1}}, ("ship_to.geolocation.longitude", "required")),
        (
            "ship_to",
            {"geolocation": {"latitude": 90.5, "longitude": 1}},
            ("ship_to.geolocation.latitude", "out_of_range"),
        ),
        (
            "ship_from",
            {"geolocation": {"latitude": 1, "longitude": "1"}},
            ("ship_from.geolocation.longitude", "wrong_type"),
        ),
        ("ship_to", {"custom_data": [1]}, ("ship_to.custom_data", "invalid_custom_data")),
        (
            "ship_to",
            {
                "shipping_requirements": {
                    "plan_window": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
                }
            },
            ("ship_to.shipping_requirements.plan_window.end", "end_before_start"),
        ),
        (
            "ship_to",
            {"shipping_requirements": {"plan_window": {"start": "soon"}}},
            ("ship_to.shipping_requirements.plan_window.start", "invalid_datetime"),
        ),
        ("start_date", "2026-06-20T05:00:00Z", ("start_date", "invalid_date")),
        ("references", [{"qualifier": "A"}], ("references.0.value", "required")),
        ("references", [{"qualifier": "x" * 65, "value": "v"}], ("references.0.qualifier", "too_long")),
        ("references", [{"qualifier": "A", "value": "v"}] * 51, ("references", "too_many")),
        ("tags", ["a"] * 51, ("tags", "too_many")),
        ("tags", [7], ("tags.0", "wrong_type")),
        ("tags", ["a", {"slug": "a"}], ("tags.1.id", "required")),
        ("tags", [{"id": "a"}], ("tags.0.id", "invalid_id")),
        ("tags", [" "], ("tags.0", "too_short")),
        ("archived", "true", ("archived", "wrong_type")),
        (
            "supplier",
            {"email": "nobody"},
            ("supplier.email", "invalid_email"),
        ),
        ("supplier", {"supplier_id": "x" * 65}, ("supplier.supplier_id", "too_long")),
        ("supplier", {"identification_codes": {}}, ("supplier.identification_codes", "wrong_type")),
        (
            "shipping_requirements",
            {"bill_to": {"contact": {"email": "@"}}},
            ("shipping_requirements.bill_to.contact.email", "invalid_email"),
        ),
        ("custom_data", "[]", ("custom_data", "invalid_custom_data")),
        ("items", {}, ("items", "wrong_type")),
        ("items", [{"amount": {"unit": "KG", "value": "1"}}] * 1001, ("items", "too_many")),
        ("items", [{"amount": {"unit": "KG", "value": "-1"}}], ("items.0.amount.value", "out_of_range")),
        ("items", [{"amount": {"unit": "x" * 33, "value": "1"}}], ("items.0.amount.unit", "too_long")),
        ("items", [{"amount": {"unit": " ", "value": "1"}}], ("items.0.amount.unit", "too_short")),
    ],
)
def test_a_fault_is_named(member: str, value: Any, fault: tuple[str, str]) -> None:
    """O-3, O-12, O-13, O-14, O-15: the code, and the place with its dots."""
    body = {"order_number": "1", "ship_to": {}, member: value}
    assert faults_of(new_order, body) == [fault]
    if member != "source_system_id":
        assert faults_of(replaced_order, body) == [fault]
        assert_patch_faults({member: value}, [fault])


def assert_patch_faults(patch: Any, faults: list[tuple[str, str]]) -> None:
    """A patch has the same faults, but what is missing in an object or contradicts itself may yet be put right by
    what is stored; of arrays nothing is."""
    if faults[0][0].startswith("ship_to.") and faults[0][1] in ("required", "end_before_start"):
        read_patch(documents.ORDER, patch)
    else:
        assert faults_of(lambda patch: read_patch(documents.ORDER, patch), patch) == faults


@pytest.mark.parametrize(
    ("requirements", "fault"),
    [
        ({"quantity": -1}, ("quantity", "out_of_range")),
        ({"total_pieces": "x"}, ("total_pieces", "invalid_value")),
        ({"handling_unit_id": "x" * 49}, ("handling_unit_id", "too_long")),
        ({"tare_weight": {"unit": "KG"}}, ("tare_weight.value", "required")),
        ({"dimensions": {"unit": "CM", "length": 1, "width": 2}}, ("dimensions.height", "required")),
        ({"hazmat": {"signatory": {"fax": 1}}}, ("hazmat.signatory.fax", "wrong_type")),
        ({"temperature": []}, ("temperature", "wrong_type")),
        ({"identifying_marks": "x"}, ("identifying_marks", "wrong_type")),
        ({"stackable": 1}, ("stackable", "wrong_type")),
    ],
)
def test_a_fault_of_an_items_requirements_is_named(requirements: Any, fault: tuple[str, str]) -> None:
    body = {"amount": {"unit": "KG", "value": "1"}, "shipping_requirements": requirements}
    field, code = fault
    assert faults_of(new_item, body) == [(f"shipping_requirements.{field}", code)]
    assert faults_of(new_order, {"order_number": "1", "ship_to": {}, "items": [body]}) == [
        (f"items.0.shipping_requirements.{field}", code)
    ]


def test_descriptions_of_items_end_at_128() -> None:
    """O-33."""
    amount = {"unit": "KG", "value": 1}
    assert new_item({"amount": amount, "description": "x" * 128}).description == "x" * 128
    assert faults_of(new_item, {"amount": amount, "description": "x" * 129}) == [("description", "too_long")]


def test_read_only_and_unknown_keys_are_ignored_at_every_depth() -> None:
    """O-21."""
    extra = {"id": 5, "status": 7, "created_at": [], "source": {}, "groups": 1, "releases": "x"}
    body = {"order_number": "1", "ship_to": {"nonsense": {"a": None}}, **extra}
    body["items"] = [{"amount": {"unit": "KG", "value": "1", "x": 2}, "available_amount": "?", "id": "no id"}]
    assert new_order(body) == OrderWish(
        content=NewOrder(order_number="1", ship_to=Stop()),
        items=(ItemWish(NewItem(quantity=Decimal(1), unit="KG")),),
    )


def test_items_of_a_put_are_named_by_id() -> None:
    body = {"order_number": "1", "ship_to": {}}
    item = {"amount": {"unit": "KG", "value": "1"}}
    wish = replaced_order({**body, "items": [{**item, "id": ulid(ITEM_ID).lower()}, item]})
    assert [item.id for item in wish.items] == [ITEM_ID, None]
    assert faults_of(replaced_order, {**body, "items": [{**item, "id": "MP-1"}]}) == [
        ("items.0.id", "invalid_id")
    ]


def test_tags_by_id_slug_and_object() -> None:
    """O-16: of a Tag object the id counts."""
    tags = ["summer-shelf", ulid(ITEM_ID), {"id": ulid(ITEM_ID), "slug": "else"}]
    wish = new_order({"order_number": "1", "ship_to": {}, "tags": tags})
    assert wish.tags == ("summer-shelf", ulid(ITEM_ID), ITEM_ID)


@pytest.mark.parametrize(
    "blank",
    [
        {},
        {"name": None},
        {"identification_codes": [], "email": None},
        {"address": {"line_1": None, "residential": False}},
        {"address": {}, "unknown": 1},
    ],
)
def test_a_supplier_without_any_value_is_none(blank: Any) -> None:
    body = {"order_number": "1", "ship_to": {}, "supplier": blank}
    assert new_order(body).content.supplier is None


def test_a_supplier_is_stored_whole() -> None:
    body = {
        "order_number": "1",
        "ship_to": {},
        "supplier": {"address": {"geolocation": None, "country": "CA"}},
    }
    assert new_order(body).content.supplier == {
        "name": None,
        "address": {
            "country": "CA",
            "line_1": None,
            "line_2": None,
            "line_3": None,
            "locality": None,
            "postal_code": None,
            "region": None,
            "urbanization": None,
            "residential": False,
            "geolocation": None,
        },
        "identification_codes": [],
        "phone_number": None,
        "email": None,
        "supplier_id": None,
    }


@pytest.mark.parametrize(
    "blank",
    [
        {},
        {"references": [], "line_1": None},
        {"shipping_requirements": {"plan_window": {"start": None}}, "residential": False},
    ],
)
def test_ship_from_without_any_value_is_none_and_ship_to_stays_a_stop(blank: Any) -> None:
    """Section 25; a window without start and end is none (7.2)."""
    content = new_order({"order_number": "1", "ship_to": blank, "ship_from": blank}).content
    assert content.ship_from is None
    assert content.ship_to == Stop()
    assert new_order(
        {"order_number": "1", "ship_to": {}, "ship_from": {"line_2": "x"}}
    ).content.ship_from == Stop(line_2="x")


def test_half_a_plan_window_is_kept() -> None:
    """O-14."""
    start = {"shipping_requirements": {"plan_window": {"start": "2026-06-29T00:10:00Z", "end": None}}}
    stop = new_order({"order_number": "1", "ship_to": start}).content.ship_to
    assert stop == Stop(
        shipping_requirements=StopRequirements(PlanWindow(datetime(2026, 6, 29, 0, 10, tzinfo=UTC)))
    )


def test_releases() -> None:
    items = [{"order_item_id": ulid(ITEM_ID)}, {"id": ITEM_ID, "amount": {"unit": "KG", "value": 300}}]
    taken = (TakenWish(ITEM_ID), TakenWish(ITEM_ID, Decimal(300), "KG"))
    leg = {
        "released_to_shipping_plan_id": "plan",
        "released_to_shipment_id": "shp-7c21",
        "released_to_shipment_reference_id": "K7Q2ZD",
        "released_to_shipment_origin_stop_id": "from",
        "released_to_shipment_destination_stop_id": "to",
        "transit_status": "DISPATCHED",
    }
    child = {"order_number": "C", "name": "N", "start_date": "2026-06-20", "ship_to": {"line_1": "x"}}
    assert new_release({"items": items, **leg, **child}) == ReleaseWish(
        items=taken,
        transit_status="DISPATCHED",
        shipping_plan_id="plan",
        shipment_id="shp-7c21",
        shipment_reference_id="K7Q2ZD",
        origin_stop_id="from",
        destination_stop_id="to",
    )
    assert new_release({"release_type": "PURCHASE_ORDER", "items": items, **leg, **child}) == ReleaseWish(
        items=taken,
        release_type="PURCHASE_ORDER",
        child=ChildWish(order_number="C", name="N", start_date=date(2026, 6, 20), ship_to=Stop(line_1="x")),
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"release_type": "SHIPMENT"}, ("release_type", "invalid_value")),
        ({"release_type": 1}, ("release_type", "wrong_type")),
        ({"released_to_shipment_id": "x" * 49}, ("released_to_shipment_id", "too_long")),
        ({"released_to_shipment_reference_id": "x" * 7}, ("released_to_shipment_reference_id", "too_long")),
        ({"transit_status": "LOST"}, ("transit_status", "invalid_value")),
        ({"release_type": "PURCHASE_ORDER", "order_number": " "}, ("order_number", "too_short")),
        ({"items": [{"order_item_id": "x"}]}, ("items.0.order_item_id", "invalid_id")),
        ({"items": [{"id": ITEM_ID, "amount": {"value": 1}}]}, ("items.0.amount.unit", "required")),
    ],
)
def test_a_fault_of_a_release_is_named(body: Any, fault: tuple[str, str]) -> None:
    assert faults_of(new_release, {"items": [{"order_item_id": ITEM_ID}], **body}) == [fault]


def test_a_leg_is_patched_by_what_was_said() -> None:
    assert patched_leg({}) == LegWish(said=frozenset())
    assert patched_leg({"transit_status": None, "release_type": "x"}) == LegWish(
        said=frozenset(("transit_status",))
    )
    assert patched_leg(
        {"unassigned_at": "2026-06-17T15:04:05Z", "released_to_shipment_origin_stop_id": "a"}
    ) == LegWish(
        said=frozenset(("unassigned_at", "origin_stop_id")),
        unassigned_at=datetime(2026, 6, 17, 15, 4, 5, tzinfo=UTC),
        origin_stop_id="a",
    )
    assert faults_of(patched_leg, {"unassigned_at": "now", "transit_status": "LOST"}) == [
        ("unassigned_at", "invalid_datetime"),
        ("transit_status", "invalid_value"),
    ]


def test_tags_are_declared() -> None:
    assert read_body(documents.NEW_TAG, {"name": "Summer shelf"}) == {"name": "Summer shelf"}
    read = {"name": "x" * 64, "slug": "a-1"}
    assert read_body(documents.NEW_TAG, read) == read

    def fault(**body: Any) -> list[tuple[str | None, str]]:
        return faults_of(lambda sent: read_body(documents.NEW_TAG, sent), body)

    assert fault() == [("name", "required")]
    assert fault(name=" ") == [("name", "too_short")]
    assert fault(name="x" * 65) == [("name", "too_long")]
    assert fault(name="x", slug="Aa") == [("slug", "invalid_value")]
    assert fault(name="x", slug="a" * 65) == [("slug", "too_long")]
    assert fault(name="x", slug="") == [("slug", "too_short")]


def stored(wish: OrderWish) -> StoredOrder:
    """The order as it would be held."""
    items = tuple(
        StoredItem(id=item.id or new_id(), position=place, content=item.content, created_at=NOW)
        for place, item in enumerate(wish.items, 1)
    )
    return StoredOrder(
        id=new_id(),
        version=1,
        event_seq=1,
        content=replace(wish.content, unsaid=frozenset()),
        items=items,
        lifecycle="READY",
        tags=(Tag(new_id(), "summer-shelf", "Summer shelf"),),
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("body", [EXAMPLE, {"order_number": "1", "ship_to": {}}])
def test_what_was_read_can_be_sent_back(body: Any) -> None:
    """O-17, O-21."""
    order = stored(new_order(body))
    assert replaced_order(shown_order(order)) == OrderWish(
        content=replace(order.content, unsaid=frozenset(("source_system_id",))),
        items=tuple(ItemWish(item.content, item.id) for item in order.items),
        tags=(order.tags[0].id,),
    )
    assert new_order(shown_order(order)).content == order.content


quick = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)


def readable(kind: Kind, body: Any) -> bool:
    """Whether the reader takes it; the one thing that schemas here do not say is that a window must not end
    before it starts."""
    try:
        kind.read(body)
    except Wrong as found:
        assert {code for _, code, _ in found.faults} == {"end_before_start"}
        return False
    return True


BODIES = {
    "order": documents.NEW_ORDER,
    "put": documents.ORDER,
    "item": documents.ITEM,
    "release": documents.NEW_RELEASE,
    "leg": documents.LEG_CHANGE,
    "form": documents.RELEASE_FORM,
    "tag": documents.NEW_TAG,
}


@pytest.mark.parametrize("name", BODIES)
@quick
@given(data=st.data())
def test_what_the_schema_allows_is_read(name: str, data: st.DataObject) -> None:
    kind = BODIES[name]
    body = data.draw(sent(kind.schema))
    jsonschema.Draft202012Validator(kind.schema).validate(body)
    readable(kind, body)


@pytest.mark.parametrize("name", BODIES)
def test_schemas_are_schemas_and_know_the_examples(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(BODIES[name].schema)
    jsonschema.Draft202012Validator.check_schema(BODIES[name].patch_schema)
    jsonschema.validate(EXAMPLE, documents.NEW_ORDER.schema)
    jsonschema.validate({"ship_to": {"line_2": None}}, documents.ORDER.patch_schema)


@quick
@given(body=sent(documents.NEW_ORDER.schema))
def test_every_order_that_was_read_can_be_sent_back(body: Any) -> None:
    if not readable(documents.NEW_ORDER, body):
        return
    order = stored(new_order(body))
    shown = shown_order(order)
    again = replaced_order(decode(encode(shown)))
    assert shown_order(replace(order, content=_kept(again.content, order))) == shown
    assert again.items == tuple(ItemWish(item.content, item.id) for item in order.items)


def _kept(content: NewOrder, order: StoredOrder) -> NewOrder:
    """The wished content, with what a PUT never sets."""
    return replace(content, source_system_id=order.content.source_system_id, source=order.content.source)


@quick
@given(body=sent(documents.NEW_ORDER.schema), patch=sent(documents.ORDER.patch_schema))
def test_a_patch_is_a_put_of_the_merged_document(body: Any, patch: Any) -> None:
    """Section 9.5: of what the patch speaks of. Null resets also `archived`, which a PUT would keep."""
    if not readable(documents.NEW_ORDER, body):
        return
    order = stored(new_order(body))
    read_patch(documents.ORDER, patch)
    whole = merged(shown_order(order), patch)
    try:
        wish = patched_order(order, patch)
    except Refusal as refusal:
        assert faults_of(replaced_order, whole) == [(fault.field, fault.code) for fault in refusal.faults]
        return
    put = replaced_order(whole)
    assert (wish.items, wish.tags) == (put.items, put.tags)
    assert wish.content.unsaid >= {"source_system_id"}
    for name in patch.keys() - {"items", "tags"}:
        assert getattr(wish.content, name) == getattr(put.content, name)
        assert (name in wish.content.unsaid) == (name == "order_type" and patch[name] is None)
    assert wish.content.unsaid & patch.keys() <= {"order_type"}


def test_a_patch_leaves_alone_what_it_does_not_speak_of() -> None:
    """Also what would be refused today: another surface may have longer texts."""
    order = stored(new_order(EXAMPLE))
    long = replace(order.items[0], content=replace(order.items[0].content, description="x" * 500))
    order = replace(order, items=(long,))
    wish = patched_order(order, {"name": "Deck screws, July", "unknown": {"a": 1}})
    assert wish.content.name == "Deck screws, July"
    assert wish.content.unsaid == {member.name for member in documents.ORDER_MEMBERS} - {"name"} | {
        "source_system_id"
    }
    assert wish.content.order_number == "MP-24017"
    assert wish.items == (ItemWish(long.content, long.id),)
    assert wish.tags == (order.tags[0].id,)
    assert faults_of(
        lambda patch: patched_order(order, patch), {"custom_data": {f"k{n}": n for n in range(50)}}
    ) == [("custom_data", "invalid_custom_data")]


def test_the_patch_of_section_9_5() -> None:
    order = stored(new_order(EXAMPLE))
    patch = {
        "name": "Deck screws, July",
        "ship_to": {"line_2": "Dock door 6"},
        "custom_data": {"cost_center": None, "buyer": "ines"},
    }
    content = patched_order(order, patch).content
    assert content.name == "Deck screws, July"
    assert order.content.ship_to is not None
    assert content.ship_to == replace(order.content.ship_to, line_2="Dock door 6")
    assert content.custom_data == {"buyer": "ines"}


def test_null_resets() -> None:
    order = stored(new_order({**EXAMPLE, "archived": True, "supplier": {"name": "x"}}))
    names = [member.name for member in documents.ORDER_MEMBERS if not member.required]
    wish = patched_order(order, dict.fromkeys(names))
    assert wish == OrderWish(
        content=NewOrder(
            order_number="MP-24017",
            unsaid=frozenset(("order_number", "ship_to", "order_type", "source_system_id")),
        )
    )
    for name in ("order_number", "ship_to"):
        assert faults_of(lambda patch: read_patch(documents.ORDER, patch), {name: None}) == [
            (name, "required")
        ]


def test_the_patch_of_section_10_3() -> None:
    item = StoredItem(
        id=ITEM_ID,
        position=1,
        content=NewItem(
            quantity=Decimal(88),
            unit="KG",
            description="Joist hanger 47 mm",
            sku="kept",
            custom_data={"line": "20"},
        ),
        created_at=NOW,
    )
    patch = {
        "amount": {"value": "92.5"},
        "shipping_requirements": {"quantity": "4", "packaging_type": "BIN"},
    }
    read_patch(documents.ITEM, patch)
    assert patched_item(item, patch) == replace(
        item.content,
        quantity=Decimal("92.5"),
        shipping_requirements=shapes.complete(
            {"quantity": 4, "packaging_type": "BIN"}, shapes.ITEM_REQUIREMENTS
        ),
    )
    assert patched_item(item, {"description": None, "custom_data": {"line": None, "b": 1}}) == replace(
        item.content, description=None, custom_data={"b": 1}
    )
    assert patched_item(item, {}) == item.content
    assert faults_of(lambda patch: read_patch(documents.ITEM, patch), {"amount": None}) == [
        ("amount", "required")
    ]
    assert item_document(ITEM_ID, patched_item(item, patch))["amount"] == {"unit": "KG", "value": "92.5"}


def names_of(shape: Mapping[str, Any]) -> Any:
    return {
        name: names_of(part.shape) if isinstance(part, shapes.Part) else None for name, part in shape.items()
    }


def described(schema: dict[str, Any]) -> Any:
    return {
        name: described(part) if "properties" in part else None for name, part in schema["properties"].items()
    }


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (documents.ADDRESS, shapes.ADDRESS),
        (documents.SUPPLIER, shapes.SUPPLIER),
        (documents.ITEM_REQUIREMENTS, shapes.ITEM_REQUIREMENTS),
        (documents.BILL_TO, shapes.ORDER_REQUIREMENTS["bill_to"].shape),
    ],
)
def test_the_members_that_are_read_are_those_that_are_shown(kind: Kind, shape: Mapping[str, Any]) -> None:
    """Section 7: 10, 6, 23 and 6 keys."""
    assert described(kind.schema) == names_of(shape)
