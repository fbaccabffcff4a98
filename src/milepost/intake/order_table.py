"""Orders as a table of comma-separated values: one row an item, the order's own columns repeated on each; an order
without items has one row. It holds what a create document of the Orders API can say, the terms and target dates of a
purchase order (Milestones API, section 6.2), and no history.

Cells are what they are: nothing is quoted against the formulas of spreadsheets, or it would not come back the same.
An empty cell is the default of its column.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import groupby
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from milepost.intake.order_file import Fault, ReadPlain
from milepost.model import shapes
from milepost.model.document import shown_order
from milepost.model.order import StoredOrder
from milepost.model.order_archive import PlainOrder, WantedTag
from milepost.model.shapes import Document, Part

Kind = Literal["text", "term", "date", "flag", "number", "json", "references", "tags"]

LARGEST_CELL = 1_000_000
"""Characters: a quote that is never closed must not take the rest of the file for its cell."""
LONGEST_TERM = 255
"""Characters (Milestones API, section 6.2)."""


class Column(Struct, frozen=True):
    """A column: its name, where its value stands in the document of an order or item, and how it is written. Of a
    JSON document of that `shape` only what differs from the defaults is written."""

    name: str
    place: tuple[str, ...]
    kind: Kind = "text"
    shape: Mapping[str, Any] | None = None


def _plain(*names: str, kind: Kind = "text") -> tuple[Column, ...]:
    return tuple(Column(name, (name,), kind) for name in names)


def _stop(stop: str) -> tuple[Column, ...]:
    texts = ("company_name", "line_1", "line_2", "line_3", "locality", "region", "postal_code", "country")
    window = ("shipping_requirements", "plan_window")
    return (
        *(Column(f"{stop}.{name}", (stop, name)) for name in (*texts, "urbanization")),
        Column(f"{stop}.residential", (stop, "residential"), "flag"),
        *(
            Column(f"{stop}.{name}", (stop, "geolocation", name), "number")
            for name in ("latitude", "longitude")
        ),
        *(Column(f"{stop}.{name}", (stop, name)) for name in ("timezone", "location_number")),
        *(Column(f"{stop}.plan_window.{name}", (stop, *window, name)) for name in ("start", "end")),
        Column(f"{stop}.references", (stop, "references"), "references"),
        Column(f"{stop}.custom_data", (stop, "custom_data"), "json"),
    )


TERM_COLUMNS: Sequence[Column] = (
    *_plain("incoterms", "payment_terms", "shipping_method", kind="term"),
    *_plain("ships_on", "delivered_on", kind="date"),
)
"""What no document of the Orders API says of an order; members of `NewOrder`."""
ORDER_COLUMNS: Sequence[Column] = (
    *_plain("order_number", "order_type", "name", "description", "source_system_id"),
    *_plain("start_date", "expiration_date"),
    *TERM_COLUMNS,
    *_plain("archived", "supplier_created_releases_allowed", kind="flag"),
    Column("tags", ("tags",), "tags"),
    Column("references", ("references",), "references"),
    Column("custom_data", ("custom_data",), "json"),
    Column("shipping_requirements", ("shipping_requirements",), "json", shapes.ORDER_REQUIREMENTS),
    *_stop("ship_to"),
    *_stop("ship_from"),
    *(Column(f"supplier.{name}", ("supplier", name)) for name in ("name", "supplier_id", "email")),
    Column("supplier.phone_number", ("supplier", "phone_number")),
    Column("supplier.identification_codes", ("supplier", "identification_codes"), "json"),
    Column("supplier.address", ("supplier", "address"), "json", shapes.ADDRESS),
)
ITEM_COLUMNS: Sequence[Column] = (
    Column("item.description", ("description",)),
    Column("item.quantity", ("amount", "value")),
    Column("item.unit", ("amount", "unit")),
    Column("item.references", ("references",), "references"),
    Column("item.shipping_requirements", ("shipping_requirements",), "json", shapes.ITEM_REQUIREMENTS),
    Column("item.custom_data", ("custom_data",), "json"),
)
COLUMNS = {column.name: column for column in (*ORDER_COLUMNS, *ITEM_COLUMNS)}


# Writing -----------------------------------------------------------------------------------------------------


def header() -> list[str]:
    return list(COLUMNS)


def rows(order: StoredOrder) -> Iterator[list[str]]:
    """The rows of an order."""
    terms = {column.name: getattr(order.content, column.name) for column in TERM_COLUMNS}
    document = shown_order(order) | terms
    own = [_cell(document, column) for column in ORDER_COLUMNS]
    for item in document["items"] or [{}]:
        yield [*own, *(_cell(item, column) for column in ITEM_COLUMNS)]


def _cell(document: Document, column: Column) -> str:
    value: Any = document
    for name in column.place:
        value = None if value is None else value.get(name)
    if value is None or value is False or value == []:
        return ""
    match column.kind:
        case "flag":
            return "true"
        case "tags":
            return ";".join(tag["slug"] for tag in value)
        case "references":
            return _reference_text(value)
        case "json" | "number":
            return _encode(value if column.shape is None else _said(value, column.shape)).decode()
    return str(value)


def _said(document: Document, shape: Mapping[str, Any]) -> Document:
    """The members of a document that are not at their defaults: what shapes.complete fills up again."""
    said = {}
    for name, default in shape.items():
        value = document.get(name)
        if value is not None and value != default:
            said[name] = _said(value, default.shape) if isinstance(default, Part) else value
    return said


def _reference_text(references: Iterable[Mapping[str, str]]) -> str:
    """`QUALIFIER=value;QUALIFIER=value`; a backslash stands before what is meant literally."""
    return ";".join(
        f"{_SPECIAL.sub(_ESCAPED, one['qualifier'])}={_SEPARATOR.sub(_ESCAPED, one['value'])}"
        for one in references
    )


_SPECIAL, _SEPARATOR = re.compile(r"[\\;=]"), re.compile(r"[\\;]")
_ESCAPED = r"\\\g<0>"


# Reading -----------------------------------------------------------------------------------------------------


class TableOrder(Struct):
    """The rows of an order: the number of the first one's line, and the cells by column of each, by line."""

    number: int
    order_number: str
    rows: list[tuple[int, dict[str, str]]]


