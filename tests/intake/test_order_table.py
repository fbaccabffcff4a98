"""Orders as a table: out, in again, and out once more; and what is wrong with tables."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest

from milepost.cli.importing import read_plain
from milepost.intake import order_table
from milepost.intake.import_file import Failure
from milepost.intake.order_file import Fault
from milepost.intake.order_table import COLUMNS, TERM_COLUMNS, read_order, table_orders
from milepost.model.order import NewItem, OrderWish, Reference
from tests.core.whole_orders import ORDERS, Yard


@pytest.fixture(scope="module")
async def yard(pool) -> Yard:
    """Nothing here changes it."""
    made = await Yard.begin(pool)
    await made.fill()
    return made


@pytest.fixture
async def twin(yard) -> Yard:
    return await yard.twin()


def table(*rows: dict[str, str], columns: list[str] | None = None) -> str:
    text = io.StringIO(newline="")
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(text: str) -> list[OrderWish]:
    return [read_order(order, read_plain).wish for order in table_orders(text.splitlines(keepends=True))]


def refusal(text: str) -> str:
    with pytest.raises(Fault) as fault:
        read(text)
    return str(fault.value)


def counts(report) -> tuple[int, ...]:
    return report.created, report.unchanged, len(report.failures)


async def test_out_in_and_out_again(yard, twin, tmp_path):
    """Equal bytes: every member of a create document, and texts with commas, quotes and line ends."""
    first = await yard.export("csv")
    report = await twin.bring(tmp_path / "orders.csv", first, "csv")
    assert (report.records, counts(report), report.failures) == (ORDERS, (ORDERS, 0, 0), [])
    assert await twin.export("csv") == first
    again = await twin.bring(tmp_path / "orders.csv", first, "csv")
    assert counts(again) == (0, 0, ORDERS)
    assert again.failures[0] == Failure(2, "#7", "The order number #7 belongs to another order")


async def test_one_row_an_item(yard):
    """The order's columns are repeated; one without items has one row; all columns are there."""
    rows = list(csv.DictReader(io.StringIO((await yard.export("csv")).decode(), newline="")))
    assert list(rows[0]) == list(COLUMNS)
    numbers = [row["order_number"] for row in rows]
    assert numbers == [
        *(["#7"] * 2 + ["#D8"] * 2 + ["#9"] + ["MP-24017"] * 3 + ["MP-24017-R1", "MP-cancelled"]),
        *("PO-000001", "PO-000002", "PO-draft"),
    ]
    screws = rows[5]
    told = {name: cell for name, cell in screws.items() if cell}
    assert told == {
        "order_number": "MP-24017",
        "order_type": "PURCHASE_ORDER",
        "name": "Deck screws, July",
        "description": 'Two "pallets",\nfor the shelf',
        "source_system_id": "sys-1",
        "start_date": "2026-06-20",
        "expiration_date": "2026-08-15",
        "archived": "true",
        "supplier_created_releases_allowed": "true",
        "tags": "rvore;summer-shelf",
        "references": "EXTERNAL_ID=ext-MP-24017;B=c",
        "custom_data": '{"e":100,"n":1.10,"big":123456789012345678901234567890}',
        "shipping_requirements": '{"bill_to":{"account_number":"7"}}',
        "ship_to.company_name": "Harbor Row, Warehouse",
        "ship_to.latitude": "43.6568",
        "ship_to.longitude": "0.0",
        "ship_to.plan_window.start": "2026-05-04T23:30:09.250000Z",
        "ship_to.references": r"ADDRESS_BOOK_ENTRY_ID=ab\;4410",
        "ship_to.custom_data": '{"n":1.10}',
        "ship_from.country": "CA",
        "supplier.name": "Birchline",
        "supplier.identification_codes": '[{"duns":1}]',
        "supplier.address": '{"country":"PT"}',
        "item.description": "Deck screw 5x80, box of 200",
        "item.quantity": "640.50",
        "item.unit": "KG",
        "item.references": r"PRODUCT_REF=DS-580;a\=b\;c=d\\\;e=f",
        "item.shipping_requirements": '{"gross_weight":{"unit":"KG","value":"662"},"quantity":2}',
        "item.custom_data": '{"n":[1.10,100,1.0E-8,true,null]}',
    }
    assert [row["item.quantity"] for row in rows[5:8]] == ["640.50", "88", "0.0000001"]
    assert all(rows[6][name] == screws[name] for name in COLUMNS if not name.startswith("item."))
    assert not any(rows[9][name] for name in COLUMNS if name.startswith("item."))


