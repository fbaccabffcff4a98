"""model.purchase_order_edit: rules of PATCH (Milestones API, section 7.5)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from milepost.kit.errors import Conflict, Faulty
from milepost.kit.ids import ulid
from milepost.model.key_dates import KeyDates, edit_timeline
from milepost.model.order import Geolocation, NewItem, Reference, Stop, StoredItem, StoredOrder, Tag
from milepost.model.purchase_order_edit import OrderEdit, SupplierWish, edited
from milepost.model.purchase_order_lines import PART, LineWish, part_of, with_part
from milepost.model.releases import Release
from milepost.model.shapes import SUPPLIER, complete
from milepost.model.workflow import Workspace
from tests.model.plans import (
    CREATED,
    NOW,
    ON,
    day,
    draft,
    item,
    made_to_order,
    mid,
    milestone,
    milestones_of,
    order,
    refusal,
    task,
    tasks_of,
    template,
    uid,
    workflow,
    workspace,
)

FIRST, SECOND = workflow(1, template(1, "acceptance"), is_default=True), workflow(2)
WHERE = workspace(workflows=(FIRST, SECOND))
TESSEL: dict[str, Any] = {"supplier_id": "sup-118", "name": "Tessel Mills", "email": "hello@tessel.example"}
REFUSED = made_to_order(acceptance={"rejection_reason": "price"})


def placed(items: Sequence[NewItem], last: int) -> tuple[StoredItem, ...]:
    return tuple(
        StoredItem(id=uid(100 + n, 4), position=n, content=one, created_at=NOW)
        for n, one in enumerate(items, last + 1)
    )


def patched(
    stored: StoredOrder, tags: Sequence[Tag] | None = None, where: Workspace = WHERE, **said: Any
) -> StoredOrder:
    return edited(where, stored, OrderEdit(**said), tags, ON, placed)


def faults_of(stored: StoredOrder, **said: Any) -> list[tuple[str, str]]:
    with pytest.raises(Faulty) as caught:
        patched(stored, **said)
    return caught.value.faults


def paths_of(stored: StoredOrder, **said: Any) -> list[str]:
    return [path for path, _ in faults_of(stored, **said)]


def refused(stored: StoredOrder, **said: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Conflict) as caught:
        patched(stored, **said)
    return refusal(caught.value)


# Members ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [draft(), made_to_order(), made_to_order(4), REFUSED])
def test_most_members_are_free_in_every_status(stored: StoredOrder):
    said = {
        "name": "Spring aprons",
        "currency": "EUR",
        "incoterms": "FOB",
        "shipping_method": "sea",
        "note": "n",
    }
    after = patched(stored, members=said)
    assert after == msgspec.structs.replace(stored, content=msgspec.structs.replace(stored.content, **said))
    cleared = patched(after, members=dict.fromkeys(said))
    assert cleared == stored


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"members": {"order_number": "HX-4410", "name": None, "payment_terms": "net 45"}},
        {"supplier": SupplierWish(id="sup-118")},
        {"supplier": SupplierWish(id="sup-118", name="Tessel Mills")},
        {"seller": {"line_1": None, "locality": None}},
        {"ships_to": None},
        {"ships_to": {"company_name": None}},
        {"workflow_id": FIRST.id},
        {"workflow_id": ulid(FIRST.id).lower()},
        {"dates": {"ships_on": day("04-09"), "delivered_on": day("05-14")}},
        {"items": (LineWish(id=uid(1, 4)),)},
        {
            "items": (
                LineWish(
                    id=ulid(uid(1, 4)), members={"quantity": Decimal("10.000000"), "description": "Line 1"}
                ),
            )
        },
        {"items": (LineWish(id=uid(1, 4), part_id=None),)},
    ],
)
@pytest.mark.parametrize("confirmed", [0, 1, 4])
def test_m15_a_request_that_changes_nothing(said: dict[str, Any], confirmed: int):
    stored = made_to_order(confirmed, payment_terms="net 45", supplier=TESSEL)
    assert patched(stored, **said) is stored


def test_tags_are_named_whole():
    spring, summer = Tag(uid(1, 11), "spring", "spring"), Tag(uid(2, 11), "summer", "summer")
    stored = msgspec.structs.replace(made_to_order(), tags=(spring,))
    assert patched(stored) is stored
    assert patched(stored, [spring]) is stored
    assert patched(stored, [spring, summer]).tags == (spring, summer)
    assert patched(stored, []).tags == ()


def test_the_stop_keeps_what_is_not_said():
    stop = Stop(
        line_1="Kai 4", locality="Kiel", country="DE", geolocation=Geolocation(54.3, 10.1), residential=True
    )
    stored = made_to_order(ship_to=stop)
    after = patched(stored, ships_to={"line_1": "Kai 5", "company_name": "Loom & Larch", "country": None})
    assert after.content.ship_to == msgspec.structs.replace(
        stop, line_1="Kai 5", company_name="Loom & Larch", country=None
    )
    assert patched(stored, ships_to=None).content.ship_to is None
    assert patched(made_to_order(), ships_to={"locality": "Kiel"}).content.ship_to == Stop(locality="Kiel")
    assert patched(made_to_order(ship_to=Stop(line_1="x")), ships_to={"line_1": None}).content.ship_to is None


# The supplier -------------------------------------------------------------------------------------------


def test_the_address_of_the_supplier_is_free():
    stored = made_to_order(2, supplier=TESSEL)
    after = patched(stored, seller={"line_1": "Mill Road 2", "locality": "Leeds"})
    supplier = after.content.supplier
    assert supplier is not None
    assert {name: supplier[name] for name in TESSEL} == TESSEL
    assert (supplier["address"]["line_1"], supplier["address"]["locality"]) == ("Mill Road 2", "Leeds")
    back = patched(after, seller={"line_1": None, "locality": None})
    assert back.content.supplier == complete(TESSEL, SUPPLIER)
    assert patched(after, seller={"locality": "Leeds"}) is after


def test_the_rest_of_the_address_stays():
    stored = made_to_order(supplier=TESSEL | {"address": {"line_1": "Mill Road 2", "urbanization": "Mills"}})
    supplier = patched(stored, seller={"line_1": None}).content.supplier
    assert supplier is not None
    assert (supplier["address"]["line_1"], supplier["address"]["urbanization"]) == (None, "Mills")


def test_an_order_without_supplier_may_have_the_seller_s_address():
    after = patched(made_to_order(), seller={"country": "GB"})
    assert after.content.supplier == complete({"address": {"country": "GB"}}, SUPPLIER)
    assert patched(after, seller={"country": None}).content.supplier is None


def test_another_supplier_brings_its_own_name():
    stored = draft(supplier=TESSEL | {"address": {"locality": "Leeds"}}, ships_on=day("04-09"))
    supplier = patched(stored, supplier=SupplierWish(id="sup-9")).content.supplier
    assert supplier == complete({"supplier_id": "sup-9", "address": {"locality": "Leeds"}}, SUPPLIER)
    supplier = patched(stored, supplier=SupplierWish(id="sup-9", name="Birchline")).content.supplier
    assert supplier is not None
    assert (supplier["supplier_id"], supplier["name"], supplier["email"]) == ("sup-9", "Birchline", None)


def test_the_same_supplier_may_get_another_name_on_a_draft():
    stored = draft(supplier=TESSEL)
    supplier = patched(stored, supplier=SupplierWish(id="sup-118", name=None)).content.supplier
    assert supplier == complete(TESSEL | {"name": None}, SUPPLIER)
    nameless = draft(supplier={"email": "hello@tessel.example"})
    supplier = patched(nameless, supplier=SupplierWish(id="sup-118")).content.supplier
    assert supplier == complete({"supplier_id": "sup-118", "email": "hello@tessel.example"}, SUPPLIER)


def test_no_order_loses_its_supplier():
    assert paths_of(draft(supplier=TESSEL), supplier=None) == ["supplier.id"]
    assert paths_of(made_to_order(supplier=TESSEL), supplier=None) == ["supplier.id"]
    stored = made_to_order()
    assert patched(stored, supplier=None) is stored


# Frozen -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"members": {"order_number": "HX-4411"}}, "order_number"),
        ({"members": {"order_number": "hx-4410"}}, "order_number"),
        ({"supplier": SupplierWish(id="sup-119")}, "supplier"),
        ({"supplier": SupplierWish(id="sup-118", name="Tessel")}, "supplier"),
        ({"supplier": SupplierWish(id="sup-118", name=None)}, "supplier"),
        ({"workflow_id": SECOND.id}, "workflow_id"),
        ({"workflow_id": None}, "workflow_id"),
    ],
)
@pytest.mark.parametrize("acceptance", [{}, {"confirmed_on": "02-03"}, {"rejection_reason": "price"}])
def test_m15_frozen_after_issue(said: dict[str, Any], field: str, acceptance: dict[str, Any]):
    stored = order(milestone(1, "acceptance", **acceptance), supplier=TESSEL)
    assert refused(stored, **said) == ("field_frozen", {"errors": {field: ["can no longer change"]}})


def test_all_frozen_fields_are_told_at_once():
    code, facts = refused(
        made_to_order(1, payment_terms="net 45"),
        members={"order_number": "X", "payment_terms": "net 30", "name": "free"},
        supplier=SupplierWish(id="sup-119"),
        workflow_id=SECOND.id,
    )
    assert code == "field_frozen"
    assert list(facts["errors"]) == ["order_number", "supplier", "workflow_id", "payment_terms"]


def test_a_draft_is_not_frozen():
    stored = draft(ships_on=day("04-09"), supplier=TESSEL, payment_terms="net 45")
    after = patched(
        stored,
        members={"order_number": "HX-4411", "payment_terms": None},
        supplier=SupplierWish(id="sup-119"),
        workflow_id=ulid(SECOND.id),
    )
    assert (after.content.order_number, after.content.payment_terms) == ("HX-4411", None)
    assert after.milestone_workflow_id == SECOND.id
    assert patched(after, workflow_id=None).milestone_workflow_id == FIRST.id
    assert patched(after, workflow_id=None, where=workspace()).milestone_workflow_id is None


@pytest.mark.parametrize(
    ("stored", "legal"),
    [
        (made_to_order(0, payment_terms="net 45"), True),
        (made_to_order(1), True),  # it is null
        (made_to_order(1, payment_terms="net 45"), False),
        (made_to_order(4, payment_terms="net 45"), False),
        (made_to_order(acceptance={"rejection_reason": "price"}, payment_terms="net 45"), True),
        (order(payment_terms="net 45"), True),
        (draft(payment_terms="net 45"), True),
    ],
)
@pytest.mark.parametrize("value", ["net 30", None])
def test_m15_payment_terms_are_frozen_once_accepted(stored: StoredOrder, legal: bool, value: str | None):
    said: dict[str, Any] = {"members": {"payment_terms": value}}
    if legal:
        assert patched(stored, **said).content.payment_terms == value
    else:
        assert refused(stored, **said) == (
            "field_frozen",
            {"errors": {"payment_terms": ["can no longer change"]}},
        )


def test_an_unknown_workflow_is_a_fault_unless_it_is_the_present_one():
    for stored in (draft(), made_to_order()):
        assert faults_of(stored, workflow_id=uid(77, 5)) == [("workflow_id", "no such workflow")]
        assert faults_of(stored, workflow_id="nonsense") == [("workflow_id", "no such workflow")]
        assert patched(stored, workflow_id=FIRST.id, where=workspace()) is stored
    assert patched(made_to_order(milestone_workflow_id=None), workflow_id=None) is not None


def test_m47_nothing_of_a_canceled_order_changes():
    stored = made_to_order(1, cancelled_at=NOW)
    for said in (
        {},
        {"members": {"name": "x"}},
        {"members": {"order_number": "X"}},
        {"dates": {"ships_on": None}},
    ):
        assert refused(stored, **said) == ("order_not_active", {"status": "canceled"})
    assert paths_of(stored, workflow_id="nonsense") == ["workflow_id"]


# Dates --------------------------------------------------------------------------------------------------


def test_m17_target_dates_are_key_dates():
    stored = made_to_order(tasks=(task(1, 3, "04-09"),))
    after = patched(stored, dates={"ships_on": day("04-01"), "delivered_on": day("05-20")})
    assert [one.key_date for one in milestones_of(after)][2:] == [day("04-01"), day("05-20")]
    assert (after.content.ships_on, after.content.delivered_on) == (day("04-01"), day("05-20"))
    assert tasks_of(after)[0].due_date == day("04-01")
    assert milestones_of(after)[2].delays == ()
    (delay,) = milestones_of(after)[3].delays
    assert (delay.source, delay.old_date, delay.new_date, delay.reason) == (
        "edit",
        day("05-14"),
        day("05-20"),
        None,
    )
    same = edit_timeline(stored, KeyDates(named={"shipment": day("04-01"), "delivery": day("05-20")}), ON)
    assert [one.key_date for one in milestones_of(same)] == [one.key_date for one in milestones_of(after)]


def test_target_dates_may_be_emptied_after_issue():
    after = patched(made_to_order(), dates={"ships_on": None})
    assert (milestones_of(after)[2].key_date, after.content.ships_on) == (None, None)


def test_a_refused_order_can_be_amended():
    after = patched(REFUSED, dates={"ships_on": day("04-20")}, members={"payment_terms": "net 30"})
    assert milestones_of(after)[2].key_date == day("04-20")


def test_dates_out_of_order_refuse_the_whole_edit():
    assert refused(made_to_order(), dates={"ships_on": day("05-15")}, members={"name": "x"}) == (
        "dates_out_of_order",
        {"milestone_ids": [mid(3)]},
    )


def test_the_date_of_a_confirmed_milestone_stays():
    stored = made_to_order(4)
    assert refused(stored, dates={"delivered_on": day("05-15"), "ships_on": day("02-07")}) == (
        "already_confirmed",
        {"milestone_ids": [mid(3), mid(4)]},
    )
    assert refused(stored, dates={"ships_on": None}) == ("already_confirmed", {"milestone_ids": [mid(3)]})
    # What is compared is the key date, not the day it happened.
    assert patched(stored, dates={"ships_on": day("04-09")}) is stored


def test_the_rules_come_in_sequence():
    stored = made_to_order(4)
    said: dict[str, Any] = {"dates": {"ships_on": None}, "members": {"order_number": "X"}}
    assert paths_of(stored, workflow_id="nonsense", **said) == ["workflow_id"]
    assert refused(stored, **said)[0] == "field_frozen"
    assert refused(stored, dates=said["dates"])[0] == "already_confirmed"


def test_without_such_a_milestone_dates_are_kept_on_the_order_and_compared_with_nothing():
    stored = order(milestone(1, "acceptance", "06-01"), delivered_on=day("05-14"))
    after = patched(stored, dates={"ships_on": day("05-15"), "delivered_on": day("01-01")})
    assert (after.content.ships_on, after.content.delivered_on) == (day("05-15"), day("01-01"))
    assert after.plan is stored.plan
    half = order(milestone(1, "acceptance"), milestone(2, "shipment", "04-09"), delivered_on=day("05-14"))
    after = patched(half, dates={"ships_on": day("06-01"), "delivered_on": None})
    assert (milestones_of(after)[1].key_date, after.content.delivered_on) == (day("06-01"), None)


@pytest.mark.parametrize(
    ("dates", "legal"),
    [
        ({"ships_on": None}, False),
        ({"ships_on": day("05-14")}, False),
        ({"ships_on": day("05-13")}, True),
        ({"delivered_on": day("04-09")}, False),
        ({"delivered_on": day("04-10")}, True),
        ({"delivered_on": None}, True),
        ({"ships_on": day("06-01"), "delivered_on": day("06-01")}, False),
        ({"ships_on": day("06-01"), "delivered_on": day("06-02")}, True),
        ({"ships_on": day("06-01"), "delivered_on": None}, True),
        ({"ships_on": day("2020-01-01")}, True),
    ],
)
def test_the_dates_of_a_draft(dates: dict[Any, Any], legal: bool):
    stored = draft(ships_on=day("04-09"), delivered_on=day("05-14"))
    if legal:
        after = patched(stored, dates=dates)
        assert {name: getattr(after.content, name) for name in dates} == dates
    else:
        assert paths_of(stored, dates=dates) == ["ships_on"]


def test_a_draft_from_elsewhere_needs_no_date_for_other_edits():
    assert patched(draft(), dates={"delivered_on": day("05-14")}, members={"name": "x"}).content.name == "x"
    crossed = draft(ships_on=day("05-14"), delivered_on=day("04-09"))
    assert patched(crossed, dates={"ships_on": day("05-14")}) is crossed


# Lines --------------------------------------------------------------------------------------------------


def line(id: str | None = None, part_id: Any = UNSET, **members: Any) -> LineWish:
    return LineWish(id=id, members=members, part_id=part_id)


def test_m16_a_line_with_id_changes_and_one_without_is_added():
    stored = made_to_order(items=(item(1), item(2)))
    after = patched(
        stored,
        items=(
            line(None, "APR-LIN-3", quantity=Decimal(1200), unit="pcs", unit_price=Decimal("6.15")),
            line(ulid(uid(2, 4)), quantity=Decimal(11)),
            line(quantity=Decimal(1), description="Screen set-up"),
        ),
    )
    assert after.items[0] is stored.items[0]
    assert after.items[1] == msgspec.structs.replace(
        item(2), content=msgspec.structs.replace(item(2).content, quantity=Decimal(11))
    )
    assert [(one.position, one.content) for one in after.items[2:]] == [
        (
            3,
            NewItem(
                quantity=Decimal(1200),
                unit="pcs",
                unit_price=Decimal("6.15"),
                references=(Reference(PART, "APR-LIN-3"),),
            ),
        ),
        (4, NewItem(quantity=Decimal(1), description="Screen set-up")),
    ]


def test_a_line_keeps_what_other_surfaces_know_of_it():
    content = NewItem(
        quantity=Decimal(3),
        unit="KG",
        description="Screws",
        sku="S-1",
        references=(Reference("LOT", "7"), Reference(PART, "DS-580"), Reference(PART, "DS-581")),
        custom_data={"a": 1},
    )
    stored = made_to_order(items=(msgspec.structs.replace(item(1), content=content),))
    after = patched(stored, items=(line(uid(1, 4), "DS-9", description=None, unit=None),)).items[0].content
    assert after == msgspec.structs.replace(
        content,
        unit=None,
        description=None,
        references=(Reference("LOT", "7"), Reference(PART, "DS-9"), Reference(PART, "DS-581")),
    )
    cleared = patched(stored, items=(line(uid(1, 4), None),)).items[0].content
    assert (cleared.references, part_of(cleared)) == ((Reference("LOT", "7"),), None)


def test_the_part_among_references():
    others = (Reference("LOT", "7"),)
    assert with_part(others, "A") == (*others, Reference(PART, "A"))
    assert with_part((), None) == ()
    assert part_of(NewItem(quantity=Decimal(1), references=with_part(others, "A"))) == "A"
    assert part_of(NewItem(quantity=Decimal(1), references=others)) is None


@pytest.mark.parametrize(
    ("items", "paths"),
    [
        ((line(uid(9, 4)),), ["order_items[0].id"]),
        ((line("nonsense"),), ["order_items[0].id"]),
        ((line(uid(1, 4)), line(ulid(uid(1, 4)))), ["order_items[1].id"]),
        ((line(),), ["order_items[0].quantity", "order_items[0].part_id"]),
        ((line(quantity=Decimal(1), description=None),), ["order_items[0].part_id"]),
        ((line(quantity=Decimal(1), description=""),), ["order_items[0].part_id"]),
        ((line(None, "A"),), ["order_items[0].quantity"]),
        ((line(uid(1, 4), description=None),), ["order_items[0].part_id"]),
        (
            (line(uid(1, 4), None, description=None), line(uid(8, 4))),
            ["order_items[0].part_id", "order_items[1].id"],
        ),
    ],
)
@pytest.mark.parametrize("stored", [made_to_order(1), draft()])
def test_what_lines_cannot_be(stored: StoredOrder, items: tuple[LineWish, ...], paths: list[str]):
    assert paths_of(stored, items=items) == paths


def test_all_faults_are_told_at_once():
    assert paths_of(
        draft(supplier=TESSEL),
        items=(line("nonsense"),),
        workflow_id="nonsense",
        supplier=None,
        dates={"ships_on": None},
    ) == ["order_items[0].id", "supplier.id", "workflow_id", "ships_on"]


def test_a_line_that_never_named_anything_may_stay_so():
    nameless = msgspec.structs.replace(item(1), content=NewItem(quantity=Decimal(3)))
    after = patched(made_to_order(items=(nameless,)), items=(line(uid(1, 4), quantity=Decimal(4)),))
    assert after.items[0].content == NewItem(quantity=Decimal(4))


def test_an_order_has_at_most_a_thousand_lines():
    stored = made_to_order(items=tuple(item(n) for n in range(1, 1000)))
    new = line(quantity=Decimal(1), description="one more")
    assert len(patched(stored, items=(new,)).items) == 1000
    assert paths_of(stored, items=(new, new)) == ["order_items"]


def taken_of(number: int, amount: int, unit: str | None = None) -> Release:
    return msgspec.convert(
        {
            "id": uid(1, 10),
            "release_type": "TRANSPORTATION",
            "items": [{"item_id": uid(number, 4), "quantity": str(amount), "unit": unit or "EA"}],
            "created_at": CREATED,
        },
        Release,
        strict=False,
    )


@pytest.mark.parametrize(
    ("wish", "paths"),
    [
        (line(uid(2, 4), quantity=Decimal(3)), ["order_items[1].quantity"]),
        (line(uid(2, 4), quantity=Decimal(4)), []),
        (line(uid(2, 4), unit="KG"), ["order_items[1].unit_of_measure"]),
        (line(uid(2, 4), description="Renamed"), []),
        (line(uid(3, 4), quantity=Decimal(1), unit="KG"), []),
    ],
)
def test_what_releases_took_binds_the_lines(wish: LineWish, paths: list[str]):
    stored = made_to_order(items=(item(1), item(2), item(3)), releases=(taken_of(2, 4),))
    items = (line(uid(1, 4), description="First"), wish)
    if paths:
        assert paths_of(stored, items=items) == paths
    else:
        assert patched(stored, items=items) is not stored


def test_lines_of_a_refused_or_accepted_order_are_free():
    for stored in (REFUSED, made_to_order(4)):
        assert len(patched(stored, items=(line(quantity=Decimal(1), description="x"),)).items) == 2