def table_orders(text: Iterable[str]) -> Iterator[TableOrder]:
    """The orders of a table: rows in a row that have the same order number. Raises Fault when the header or the
    quoting leaves unclear what is what."""
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(text, strict=True)
    try:
        names = next(reader, [])
        _check_header(names)
        for order_number, group in groupby(_filled(reader, names), key=_order_number):
            found = list(group)
            yield TableOrder(found[0][0], order_number, found)
    except csv.Error as error:
        raise Fault(f"line {reader.line_num}: {error}") from None
    except UnicodeDecodeError:
        raise Fault(f"after line {reader.line_num}: it is not UTF-8") from None


def _filled(reader: Any, names: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that say something, with their lines."""
    line = reader.line_num + 1
    for cells in reader:
        if any(cells):
            said = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
            if any(cells[len(names) :]):
                said[_BEYOND] = cells[len(names)]
            yield line, said
        line = reader.line_num + 1


_BEYOND = ""
"""Stands for the column of a cell that is beyond the header."""


def _order_number(row: tuple[int, dict[str, str]]) -> str:
    return row[1].get("order_number", "")


def _check_header(names: Sequence[str]) -> None:
    if not any(names):
        raise Fault("line 1 has no names of columns")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise Fault(f"there is no column {unknown[0]!r}; the columns are {', '.join(COLUMNS)}")
    repeated = [name for place, name in enumerate(names) if name in names[:place]]
    if repeated:
        raise Fault(f"the column {repeated[0]} is there twice")
    if "order_number" not in names:
        raise Fault("there is no column order_number")


def read_order(order: TableOrder, read_plain: ReadPlain) -> PlainOrder:
    """Raises Fault."""
    document = _document(order)
    tags = tuple(WantedTag(slug=slug) for slug in document.get("tags", ()))
    terms = {column.name: document.pop(column.name, None) for column in TERM_COLUMNS}
    wish = read_plain(_encode(document))
    return PlainOrder(replace(wish, content=replace(wish.content, **terms)), tags)


def _document(order: TableOrder) -> Document:
    first_line, first = order.rows[0]
    for line, cells in order.rows:
        if _BEYOND in cells:
            raise Fault(f"line {line} has more cells than the header has columns")
        for column in ORDER_COLUMNS:
            if cells.get(column.name, first.get(column.name)) != first.get(column.name):
                text = f"{column.name} is not what it is in line {first_line}, though the order is the same"
                raise Fault(f"line {line}: {text}")
    document: Document = {"ship_to": {}, **_read(first, ORDER_COLUMNS, first_line)}
    items = (_read(cells, ITEM_COLUMNS, line) for line, cells in order.rows)
    document["items"] = [item for item in items if item]
    return document


def _read(cells: Mapping[str, str], columns: Sequence[Column], line: int) -> Document:
    document: Document = {}
    for column in columns:
        if (cell := cells.get(column.name)) is not None:
            below = document
            for name in column.place[:-1]:
                below = below.setdefault(name, {})
            try:
                below[column.place[-1]] = _value(cell, column.kind)
            except ValueError as error:
                raise Fault(f"line {line}: {column.name} {error}") from None
    return document


def _value(cell: str, kind: Kind) -> Any:
    """Raises ValueError."""
    match kind:
        case "term":
            return _term(cell)
        case "date":
            return _date(cell)
        case "flag":
            if cell.lower() not in ("true", "false"):
                raise ValueError("must be true or false")
            return cell.lower() == "true"
        case "number" | "json":
            try:
                msgspec.json.decode(cell)
            except (msgspec.MsgspecError, RecursionError):
                raise ValueError(f"is not {'JSON' if kind == 'json' else 'a number'}") from None
            return Raw(cell.encode())
        case "references":
            return list(_references(cell))
        case "tags":
            return cell.split(";")
    return cell


def _term(cell: str) -> str:
    if "\0" in cell:
        raise ValueError("must not contain U+0000")
    if len(cell) > LONGEST_TERM:
        raise ValueError(f"has at most {LONGEST_TERM} characters")
    return cell


def _date(cell: str) -> date:
    if _DATE.fullmatch(cell):
        with suppress(ValueError):
            return date.fromisoformat(cell)
    raise ValueError("must be a date (YYYY-MM-DD)")


def _references(cell: str) -> Iterator[dict[str, str]]:
    pieces = _PIECE.findall(cell)
    if ";".join(pieces) != cell:
        raise ValueError("must be QUALIFIER=value;QUALIFIER=value...")
    for text in pieces:
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise ValueError(f"must be QUALIFIER=value;QUALIFIER=value..., and {text!r} is not")
        yield {"qualifier": _LITERAL.sub(r"\1", found[1]), "value": _LITERAL.sub(r"\1", found[2])}


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PIECE = re.compile(r"(?:[^;\\]|\\.)+", re.DOTALL)
_REFERENCE = re.compile(r"((?:[^=\\]|\\.)*)=(.*)", re.DOTALL)
_LITERAL = re.compile(r"\\(.)", re.DOTALL)

_encode = msgspec.json.Encoder(decimal_format="number").encode