async def test_terms_and_target_dates(yard, twin, tmp_path):
    """They are what an order shows, and become the key dates of one that is made of them."""
    content = await yard.export("csv")
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert {column.name: rows[10][column.name] for column in TERM_COLUMNS} == {
        "incoterms": "FCA Setúbal",
        "payment_terms": "net 45, 2 % in 10 days",
        "shipping_method": "sea",
        "ships_on": "2026-06-16",
        "delivered_on": "2026-07-20",
    }
    await twin.bring(tmp_path / "orders.csv", content, "csv")
    row = next(row for row in await twin.rows("orders") if row["order_number"] == "PO-000001")
    assert (row["incoterms"], row["ships_on"], row["delivered_on"]) == (
        *("FCA Setúbal", date(2026, 6, 16), date(2026, 7, 20)),
    )
    milestones = [one for one in await twin.rows("order_milestones") if one["order_id"] == row["id"]]
    assert {one["name"]: one["key_date"] for one in milestones} == {
        "Order accepted": date(2026, 5, 7),
        "Shipped": date(2026, 6, 16),
    }


def test_the_least_that_a_table_needs():
    (wish,) = read("order_number\r\nMP-1\r\n")
    assert (wish.content.order_number, wish.content.order_type, wish.items) == ("MP-1", "PURCHASE_ORDER", ())
    assert wish.content.ship_from is None


def test_rows_of_an_order_stand_together():
    """Repeated columns may be left empty on further rows; blank rows and short rows are no matter."""
    text = "order_number,name,item.quantity,item.unit\nA,Deck,1,KG\n,,,\nA,,2,KG\nA,Deck,3,EA\n\nB\nA,,4,KG\n"
    orders = list(table_orders(text.splitlines(keepends=True)))
    assert [(one.number, one.order_number, [line for line, _ in one.rows]) for one in orders] == [
        (2, "A", [2, 4, 5]),
        (7, "B", [7]),
        (8, "A", [8]),
    ]
    first, *_ = read(text)
    assert first.content.name == "Deck"
    assert [(str(item.content.quantity), item.content.unit) for item in first.items] == [
        ("1", "KG"),
        ("2", "KG"),
        ("3", "EA"),
    ]


def test_spreadsheets_have_their_ways():
    """A byte order mark, TRUE in capitals, columns in another sequence, line ends inside of cells."""
    text = 'archived,order_number,description\r\nTRUE,MP-1,"a\r\nb"\r\nFalse,MP-2,\r\n'
    one, two = read(text)
    assert (one.content.archived, one.content.description) == (True, "a\r\nb")
    assert (two.content.archived, two.content.description) == (False, None)
    lines = list(table_orders(text.splitlines(keepends=True)))
    assert [one.number for one in lines] == [2, 4]


def test_formulas_are_texts():
    (wish,) = read(
        table({"order_number": "=1+1", "name": "@SUM(A1)", "description": "+1", "ship_to.line_1": "-1"})
    )
    content = wish.content
    assert content.ship_to is not None
    assert (content.order_number, content.name, content.description, content.ship_to.line_1) == (
        *("=1+1", "@SUM(A1)", "+1", "-1"),
    )


@pytest.mark.parametrize(
    "references",
    [
        [("A", "b")],
        [("A", "b"), ("A", "b")],
        [("a=b;c\\", ";=\\"), ("\\;", "\\\\"), ("=", "=")],
        [("A", "line\r\nend;"), (" B ", " c ")],
    ],
)
def test_references_are_told_apart(references):
    cell = order_table._reference_text([{"qualifier": name, "value": value} for name, value in references])
    (wish,) = read(table({"order_number": "MP-1", "references": cell}))
    assert wish.content.references == tuple(Reference(*pair) for pair in references)


def test_all_requirements_of_an_item():
    """Those at their default are not written, and are there again."""
    said: dict[str, Any] = {
        "stackable": True,
        "temperature": {"a": None, "b": [1]},
        "hazmat": {"emergency_contact": {"phone": "1"}},
        "volume": {"unit": "CU_FT", "value": "1.10"},
        "quantity": 0,
    }
    row = {"order_number": "MP-1", "item.quantity": "1", "item.unit": "EA"}
    (wish,) = read(table({**row, "item.shipping_requirements": json.dumps(said)}))
    (item,) = wish.items
    requirements = item.content.shipping_requirements
    assert requirements is not None
    assert len(requirements) == 23
    column = COLUMNS["item.shipping_requirements"]
    assert column.shape is not None
    assert order_table._said(requirements, column.shape) == said
    (empty,) = read(table({**row, "item.shipping_requirements": "{}"}))
    filled = empty.items[0].content.shipping_requirements
    assert filled is not None
    assert order_table._said(filled, column.shape) == {}
    (none,) = read(table(row))
    assert none.items[0].content == NewItem(quantity=none.items[0].content.quantity, unit="EA")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1 has no names of columns"),
        ("\r\n", "line 1 has no names of columns"),
        ("name\nA\n", "there is no column order_number"),
        ("order_number,name,name\n", "the column name is there twice"),
        ('order_number\n"A"b\n', "line 2: ',' expected after '\"'"),
        ('order_number\nA\n"B\nC\n', "line 4: unexpected end of data"),
    ],
)
def test_a_table_that_cannot_be_read(text, sentence):
    assert refusal(text) == sentence


