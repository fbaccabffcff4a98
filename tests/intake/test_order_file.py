"""Files of orders, one a line: out, in again, and out once more; and what is wrong with lines."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from milepost.cli.importing import read_plain
from milepost.intake import order_file
from milepost.intake.import_file import Failure
from milepost.kit.errors import Forbidden
from milepost.model.actor import Actor
from milepost.model.order_archive import PlainOrder, WantedTag
from milepost.model.workflow import Workspace
from milepost.reads import workspace as workspaces
from tests.core.whole_orders import FILE, ORDERS, Yard


@pytest.fixture(scope="module")
async def yard(pool) -> Yard:
    """Nothing here changes it, or it takes one of its own."""
    made = await Yard.begin(pool)
    await made.fill()
    return made


@pytest.fixture
async def twin(yard) -> Yard:
    return await yard.twin()


def plain(number: str, **members: Any) -> dict[str, Any]:
    return {"order_number": number, "ship_to": {}, **members}


def lines(*documents: Any) -> bytes:
    return b"".join(msgspec.json.encode(document) + b"\n" for document in documents)


def counts(report) -> tuple[int, ...]:
    return report.created, report.unchanged, len(report.failures)


async def test_out_in_and_out_again(yard, twin, tmp_path):
    """Equal bytes, history and files included; again changes nothing."""
    first = await yard.export()
    report = await twin.bring(tmp_path / "orders", first)
    assert (report.records, report.resumed_after, counts(report)) == (ORDERS, 0, (ORDERS, 0, 0))
    assert await twin.export() == first
    before = await twin.everything()
    assert counts(await twin.bring(tmp_path / "orders", first)) == (0, ORDERS, 0)
    assert await twin.everything() == before
    assert await twin.pool.fetch("select from imports where team_id = $1", twin.team_id) == []


async def test_a_line_is_a_create_document_and_the_rest(yard):
    """Members in one sequence; orders by id, events by sequence; children tell of their parents."""
    documents = [json.loads(line) for line in (await yard.export()).splitlines()]
    assert [list(document)[:3] for document in documents] == [["order_number", "order_type", "name"]] * ORDERS
    assert {list(document)[-1] for document in documents} == {"milepost"}
    ids = [document["milepost"]["id"] for document in documents]
    assert ids == sorted(ids)
    for document in documents:
        told = document["milepost"]
        assert [event["sequence"] for event in told["events"]] == list(range(1, told["event_seq"] + 1))
    parent = next(one for one in documents if one["order_number"] == "MP-24017")
    child = next(one for one in documents if one["order_number"] == "MP-24017-R1")
    assert child["milepost"]["created_from_order_id"] == parent["milepost"]["id"]
    release = parent["milepost"]["releases"][0]
    assert child["milepost"]["released_from_release_id"] == release["id"]
    assert release["released_to_order_id"] == child["milepost"]["id"]
    shop = documents[0]["milepost"]["holding"]
    assert (shop["status"], shop["sub_status"]) == ("Varnish", "Varnish coats/First coat")


async def test_the_create_document_alone_makes_the_same_order(yard, twin, tmp_path):
    """What an order shows of itself, posted elsewhere, is accepted; of the tags it makes those that are missing."""
    documents = [json.loads(line, parse_float=msgspec.Raw) for line in (await yard.export()).splitlines()]
    for document in documents:
        del document["milepost"]
    chosen = [one for one in documents if one["order_number"] == "MP-24017"]
    report = await twin.bring(tmp_path / "orders", lines(*json_safe(chosen)))
    assert (counts(report), report.failures) == ((1, 0, 0), [])
    (line,) = (await twin.export()).splitlines()
    made, told = json.loads(line), json.loads(lines(*json_safe(chosen)))
    rest = made.pop("milepost")
    assert made == told
    assert (rest["source"], rest["version"], len(rest["events"])) == ("IMPORT", 1, 1)


def json_safe(documents: list[Any]) -> list[Any]:
    return json.loads(json.dumps(documents, default=lambda raw: float(bytes(raw))))


async def test_numbers_keep_their_digits(yard):
    """1.10 stays 1.10, 1e2 is 100 as the database writes it, large ones are whole."""
    (text,) = [line for line in (await yard.export()).splitlines() if b'"MP-24017",' in line]
    for digits in (
        b'"custom_data":{"e":100,"n":1.10,"big":123456789012345678901234567890}',
        b'"custom_data":{"n":[1.10,100,1.0E-8,true,null]}',
        b'"value":"640.50"',
        b'"value":"0.0000001"',
        b'"quantity":1.10',
        b'"n": [1.10, 100, 0.000000010, true, null]',
    ):
        assert digits in text, digits


async def test_files_of_releases(yard, twin, tmp_path):
    """Larger than a stored part, empty, and small; each with its bytes."""
    text = await yard.export()
    (line,) = [line for line in text.splitlines() if b'"MP-24017",' in line]
    documents = json.loads(line)["milepost"]["documents"]
    assert [base64.b64decode(content) for content in documents.values()] == [FILE, b"", b"leg"]
    await twin.bring(tmp_path / "orders", text)
    parts = await twin.pool.fetch(
        "select document_id, number, length(bytes) as size from document_parts where team_id = $1 order by 1, 2",
        twin.team_id,
    )
    first, *_ = documents
    assert [(row["number"], row["size"]) for row in parts if row["document_id"] == first] == [
        (0, 262144),
        (1, 262144),
        (2, 13312),
    ]


@pytest.mark.parametrize("cuts", [[3], [1, 1, 1, 1], [2, 5, 0, 1], [], [0], [100, 1]])
async def test_base64_of_parts_is_that_of_the_whole(cuts):
    parts = [bytes(range(start, start + size)) for start, size in zip(range(9), cuts, strict=False)]

    async def read() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    written = b"".join([text async for text in order_file._in_base64(read())])
    assert written == base64.b64encode(b"".join(parts))


async def test_bad_lines_are_told_and_do_not_stop_the_others(yard, twin, tmp_path):
    archived = (await yard.export()).splitlines()[0]
    broken = json.loads(archived)
    del broken["milepost"]["version"]
    newer = json.loads(archived)
    newer["milepost"]["hue"] = "blue"
    nul = json.loads(archived)
    nul["milepost"]["note"] = "a\0b"
    content = b"\n".join(
        [
            b"\xef\xbb\xbf" + lines(plain("MP-1")).strip(),
            b"",
            b"   \r",
            b"{not json}",
            b"[1, 2]",
            lines(plain("MP-5", name=7, items=[{"amount": {"unit": "KG"}}])).strip(),
            b'{"order_number": "MP-\xff"}',
            lines(broken).strip(),
            lines(newer).strip(),
            lines(nul).strip(),
            lines(plain("MP-1")).strip(),
            lines(plain("MP-11", name="a\0b")).strip(),
            b'{"a":' * 5000,
            archived,
        ]
    )
    report = await twin.bring(tmp_path / "orders", content)
    assert counts(report) == (2, 0, 10)
    reasons = {failure.position: (failure.order_number, failure.reason) for failure in report.failures}
    assert reasons == {
        4: (None, "It is not JSON: JSON is malformed: object keys must be strings (byte 1)"),
        5: (None, "Expected `object`, got `array`"),
        6: ("MP-5", "name must be a string; items.0.amount.value is required"),
        7: (None, "It is not UTF-8"),
        8: ("#7", "Object missing required field `version` - at `$.milepost`"),
        9: ("#7", "Object contains unknown field `hue` - at `$.milepost`"),
        10: ("#7", "It holds the character U+0000"),
        11: ("MP-1", "The order number MP-1 belongs to another order"),
        12: ("MP-11", "name must not contain U+0000"),
        13: (None, "It is nested too deeply"),
    }
    assert sorted(row["order_number"] for row in await twin.rows("orders")) == ["#7", "MP-1"]


async def test_a_file_whose_bytes_are_not_what_it_says(yard, twin, tmp_path):
    (line,) = [line for line in (await yard.export()).splitlines() if b'"MP-24017",' in line]
    spoilt = line.replace(hashlib.sha256(b"leg").hexdigest().encode(), b"0" * 64)
    assert spoilt != line
    report = await twin.bring(tmp_path / "orders", spoilt)
    reason = "milepost.documents holds other bytes of a.txt than it says"
    assert report.failures == [Failure(1, "MP-24017", reason)]


def test_the_tags_of_a_plain_document():
    """By slug, by id in both spellings, as Tag objects with what they say."""
    ulid, uuid = "01KJMMA2G0FH69SF56J0QGBGKE", "019ca945-0a00-7c4c-9cbc-a6902f05c26e"
    named = [{"id": ulid, "slug": "a", "name": "A"}, {"id": uuid, "slug": "c", "name": 7}]
    text = json.dumps(plain("MP-1", tags=["summer-shelf", ulid, uuid, *named])).encode()
    order = order_file.read_line(order_file.Line(1, text), read_plain)
    assert isinstance(order, PlainOrder)
    assert order.tags == (
        WantedTag(slug="summer-shelf"),
        WantedTag(id=uuid),
        WantedTag(id=uuid),
        WantedTag(uuid, "a", "A"),
        WantedTag(uuid, "c"),
    )


async def test_tags_that_cannot_be(twin, tmp_path):
    ulid = "01KJMMA2G0FH69SF56J0QGBGKE"
    content = lines(
        plain("MP-1", tags=["Not a slug"]),
        plain("MP-2", tags=[ulid]),
        plain("MP-3", tags=[{"id": ulid, "slug": "long", "name": "x" * 65}]),
        plain("MP-4", tags=["new", "new"]),
    )
    report = await twin.bring(tmp_path / "orders", content)
    assert [(one.position, one.reason) for one in report.failures] == [
        (1, "The slug 'Not a slug' has not only a-z, 0-9 and -, at most 64"),
        (2, f"There is no tag {ulid}"),
        (3, "The name of a tag has at most 64 characters"),
    ]
    assert [(row["slug"], row["name"]) for row in await twin.rows("tags")] == [("new", "new")]


class Pulled(Exception):
    """Somebody pulled the plug."""


async def test_an_interrupted_import_goes_on(twin, tmp_path):
    """Plain orders are made once, though they have no ids that would tell."""
    content = lines(*(plain(f"MP-{number}") for number in range(10)))

    def pull(done: int, _: int) -> None:
        if done == 6:
            raise Pulled

    with pytest.raises(Pulled):
        await twin.bring(tmp_path / "orders", content, progress=pull, batch_size=3)
    report = await twin.bring(tmp_path / "orders", content, batch_size=3)
    assert (report.records, report.resumed_after, counts(report)) == (10, 6, (4, 0, 0))
    assert len(await twin.rows("orders")) == len(await twin.rows("events")) == 10
    again = await twin.bring(tmp_path / "orders", content, batch_size=3)
    assert (again.resumed_after, counts(again)) == (0, (0, 0, 10))


async def test_a_batch_ends_by_its_bytes(yard, twin, tmp_path, monkeypatch):
    """Orders with large files do not come together."""
    monkeypatch.setattr("milepost.intake.order_transfer.BATCH_BYTES", 100_000)
    seen: list[tuple[int, int]] = []
    report = await twin.bring(tmp_path / "orders", await yard.export(), progress=lambda *at: seen.append(at))
    assert (counts(report), report.records) == ((ORDERS, 0, 0), ORDERS)
    assert len(seen) > 1
    assert seen[-1] == (ORDERS, ORDERS)


async def test_the_workspace_changes_while_orders_come_in(twin, tmp_path, monkeypatch):
    """A batch is decided again on the new one."""
    read, changes = workspaces.load, iter(range(3))

    async def load(*given: Any) -> Workspace:
        known = await read(*given)
        if (change := next(changes, None)) is not None:
            with monkeypatch.context() as inside:
                inside.setattr(workspaces, "load", read)  # which applying uses, too
                await twin.apply({"statuses": [{"name": f"Newer {change}", "color": "#000000"}]})
        return known

    monkeypatch.setattr(workspaces, "load", load)
    report = await twin.bring(tmp_path / "orders", lines(plain("MP-1")))
    assert counts(report) == (1, 0, 0)
    assert next(changes, None) is None


async def test_a_team_without_orders(twin, tmp_path):
    assert await twin.export() == b""
    report = await twin.bring(tmp_path / "orders", b"")
    assert (report.records, counts(report)) == (0, (0, 0, 0))


async def test_who_may(twin, tmp_path):
    twin.actor = Actor(twin.team_id, "api_key", None, "Reader", frozenset({"canViewOrders"}))
    with pytest.raises(Forbidden):
        await twin.bring(tmp_path / "orders", lines(plain("MP-1")))


async def test_another_team_is_not_touched(yard, twin, tmp_path):
    """The same ids may be in two teams."""
    text = await yard.export()
    before = await yard.everything()
    await twin.bring(tmp_path / "orders", text)
    assert await yard.everything() == before
    assert await yard.export() == text
