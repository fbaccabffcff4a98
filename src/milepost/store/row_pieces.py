"""How rows stand in SQL: the columns of a table are the fields of its row."""

from collections.abc import Collection

from msgspec import Struct


def columns(row: type[Struct], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in row.__struct_fields__)


def insert_piece(table: str, row: type[Struct], parameter: int | str, orders: str) -> str:
    """Adds those rows of a JSON array, parameter number `parameter`, that belong to one of the `orders`."""
    return f"""insert into {table} (team_id, {columns(row)})
  select $1, {columns(row, "r.")} from json_populate_recordset(null::{table}, ${parameter}) r
  where r.order_id in (select id from {orders})"""


def assigned(row: type[Struct], values: str, *, kept: Collection[str]) -> str:
    """Takes over the columns of a row from `values`, all but those `kept`."""
    return ", ".join(f"{name} = {values}.{name}" for name in row.__struct_fields__ if name not in kept)