def test_an_unknown_column_is_named_with_those_that_are_known():
    sentence = refusal("order_number,Status\nA,READY\n")
    assert sentence.startswith("there is no column 'Status'; the columns are order_number, order_type, name,")
    assert sentence.endswith("item.custom_data")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"archived": "yes"}, "line 2: archived must be true or false"),
        ({"custom_data": "{a: 1}"}, "line 2: custom_data is not JSON"),
        ({"custom_data": "[1]"}, "custom_data must be a JSON object"),
        ({"ship_to.latitude": "43,6"}, "line 2: ship_to.latitude is not a number"),
        ({"ship_to.latitude": "43.6"}, "ship_to.geolocation.longitude is required"),
        (
            {"references": "A"},
            "line 2: references must be QUALIFIER=value;QUALIFIER=value..., and 'A' is not",
        ),
        ({"references": "A=b;"}, "line 2: references must be QUALIFIER=value;QUALIFIER=value..."),
        ({"references": "A=b\\"}, "line 2: references must be QUALIFIER=value;QUALIFIER=value..."),
        ({"item.quantity": "-1", "item.unit": "KG"}, "items.0.amount.value must not be negative"),
        ({"item.quantity": "1"}, "items.0.amount.unit is required"),
        ({"order_type": "GIFT"}, "order_type must be one of PURCHASE_ORDER, SALES_ORDER, TRANSFER_ORDER"),
        ({"start_date": "20/06/2026"}, "start_date must be a date (YYYY-MM-DD)"),
        ({"name": "a\0b"}, "name must not contain U+0000"),
        ({"ships_on": "9/6/2026"}, "line 2: ships_on must be a date (YYYY-MM-DD)"),
        ({"delivered_on": "2026-02-30"}, "line 2: delivered_on must be a date (YYYY-MM-DD)"),
        ({"incoterms": "a\0b"}, "line 2: incoterms must not contain U+0000"),
        ({"payment_terms": "x" * 256}, "line 2: payment_terms has at most 255 characters"),
    ],
)
def test_a_cell_that_cannot_be(row, sentence):
    assert refusal(table({"order_number": "MP-1", **row})) == sentence


def test_a_row_that_does_not_fit():
    assert refusal("order_number,name\nA,b,c\n") == "line 2 has more cells than the header has columns"
    assert refusal("order_number,name\nA,b\nA,c\n") == (
        "line 3: name is not what it is in line 2, though the order is the same"
    )
    assert refusal("order_number,name\nA,\nA,c\n") == (
        "line 3: name is not what it is in line 2, though the order is the same"
    )
    assert refusal("order_number,name\n,b\n") == "order_number is required"


async def test_bad_orders_are_told_by_their_line(twin, tmp_path):
    rows = [
        {"order_number": "MP-1", "tags": "new;old"},
        {"order_number": "MP-2", "archived": "perhaps"},
        {"order_number": "MP-3", "description": "two\nlines"},
        {"order_number": "MP-3", "description": "other"},
        {"order_number": "MP-4", "start_date": "2026-02-02", "expiration_date": "2026-02-01"},
        {"order_number": "MP-5", "tags": "No slug"},
    ]
    content = b"\xef\xbb\xbf" + table(*rows).encode()
    report = await twin.bring(tmp_path / "orders.csv", content, "csv")
    assert counts(report) == (1, 0, 4)
    assert [(one.position, one.order_number) for one in report.failures] == [
        *((3, "MP-2"), (4, "MP-3"), (7, "MP-4"), (8, "MP-5")),
    ]
    assert report.failures[1].reason.startswith("line 6: description is not what it is in line 4")
    (row,) = await twin.rows("orders")
    assert (row["order_number"], row["source"]) == ("MP-1", "IMPORT")
    assert sorted(tag["name"] for tag in await twin.rows("tags")) == ["new", "old"]


async def test_a_table_that_is_not_utf_8_changes_nothing(twin, tmp_path):
    content = b"order_number,name\nMP-1,a\nMP-2,\xe9t\xe9\n"
    with pytest.raises(Fault) as fault:
        await twin.bring(tmp_path / "orders.csv", content, "csv")
    assert str(fault.value) == "after line 2: it is not UTF-8"
    assert await twin.rows("orders") == []


async def test_an_interrupted_table_goes_on(twin, tmp_path):
    content = table(*({"order_number": f"MP-{number}"} for number in range(7))).encode()

    class Pulled(Exception):
        pass

    def pull(done: int, _: int) -> None:
        if done == 4:
            raise Pulled

    path = tmp_path / "orders.csv"
    with pytest.raises(Pulled):
        await twin.bring(path, content, "csv", progress=pull, batch_size=2)
    report = await twin.bring(path, content, "csv", batch_size=2)
    assert (report.records, report.resumed_after, counts(report)) == (7, 4, (3, 0, 0))
    assert len(await twin.rows("orders")) == 7


async def test_a_team_without_orders(twin):
    """The header alone, so that somebody may begin with it."""
    assert await twin.export("csv") == (",".join(COLUMNS) + "\r\n").encode()
