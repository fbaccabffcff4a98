"""model.metafield: the summary of line item statuses (Status API, section 22.9; S-55)."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.model.calendar import Calendar
from milepost.model.metafield import MetafieldItem, build
from milepost.model.workflow import Status, SubStatusGroup, SubStatusOption, Team, Workspace

ORDER = "019df1ae-f7c8-7a41-9c2e-5b70d3f81e64"
HULL, VARNISH = "019bb16e-fa98-70f9-8a00-3b8c16d5ef02", "019bb16e-fe80-711a-8b01-4c9d27e6f013"
FIRST, SECOND = "019bb16f-1208-766f-9006-91e27c3b4568", "019bb16f-15f0-7770-a107-a2f38d4c5679"
KAYAK, PADDLE = "019df1ae-f7c8-7881-b208-b3049e5d678a", "019df1ae-f7c8-7992-8309-c415af6e789b"

COATS = SubStatusGroup(
    "group",
    "Varnish coats",
    (SubStatusOption(FIRST, "First coat", 1), SubStatusOption(SECOND, "Second coat", 2)),
)
WORKSPACE = Workspace(
    team=Team(id="team", name="Harbour Works"),
    version=1,
    calendar=Calendar(),
    statuses=(
        Status(id=HULL, name="Hull laid", color="#5B8DB8", order=10),
        Status(
            id=VARNISH,
            name="Varnish",
            public_name="Finishing",
            use_public_name=True,
            color="#B5651D",
            order=20,
            group=COATS,
        ),
    ),
    groups=(COATS,),
)

CONTRACT = """{"namespace":"milepost","key":"line_item_statuses","type":"json","value":{
  "version":1,"order_id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","item_count":2,"quantity":3,
  "statuses":[{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","display_name":"Finishing","color":"#B5651D","item_count":1,"quantity":1,
    "sub_statuses":[{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat","item_count":1,"quantity":1}]}],
  "unassigned":{"item_count":1,"quantity":2},
  "line_items":[{"id":"019df1ae-f7c8-7881-b208-b3049e5d678a","shopify_line_item_id":"gid://shopify/LineItem/66120","name":"Sea kayak 5.2 m","quantity":1,
     "status":{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","display_name":"Finishing","color":"#B5651D"},
     "sub_status":{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat"}},
    {"id":"019df1ae-f7c8-7992-8309-c415af6e789b","shopify_line_item_id":"gid://shopify/LineItem/66121","name":"Ash paddle","quantity":2,"status":null,"sub_status":null}]}}"""  # noqa: E501

ITEMS = [
    MetafieldItem(KAYAK, 66120, "Sea kayak 5.2 m", Decimal("1.00"), VARNISH, FIRST),
    MetafieldItem(PADDLE, 66121, "Ash paddle", Decimal(2)),
]


def test_s55_the_contracts_example_key_by_key() -> None:
    """The same text but for the line breaks that the contract puts in for the eye."""
    assert build(WORKSPACE, ORDER, ITEMS) == "".join(line.strip() for line in CONTRACT.splitlines())


def test_an_order_whose_statuses_were_all_cleared() -> None:
    value = json.loads(build(WORKSPACE, ORDER, [ITEMS[1]]))["value"]
    assert (value["statuses"], value["unassigned"]) == ([], {"item_count": 1, "quantity": 2})


def test_an_order_without_items() -> None:
    assert build(WORKSPACE, ORDER, []) == (
        '{"namespace":"milepost","key":"line_item_statuses","type":"json","value":{"version":1,'
        f'"order_id":"{ORDER}","item_count":0,"quantity":0,"statuses":[],'
        '"unassigned":{"item_count":0,"quantity":0},"line_items":[]}}'
    )


def test_statuses_and_options_come_by_order_and_items_in_sequence() -> None:
    items = [
        MetafieldItem("i1", None, None, Decimal("0.5"), VARNISH, SECOND),
        MetafieldItem("i2", None, "Çark & «dümen»", Decimal("1.25"), HULL),
        MetafieldItem("i3", None, "b", Decimal(1), VARNISH, FIRST),
        MetafieldItem("i4", None, "c", Decimal("0.50"), VARNISH, SECOND),
        MetafieldItem("i5", None, "d", Decimal(7), VARNISH),
    ]
    text = build(WORKSPACE, ORDER, items)
    value = json.loads(text)["value"]
    assert (value["item_count"], value["quantity"]) == (5, 10.25)
    assert [(s["id"], s["item_count"], s["quantity"]) for s in value["statuses"]] == [
        (HULL, 1, 1.25),
        (VARNISH, 4, 9),
    ]
    assert value["statuses"][0]["sub_statuses"] == []
    assert value["statuses"][1]["sub_statuses"] == [
        {"id": FIRST, "name": "First coat", "item_count": 1, "quantity": 1},
        {"id": SECOND, "name": "Second coat", "item_count": 2, "quantity": 1},
    ]
    assert [item["id"] for item in value["line_items"]] == ["i1", "i2", "i3", "i4", "i5"]
    assert value["line_items"][1]["name"] == "Çark & «dümen»"
    assert "Çark & «dümen»" in text
    assert (value["line_items"][0]["name"], value["line_items"][0]["shopify_line_item_id"]) == (None, None)


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("1E+3", "1000"),
        ("100", "100"),
        ("92.50", "92.5"),
        ("0.0000000001", "0.0000000001"),
        ("12345678901234567890.1234567891", "12345678901234567890.1234567891"),
    ],
)
def test_a_quantity_is_a_json_number_written_in_one_way(quantity, written) -> None:
    text = build(WORKSPACE, ORDER, [MetafieldItem(KAYAK, None, "Kayak", Decimal(quantity))])
    assert f'"name":"Kayak","quantity":{written},"status":null' in text
    assert f'"item_count":1,"quantity":{written},"statuses":[]' in text


def test_the_total_is_exact() -> None:
    """Legal quantities have 20 + 10 digits, more than Decimal keeps by default."""
    great = Decimal("99999999999999999999.9999999999")
    items = [MetafieldItem(KAYAK, None, "a", great), MetafieldItem(PADDLE, None, "b", great)]
    assert '"item_count":2,"quantity":199999999999999999999.9999999998,' in build(WORKSPACE, ORDER, items)


def test_what_the_workspace_does_not_know_is_never_left_out_quietly() -> None:
    for status_id, option_id in (("gone", None), (VARNISH, "gone")):
        with pytest.raises(KeyError):
            build(WORKSPACE, ORDER, [MetafieldItem(KAYAK, None, "Kayak", Decimal(1), status_id, option_id)])


places = st.sampled_from([(None, None), (HULL, None), (VARNISH, None), (VARNISH, FIRST), (VARNISH, SECOND)])
quantities = st.integers(0, 10**20) | st.decimals(0, 10**6, places=3)


@given(st.lists(st.tuples(places, quantities), max_size=8))
def test_the_counts_add_up(lines) -> None:
    items = [
        MetafieldItem(f"i{n}", n or None, f"Line {n}", Decimal(quantity), *place)
        for n, (place, quantity) in enumerate(lines)
    ]
    text = build(WORKSPACE, ORDER, items)
    value = json.loads(text, parse_float=Decimal)["value"]
    parts = [*value["statuses"], value["unassigned"]]
    assert sum(part["item_count"] for part in parts) == value["item_count"] == len(items)
    total = sum((item.quantity for item in items), Decimal(0))
    assert sum((Decimal(part["quantity"]) for part in parts), Decimal(0)) == value["quantity"] == total
    for status in value["statuses"]:
        assert status["item_count"] == sum(item.status_id == status["id"] for item in items) > 0
        for option in status["sub_statuses"]:
            mine = [item for item in items if item.sub_status_id == option["id"]]
            assert option["item_count"] == len(mine) > 0
            assert option["quantity"] == sum(item.quantity for item in mine)
    rescaled = [
        MetafieldItem(
            i.id, i.shopify_line_item_id, i.name, i.quantity * Decimal("1.0000"), i.status_id, i.sub_status_id
        )
        for i in items
    ]
    assert build(WORKSPACE, ORDER, rescaled) == text, "same state, same bytes"
