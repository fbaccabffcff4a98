"""The page on export and import tells of what there is."""

import re
from pathlib import Path

from milepost.cli.importing import read_plain
from milepost.intake.order_table import COLUMNS, read_order, table_orders
from milepost.model.order_archive import Remainder

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "moving-orders.md").read_text()


def table(head: str) -> list[str]:
    """The names in the first column of the table with that head."""
    rows = PAGE.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_column_is_told():
    assert table("column") == list(COLUMNS)


def test_every_member_is_told():
    assert sorted(table("member of `milepost`")) == sorted(Remainder.__struct_fields__)


def test_the_example_is_a_table():
    example = PAGE.split("```csv\n")[1].split("```")[0]
    (order,) = [read_order(one, read_plain).wish for one in table_orders(example.splitlines(keepends=True))]
    assert (order.content.order_number, order.content.name) == ("MP-24017", "Deck screws, June")
    assert [str(item.content.quantity) for item in order.items] == ["640.50", "88"]
