"""`milepost orders show`: what a person, and a script, reads of milestones, delays and tasks."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost import cli
from milepost.store import db
from tests.core.whole_orders import Yard

DAY = datetime(2026, 7, 27, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def yard(databases) -> str:
    """The database of a team whose orders have everything; nothing here changes it."""
    url: str = databases.make()
    asyncio.run(_fill(url))
    return url


async def _fill(url: str) -> None:
    pool = await db.open_pool(url)
    try:
        made = await Yard.begin(pool)
        await made.fill()
    finally:
        await pool.close()


def show(url: str, *argv: str) -> str:
    """What the command prints on the day."""
    shift = {"MILEPOST_CLOCK_OFFSET_SECONDS": str(round((DAY - datetime.now(UTC)).total_seconds()))}
    done = CliRunner(env=shift).invoke(cli.app, ["orders", "show", *argv, "--database-url", url])
    assert done.exit_code == 0, (argv, done.output, done.exception)
    return done.stdout


def shown(url: str, number: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(show(url, number, "--json"))
    return document


def section(text: str, title: str) -> list[str]:
    """The lines below a heading."""
    return text.split(f"\n{title}\n")[1].split("\n\n")[0].splitlines()


def test_an_order_in_production(yard):
    """States, dates, links, who said it, delays with their reasons, tasks with what they wait for."""
    text = show(yard, "PO-000001")
    assert section(text, "Milestones") == [
        "  1. Order accepted  confirmed (confirmed 2026-05-05)  -> Hull laid",
        "     confirmed by Importer, 2026-05-04 23:30 UTC",
        "     note: swatch 4 it is",
        "  2. Begun  confirmed (planned 2026-05-06, confirmed 2026-05-05)  -> Varnish/First coat",
        "     confirmed by Importer, 2026-05-04 23:30 UTC",
        "  3. Packed  pending, current, late (planned 2026-06-06)",
        "     task: Packing list  completed",
        "     task: Send photographs  open, required, late, due 2026-06-01, for studio@loom.example",
        "  4. Shipped  rejected, late (planned 2026-06-16)",
        "     rejected by Importer, 2026-05-04 23:30 UTC: dye house closed",
        "     note: again",
        "     delayed 2026-06-09 -> 2026-06-16 by Importer, 2026-05-04 23:30 UTC: dye house closed",
        "  5. Arrived  pending, late (planned 2026-07-20)  -> Waiting",
        "     delayed 2026-07-14 -> 2026-07-20 by Importer, 2026-05-04 23:30 UTC: looms busy",
    ]
    assert section(text, "Tasks") == ["  task: Ask for a price list  open"]
    facts = dict(line.split(maxsplit=1) for line in text.split("\n\n")[0].splitlines()[1:])
    assert {name: facts[name] for name in ("progress", "issued", "targets", "supplier", "terms")} == {
        "progress": "in_production, late",
        "issued": "2026-05-05",
        "targets": "ships 2026-06-16, delivered 2026-07-20",
        "supplier": "Tessel Mills",
        "terms": "FCA Setúbal, net 45, 2 % in 10 days, sea",
    }


def test_an_order_that_waits_too_long(yard):
    text = show(yard, "PO-000002")
    assert section(text, "Milestones")[:2] == [
        "  1. Order accepted  pending, current, overdue  -> Hull laid",
        "     waits for the supplier since 2026-05-04 23:30 UTC",
    ]
    assert "\n  progress   issued, late, overdue\n" in text


def test_a_draft_has_no_milestones(yard):
    text = show(yard, "PO-draft")
    assert "\n  progress   draft\n" in text
    assert "\nMilestones\n" not in text


def test_a_script_reads_the_same(yard):
    document = shown(yard, "PO-000001")
    assert (document["purchase_order_status"], document["late"], document["overdue"]) == (
        *("in_production", True, False),
    )
    assert (document["ships_on"], document["incoterms"]) == ("2026-06-16", "FCA Setúbal")
    assert [(one["name"], one["status"], one["current"], one["late"]) for one in document["milestones"]] == [
        ("Order accepted", "confirmed", False, False),
        ("Begun", "confirmed", False, False),
        ("Packed", "pending", True, True),
        ("Shipped", "rejected", False, True),
        ("Arrived", "pending", False, True),
    ]
    packed, shipped = document["milestones"][2:4]
    assert [(task["title"], task["status"], task["required"]) for task in packed["tasks"]] == [
        ("Packing list", "completed", True),
        ("Send photographs", "open", True),
    ]
    (delay,) = shipped["delays"]
    assert {name: delay[name] for name in ("old_date", "new_date", "source", "recorded_by")} == {
        "old_date": "2026-06-09",
        "new_date": "2026-06-16",
        "source": "reject",
        "recorded_by": "Importer",
    }
    assert [task["title"] for task in document["tasks"]] == ["Ask for a price list"]
    waiting = shown(yard, "PO-000002")["milestones"][0]
    assert (waiting["overdue"], waiting["prompted_at"][:16]) == (True, "2026-05-04T23:30")


def test_an_order_of_the_shop_has_both_views(yard):
    """Its status, and how far its milestones are."""
    document = shown(yard, "#7")
    assert (document["status"], document["lifecycle"], document["purchase_order_status"]) == (
        *("Varnish", "READY", "accepted"),
    )
