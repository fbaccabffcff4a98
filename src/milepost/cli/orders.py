"""`milepost orders show|list`: looking at orders from the command line."""

import re
from datetime import UTC, date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.order_plan import milestone_lines, standing_text, task_line
from milepost.cli.team import TeamName, choose, now

if TYPE_CHECKING:
    from milepost.model.workflow import Workspace
    from milepost.reads.order_details import Details
    from milepost.reads.order_lists import Page
    from milepost.reads.orders import OrderView
    from milepost.store.db import Database, Pool

MOST_LISTED = 250
_GID = re.compile(r"gid://shopify/(Order|DraftOrder)/([0-9]{1,18})", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)

app = typer.Typer(name="orders", help="Look at orders.", no_args_is_help=True)


@app.command("show")
def show(
    order: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="UUID, ULID, order number, or Shopify id (digits or gid://shopify/...)."
        ),
    ],
    events: Annotated[
        int, typer.Option("--events", metavar="N", min=0, max=1000, help="How many of its newest events.")
    ] = 50,
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Show an order with its lines, statuses, milestones, delays, tasks and history."""

    async def work(pool: "Pool") -> "Details":
        from milepost.kit.errors import NotFound
        from milepost.reads import order_details, workspace

        team_id = (await choose(pool, team)).id
        async with pool.snapshot() as moment:
            order_id = await find(moment, team_id, order)
            defined = await workspace.load(moment, team_id)
            details = order_id and await order_details.load(
                moment, defined, order_id, events=events, now=now()
            )
        if not details:
            raise NotFound(f"Order {order!r}")
        return details

    details = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json(_detail_document(details))
    else:
        session.show(_detail_text(details))


@app.command("list")
def list_orders(
    status: Annotated[
        str | None, typer.Option("--status", metavar="NAME", help="Only orders in this status.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="In order number, customer, e-mail or company."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=MOST_LISTED, help="How many at most.")
    ] = 25,
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """List orders, newest first."""

    async def work(pool: "Pool") -> "tuple[Page, Workspace]":
        from milepost.model.order import search_pattern
        from milepost.reads import order_lists, workspace

        team_id = (await choose(pool, team)).id
        defined = await workspace.load(pool, team_id)
        pattern = search_pattern(search.strip()) if search and search.strip() else None
        wanted = order_lists.Filter(status_id=_status_id(defined, status), search=pattern)
        page = await order_lists.list_orders(
            pool, team_id, wanted, sort="created_at", direction="desc", limit=limit, offset=0
        )
        return page, defined

    page, defined = session.run(work, database_url, data_dir)
    if as_json:
        listed = [_view_document(view, defined) for view in page.orders]
        session.show_json({"orders": listed, "total": page.total})
        return
    for view in page.orders:
        session.show(_view_text(view, defined))
    session.say(f"{len(page.orders)} of {page.total} orders")


async def find(db: "Database", team_id: str, text: str) -> str | None:
    """The id that the text names: as an id, a Shopify GID, an order number, or the digits of a Shopify id."""
    from milepost.kit.ids import parse_id
    from milepost.reads import order_details

    if (order_id := parse_id(text)) is not None:
        return order_id
    if gid := _GID.fullmatch(text):
        return await order_details.find_by_shopify_id(db, team_id, int(gid[2]), (gid[1],))
    found = None if "\x00" in text else await order_details.find_by_number(db, team_id, text)
    if found is None and _DIGITS.fullmatch(text):
        found = await order_details.find_by_shopify_id(db, team_id, int(text))
    return found


def _status_id(defined: "Workspace", name: str | None) -> str | None:
    from milepost.kit.errors import NotFound

    if name is None:
        return None
    found = next((status.id for status in defined.statuses if name in (status.name, status.id)), None)
    if found is None:
        raise NotFound(f"Status {name!r}")
    return found


def _detail_document(details: "Details") -> dict[str, Any]:
    from msgspec import to_builtins

    from milepost.model.order import shopify_gid

    document: dict[str, Any] = to_builtins(details.order)
    kind, number = document.pop("shopify_kind"), document.pop("shopify_id")
    document["shopify_order_id"] = shopify_gid(kind, number)
    document["line_items"] = to_builtins(details.lines)
    for line in document["line_items"]:
        line["shopify_line_item_id"] = shopify_gid("LineItem", line["shopify_line_item_id"])
    document["addon_statuses"] = to_builtins(details.addons)
    plan = to_builtins(details.plan)
    document |= {"purchase_order_status": plan.pop("status"), **plan}
    document["events"] = to_builtins(details.history)
    # What is JSON in the database stays as it is: amounts of money are strings there, coordinates numbers.
    document["ship_to"] = details.order.ship_to
    for event, entry in zip(document["events"], details.history, strict=True):
        event |= {"old_data": entry.old_data, "new_data": entry.new_data}
    return document


def _detail_text(details: "Details") -> str:
    from milepost.model.order import shopify_gid

    order = details.order
    name = " ".join(part for part in (order.customer_first_name, order.customer_last_name) if part)
    facts = [
        ("id", order.id),
        ("shopify", shopify_gid(order.shopify_kind, order.shopify_id)),
        ("status", _with_sub_status(order.status, order.sub_status)),
        ("workflow", order.workflow),
        ("deadline", _when(order.deadline_at)),
        ("add-ons", ", ".join(_with_sub_status(one.status, one.sub_status) or "" for one in details.addons)),
        ("state", f"{order.lifecycle}{', draft' if order.is_draft else ''}"),
        ("progress", standing_text(details.plan)),
        ("issued", _issues(order.issued_on, order.last_issued_on)),
        ("targets", _targets(order.ships_on, order.delivered_on)),
        ("cancelled", _when(order.cancelled_at)),
        ("customer", ", ".join(part for part in (name, order.customer_email, order.customer_phone) if part)),
        ("supplier", order.supplier),
        ("terms", ", ".join(filter(None, (order.incoterms, order.payment_terms, order.shipping_method)))),
        ("total", f"{order.total_price} {order.currency}" if order.total_price is not None else None),
        ("placed", _when(order.placed_at)),
        ("note", order.note),
    ]
    lines = [plain(order.order_number)]
    lines += [f"  {label:<9}  {plain(value)}" for label, value in facts if value]
    lines += _section("Lines", [_line_text(line) for line in details.lines])
    lines += _section("Milestones", [*chain.from_iterable(map(milestone_lines, details.plan.milestones))])
    lines += _section("Tasks", [task_line(task) for task in details.plan.tasks])
    lines += _section("History", [_entry_text(entry) for entry in details.history])
    return "\n".join(lines)


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  {plain(line)}" for line in lines)] if lines else []


def _line_text(line: Any) -> str:
    from milepost.model.order import PIECES

    status = _with_sub_status(line.status, line.sub_status)
    what = line.description or line.sku or "?"
    return f"{line.quantity.normalize():f} {line.unit or PIECES}  {what}{f'  [{status}]' if status else ''}"


def _issues(first: date | None, last: date | None) -> str | None:
    again = f", again {last}" if last != first else ""
    return None if first is None else f"{first}{again}"


def _targets(ships_on: date | None, delivered_on: date | None) -> str:
    days = (("ships", ships_on), ("delivered", delivered_on))
    return ", ".join(f"{word} {day}" for word, day in days if day is not None)


def _entry_text(entry: Any) -> str:
    keys = {*entry.old_data, *entry.new_data} if entry.old_data and entry.new_data else set()
    changed = ", ".join(sorted(keys))
    text = f"{entry.sequence:>3}  {_when(entry.effective_at)}  {entry.type}  {entry.actor_name}  {changed}"
    return text.rstrip()


def _view_document(view: "OrderView", defined: "Workspace") -> dict[str, Any]:
    from milepost.model.order import shopify_gid

    status = defined.status.get(view.status_id or "")
    option = defined.option.get(view.sub_status_id or "")
    workflow = defined.workflow.get(view.workflow_id or "")
    return {
        "id": view.id,
        "order_number": view.order_number,
        "shopify_order_id": shopify_gid(view.shopify_kind, view.shopify_id),
        "status": status.name if status else None,
        "sub_status": option.name if option else None,
        "workflow": workflow.name if workflow else None,
        "customer": _customer(view),
        "total_price": view.total_price,
        "currency": view.currency or defined.team.currency,
        "placed_at": view.placed_at,
        "cancelled_at": view.cancelled_at,
    }


def _view_text(view: "OrderView", defined: "Workspace") -> str:
    document = _view_document(view, defined)
    status = _with_sub_status(document["status"], document["sub_status"]) or "-"
    cells = (
        f"{view.order_number:<12}",
        view.placed_at.strftime("%Y-%m-%d"),
        f"{'cancelled' if view.cancelled_at else status:<28}",
        f"{document['total_price']:>10} {document['currency']}",
        document["customer"] or "",
    )
    return plain("  ".join(cells)).rstrip()


def _customer(view: "OrderView") -> str | None:
    name = " ".join(part for part in (view.customer_first_name, view.customer_last_name) if part)
    return name or view.customer_email


def _with_sub_status(status: str | None, option: str | None) -> str | None:
    return f"{status} / {option}" if status and option else status


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def plain(text: object) -> str:
    """On one line and without control characters: a customer's name is nothing to steer a terminal with."""
    return "".join(char if char.isprintable() else " " for char in str(text))
