"""Files come in batch by batch: reports, interruptions, two at once, and the command line around it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost import cli
from milepost.intake.import_file import Failure, import_file
from milepost.intake.shopify_records import Fault
from milepost.kit.errors import Forbidden
from milepost.model.actor import Actor
from milepost.store import imports
from tests.core.orders_in import NOW, Shop

DATA = Path(__file__).parent / "data"


def record(number: int, **members: Any) -> dict[str, Any]:
    lines = [{"id": number * 10 + k, "name": f"Kayak {k}", "quantity": k, "price": "10.00"} for k in (1, 2)]
    return {"id": number, "name": f"#{number}", "total_price": "30.00", "line_items": lines, **members}


@pytest.fixture
async def shop(pool) -> Shop:
    return await Shop.open(pool)


@pytest.fixture
def write(tmp_path):
    def written(*records: Any, name: str = "orders.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"orders": records}))
        return path

    return written


def clock():
    return NOW


async def bring(shop: Shop, path: Path, **options: Any):
    return await import_file(shop.pool, shop.actor, path, clock, **options)


def counts(report) -> tuple[int, ...]:
    return report.created, report.updated, report.unchanged, len(report.failures)


async def test_a_file_comes_in(shop, write):
    seen: list[tuple[int, int]] = []
    path = write(*(record(n) for n in range(1, 8)))
    report = await bring(shop, path, progress=lambda done, total: seen.append((done, total)), batch_size=3)
    assert (report.records, report.resumed_after, counts(report)) == (7, 0, (7, 0, 0, 0))
    assert seen == [(3, 7), (6, 7), (7, 7)]
    assert len(await shop.rows("orders")) == 7
    assert len(await shop.rows("order_items")) == 14
    assert await shop.pool.fetch("select * from imports where team_id = $1", shop.team_id) == []


async def test_the_samples(shop):
    for name in ("order.json", "orders.json", "draft_order.json", "draft_orders.json"):
        assert (await bring(shop, DATA / name)).failures == []
    order, draft = sorted(await shop.rows("orders"), key=lambda row: row["is_draft"])
    assert (order["order_number"], order["version"], str(order["total_price"])) == ("#1001", 2, "598.94")
    assert len(await shop.items(order["id"])) == 3
    assert (draft["order_number"], draft["version"], draft["lifecycle"]) == ("#D1", 1, "NOT_READY")


async def test_failures_are_told_by_their_position(shop, write):
    path = write(
        record(1), {"name": "no id"}, record(3), 5, record(5, name="#1"), record(6, name="x" * 65), record(7)
    )
    report = await bring(shop, path, batch_size=2)
    assert counts(report) == (3, 0, 0, 4)
    assert [(failure.position, failure.order_number) for failure in report.failures] == [
        (2, "no id"),
        (4, None),
        (5, "#1"),
        (6, None),
    ]
    assert report.failures[2] == Failure(5, "#1", "The order number #1 belongs to another order")
    assert [row["order_number"] for row in await shop.rows("orders")] == ["#1", "#3", "#7"]


async def test_a_batch_of_failures_only(shop, write):
    report = await bring(shop, write({}, {}, record(3)), batch_size=2)
    assert counts(report) == (1, 0, 0, 2)


@pytest.mark.parametrize("batch_size", [1, 2, 10])
async def test_an_order_twice_in_a_file(shop, write, batch_size):
    """The same, whether a batch ends between the two or not."""
    report = await bring(shop, write(record(1), record(1, note="newer"), record(2)), batch_size=batch_size)
    assert counts(report) == (2, 1, 0, 0)
    assert (await shop.rows("orders"))[0]["note"] == "newer"


async def test_again_changes_nothing_and_later_words_are_followed(shop, write):
    path = write(record(1), record(2))
    await bring(shop, path)
    before = await shop.everything()
    assert counts(await bring(shop, path)) == (0, 0, 2, 0)
    assert await shop.everything() == before
    report = await bring(
        shop, write(record(1, cancelled_at="2026-05-04T10:00:00Z"), record(2), name="b.json")
    )
    assert counts(report) == (0, 1, 1, 0)
    assert (await shop.rows("orders"))[0]["lifecycle"] == "CANCELED"


class Pulled(Exception):
    """Somebody pulled the plug."""


async def test_an_interrupted_import_goes_on(shop, write):
    path = write(*(record(n) for n in range(1, 11)))

    def pull(done: int, _: int) -> None:
        if done == 6:
            raise Pulled

    with pytest.raises(Pulled):
        await bring(shop, path, progress=pull, batch_size=3)
    assert len(await shop.rows("orders")) == 6
    report = await bring(shop, path, batch_size=3)
    assert (report.records, report.resumed_after, counts(report)) == (10, 6, (4, 0, 0, 0))
    assert len(await shop.rows("orders")) == 10
    again = await bring(shop, path, batch_size=3)
    assert (again.resumed_after, counts(again)) == (0, (0, 0, 10, 0))


async def test_a_batch_and_its_mark_are_one(shop, write, monkeypatch):
    """What fails while the mark is written leaves no order of the batch behind."""
    path = write(*(record(n) for n in range(1, 5)))

    async def broken(*_: Any) -> None:
        raise Pulled

    with monkeypatch.context() as patched:
        patched.setattr(imports, "put_mark", broken)
        with pytest.raises(Pulled):
            await bring(shop, path, batch_size=2)
    assert await shop.rows("orders") == []
    assert (await bring(shop, path)).resumed_after == 0


async def test_another_file_or_team_is_another_import(shop, write, pool):
    path = write(record(1), record(2))

    def pull(*_: int) -> None:
        raise Pulled

    with pytest.raises(Pulled):
        await bring(shop, path, progress=pull, batch_size=1)
    other = await Shop.open(pool)
    assert (await bring(other, path)).resumed_after == 0
    assert (await bring(shop, write(record(1), record(3), name="b.json"))).resumed_after == 0
    assert (await bring(shop, path)).resumed_after == 1


async def test_two_imports_of_one_file_at_once(shop, write):
    path = write(*(record(n) for n in range(1, 41)))
    reports = await asyncio.gather(*(bring(shop, path, batch_size=7) for _ in range(3)))
    rows = await shop.rows("orders")
    assert len(rows) == 40
    assert {row["version"] for row in rows} == {1}
    assert sum(report.created for report in reports) == 40
    assert all(report.failures == [] for report in reports)
    assert len(await shop.rows("events")) == 40


async def test_a_workspace_that_changes_meanwhile(shop, write):
    path = write(*(record(n) for n in range(1, 7)))

    async def redefining() -> None:
        for number in range(40):
            await shop.apply({"statuses": [{"name": f"New {number}", "color": "#000000"}]})

    report, _ = await asyncio.gather(bring(shop, path, batch_size=1), redefining())
    assert counts(report) == (6, 0, 0, 0)


async def test_who_may_not(shop, write):
    nobody = Actor(shop.team_id, "api_key", None, "Reader", frozenset())
    with pytest.raises(Forbidden):
        await import_file(shop.pool, nobody, write(record(1)), clock)


@pytest.mark.parametrize("content", [b"", b"nonsense", b'{"customers": []}'])
async def test_a_file_that_cannot_be_read_changes_nothing(shop, tmp_path, content):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(Fault):
        await bring(shop, path)
    assert await shop.rows("orders") == []


async def test_a_file_that_is_not_there(shop, tmp_path):
    with pytest.raises(FileNotFoundError):
        await bring(shop, tmp_path / "none.json")


# The command line


@pytest.fixture
def milepost(databases, monkeypatch, tmp_path):
    url = databases.make()
    for name in ("MILEPOST_DATABASE_URL", "MILEPOST_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    runner = CliRunner()

    def run(*arguments: str, code: int = 0):
        result = runner.invoke(cli.app, [*arguments, "--database-url", url])
        assert result.exit_code == code, result.output
        return result

    setup = tmp_path / "team.json"
    setup.write_text('{"team": {"name": "Harbour"}, "statuses": [{"name": "Hull", "color": "#5B8DB8"}]}')
    run("apply", str(setup))
    return run


def test_import_and_look(milepost):
    samples = [str(DATA / name) for name in ("order.json", "draft_order.json")]
    made = json.loads(milepost("import", "shopify", *samples, "--json").stdout)
    assert {name: made[name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "failed": 0,
    }
    assert [file["file"] for file in made["files"]] == samples
    text = milepost("import", "shopify", *samples).stdout
    assert "0 created, 0 updated, 1 unchanged, 0 failed" in text

    listed = json.loads(milepost("orders", "list", "--json").stdout)
    assert listed["total"] == 2
    assert [order["order_number"] for order in listed["orders"]] == ["#D1", "#1001"]
    assert listed["orders"][1] == {
        **listed["orders"][1],
        "shopify_order_id": "gid://shopify/Order/450789469",
        "status": None,
        "customer": "Bob Norman",
        "total_price": "409.94",
        "currency": "USD",
        "placed_at": "2008-01-10T16:00:00Z",
        "cancelled_at": None,
    }
    order_id = listed["orders"][1]["id"]
    shown = [
        json.loads(milepost("orders", "show", name, "--json").stdout)
        for name in (order_id, order_id.upper(), "#1001", "450789469", "gid://shopify/Order/450789469")
    ]
    assert all(one == shown[0] for one in shown)
    assert (shown[0]["id"], shown[0]["lifecycle"], len(shown[0]["line_items"])) == (order_id, "READY", 3)
    assert shown[0]["line_items"][0]["shopify_line_item_id"] == "gid://shopify/LineItem/466157049"
    assert shown[0]["milestones"][0]["name"] == "Order accepted"
    assert [event["type"] for event in shown[0]["events"]] == ["order.created"]
    text = milepost("orders", "show", "#1001").stdout
    for expected in ("Bob Norman", "IPod Nano - 8gb - red", "Order accepted", "order.created", "409.94 USD"):
        assert expected in text
    assert "Bob Norman" in milepost("orders", "list", "--search", "NORMAN").stdout
    assert milepost("orders", "list", "--status", "Hull").stdout == ""


def test_failures_end_with_1_and_do_not_stop_other_files(milepost, write, tmp_path):
    bad = write(record(1), {"id": 2}, name="bad.json")
    files = [str(tmp_path / "none.json"), str(bad), str(DATA / "order.json")]
    made = json.loads(milepost("import", "shopify", *files, "--json", code=1).stdout)
    assert (made["created"], made["failed"]) == (2, 2)
    assert made["files"][0]["failures"] == [
        {"position": None, "order_number": None, "reason": "No such file or directory"}
    ]
    (failure,) = made["files"][1]["failures"]
    assert (failure["position"], failure["reason"]) == (2, "name: an order needs one, it is the order number")
    text = milepost("import", "shopify", str(bad), code=1).stdout
    assert "order 2: name: an order needs one" in text


def test_what_is_not_found(milepost):
    for name in ("#404", "404", "01KQRTXXY8F90SRBJVE39ZG7K4", "gid://shopify/Order/1", "a\x00", "9" * 40):
        assert "not found" in milepost("orders", "show", name, code=3).stderr
    assert "not found" in milepost("orders", "list", "--status", "Nowhere", code=3).stderr
    assert "not found" in milepost("orders", "list", "--team", "Nobody", code=3).stderr


def test_a_name_cannot_steer_the_terminal(milepost, write):
    path = write(record(1, name="#1\x1b[2J", customer={"first_name": "Eve\x1b]0;x\x07\nroot"}))
    milepost("import", "shopify", str(path))
    for shown in (milepost("orders", "list").stdout, milepost("orders", "show", "1").stdout):
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "Eve" in shown
