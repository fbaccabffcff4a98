"""Releases of an order and their documents over HTTP (section 11)."""

import asyncio
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.model.releases import ReleaseDocument
from milepost.surfaces.orders_api.releases import attachment
from tests.surfaces.orders_api.talk import create, etag, kg, leg, patch, read, refused, release, told
from tests.surfaces.orders_api.test_orders import INSTANT, STOP, ULID
from tests.surfaces.world import NO_ID, NewOrder, Reply, Team, World, item, served

SUPPLIER = {"name": "Birchline Mill", "supplier_id": "SUP-31"}
BOUNDARY = "b7"
Field = tuple[str, str | None, str | None, bytes]
"""Name, file name, content type, content."""


@pytest.fixture
async def order(team: Team) -> dict[str, Any]:
    items = [
        {"description": "Deck screw", "amount": kg("640.50"), "custom_data": {"line": "10"}},
        {"description": "Joist hanger", "amount": kg("88")},
    ]
    return await create(team, "MP-24017", items=items)


def form(*fields: Field) -> bytes:
    body = b""
    for name, file_name, content_type, content in fields:
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += b"" if file_name is None else f'; filename="{file_name}"'.encode()
        body += b"" if content_type is None else f"\r\nContent-Type: {content_type}".encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def data(body: Any) -> Field:
    return "data", None, None, json.dumps(body).encode()


async def post(team: Team, order: dict[str, Any], body: Any) -> Reply:
    return await team.orders_api("POST", f"/orders/{order['id']}/releases", body=body)


async def post_form(team: Team, order: dict[str, Any], *fields: Field) -> Reply:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/orders/{order['id']}/releases"
    return await team.orders_api("POST", path, body=form(*fields), headers=headers)


async def move(team: Team, order: dict[str, Any], made: dict[str, Any], **body: Any) -> Reply:
    return await team.orders_api("PATCH", f"/orders/{order['id']}/releases/{made['id']}", body=body)


async def test_the_leg_of_section_11_1(team: Team, order: dict[str, Any]) -> None:
    screw, hanger = order["items"]
    body = {
        "release_type": "TRANSPORTATION",
        "released_to_shipment_id": "shp-7c21",
        "released_to_shipment_reference_id": "K7Q2ZD",
        "items": [{"order_item_id": screw["id"], "amount": kg("300")}],
    }
    reply = await post(team, order, body)
    made = reply.json
    assert reply.status == 201
    assert made == {
        "release_type": "TRANSPORTATION",
        "id": made["id"],
        "created_from_product_order_id": order["id"],
        "released_to_shipping_plan_id": None,
        "released_to_shipment_id": "shp-7c21",
        "released_to_shipment_reference_id": "K7Q2ZD",
        "released_to_shipment_origin_stop_id": None,
        "released_to_shipment_destination_stop_id": None,
        "transit_status": None,
        "unassigned_at": None,
        "items": [{"order_item_id": screw["id"], "amount": kg("300")}],
        "documents": [],
        "created_at": made["created_at"],
    }
    assert ULID.fullmatch(made["id"])
    assert INSTANT.fullmatch(made["created_at"])
    path = f"/orders/{order['id']}/releases/{made['id']}"
    assert reply.headers["Location"] == path
    assert reply.headers["ETag"] == '"2"' == await etag(team, order["id"])
    assert (await team.orders_api("GET", path)).ok() == made
    after = await read(team, order["id"])
    assert after == {
        **order,
        "status": "ASSIGNED",
        "items": [{**screw, "available_amount": kg("340.50")}, hanger],
        "releases": [made],
        "updated_at": after["updated_at"],
    }
    event_form = {**made, "created_at": made["created_at"].replace("Z", "+00:00")}
    assert (await told(team, order["id"]))[1:] == [
        (
            "order.updated",
            {"releases": [], "status": "READY"},
            {"releases": [event_form], "status": "ASSIGNED"},
        )
    ]


async def test_what_is_available(team: Team, order: dict[str, Any]) -> None:
    """O-30."""
    screw, hanger = (item["id"] for item in order["items"])
    async with team.unchanged():
        for taken, fault in (
            (
                [{"order_item_id": screw, "amount": kg("640.51")}],
                ("items.0.amount.value", "exceeds_available"),
            ),
            (
                [{"order_item_id": screw, "amount": {"unit": "kg", "value": "1"}}],
                ("items.0.amount.unit", "unit_mismatch"),
            ),
            ([{"order_item_id": screw}, {"id": screw}], ("items.1.order_item_id", "duplicate")),
            ([{"order_item_id": screw}, {"id": NO_ID}], ("items.1.order_item_id", "not_found")),
            ([{"order_item_id": "x"}], ("items.0.order_item_id", "invalid_id")),
            ([{"amount": kg("1")}], ("items.0.order_item_id", "required")),
            ([{"order_item_id": screw, "amount": kg("-1")}], ("items.0.amount.value", "out_of_range")),
            ([], ("items", "too_short")),
            (None, ("items", "required")),
            ({}, ("items", "wrong_type")),
        ):
            refused(await post(team, order, {"items": taken}), fault)
    await release(team, order["id"], items=[{"order_item_id": screw, "amount": kg("600")}])
    async with team.unchanged():
        more = {"items": [{"order_item_id": hanger}, {"order_item_id": screw, "amount": kg("40.51")}]}
        refused(await post(team, order, more), ("items.1.amount.value", "exceeds_available"))
    rest = await release(team, order["id"], items=[{"id": hanger.lower()}, {"id": screw}])
    assert rest["items"] == [
        {"order_item_id": hanger, "amount": kg("88")},
        {"order_item_id": screw, "amount": kg("40.50")},
    ]
    left = (await read(team, order["id"]))["items"]
    assert [one["available_amount"] for one in left] == [kg("0.00"), kg("0")]
    onward = await release(team, order["id"], items=[{"id": screw, "amount": kg("0")}, {"id": hanger}])
    assert [one["amount"] for one in onward["items"]] == [kg("0"), kg("0")]


async def test_two_releases_at_once_take_no_more_than_there_is(team: Team, order: dict[str, Any]) -> None:
    body = {"items": [{"order_item_id": order["items"][0]["id"], "amount": kg("400")}]}
    replies = await asyncio.gather(*(post(team, order, body) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [201, 400, 400, 400]
    assert (await read(team, order["id"]))["items"][0]["available_amount"] == kg("240.50")


@pytest.mark.parametrize(
    "steps", [["DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"], ["DELIVERED"]]
)
async def test_a_leg_moves_forward(team: Team, order: dict[str, Any], steps: list[str]) -> None:
    """O-28; one leg's status is the order's."""
    made = await leg(team, order)
    for step in steps:
        reply = await move(team, order, made, transit_status=step)
        assert reply.ok() == {**made, "transit_status": step}
        assert reply.headers["ETag"] == await etag(team, order["id"])
        assert (await read(team, order["id"]))["status"] == step
    events = (await told(team, order["id"]))[2:]
    assert [(name, sorted(old), new["status"]) for name, old, new in events] == [
        ("order.updated", ["releases", "status"], step) for step in steps
    ]
    async with team.unchanged():
        assert (await move(team, order, made, transit_status="DELIVERED", items=[], id=5)).ok()
        assert (await move(team, order, made)).ok()
        for back in ("OUT_FOR_DELIVERY", "DISPATCHED", None):
            reply = await move(team, order, made, transit_status=back)
            refused(reply, ("transit_status", "illegal_transit_move"))
        refused(await move(team, order, made, transit_status="LOST"), ("transit_status", "invalid_value"))


async def test_a_leg_is_taken_off(world: World, team: Team, order: dict[str, Any]) -> None:
    """O-29."""
    made = await leg(team, order)
    future = (world.clock() + timedelta(minutes=1)).isoformat()
    async with team.unchanged():
        refused(await move(team, order, made, unassigned_at=future), ("unassigned_at", "out_of_range"))
        refused(await move(team, order, made, unassigned_at="now"), ("unassigned_at", "invalid_datetime"))
        assert (await move(team, order, made, unassigned_at=None)).ok() == made
    after = (await move(team, order, made, unassigned_at="2026-06-17T17:04:05+02:00")).ok()
    assert after == {**made, "unassigned_at": "2026-06-17T15:04:05Z"}
    shown = await read(team, order["id"])
    assert (shown["status"], shown["items"], shown["releases"]) == ("READY", order["items"], [after])
    async with team.unchanged():
        for change in (
            {"transit_status": "DISPATCHED"},
            {"unassigned_at": None},
            {"released_to_shipment_id": "x"},
        ):
            refused(await move(team, order, made, **change), (None, "already_unassigned"))
        assert (await move(team, order, made, unassigned_at="2026-06-17T15:04:05Z")).ok() == after


async def test_a_leg_moves_only_for_who_knows_it(team: Team, order: dict[str, Any]) -> None:
    """Section 20: releases share the order's tag."""
    made = await leg(team, order)
    path, tag = f"/orders/{order['id']}/releases/{made['id']}", await etag(team, order["id"])
    body = {"transit_status": "DISPATCHED"}
    async with team.unchanged():
        reply = await team.orders_api("PATCH", path, body=body, headers={"If-Match": '"1"'})
        refused(reply, (None, "precondition_failed"))
    reply = await team.orders_api("PATCH", path, body=body, headers={"If-Match": tag})
    assert (reply.status, reply.headers["ETag"]) == (200, '"3"')


async def test_what_a_leg_goes_to_may_change(team: Team, order: dict[str, Any]) -> None:
    made = await leg(team, order)
    change = {
        "released_to_shipping_plan_id": "plan",
        "released_to_shipment_id": "s" * 48,
        "released_to_shipment_reference_id": "K7Q2ZD",
        "released_to_shipment_origin_stop_id": "o" * 48,
        "released_to_shipment_destination_stop_id": "d" * 48,
    }
    assert (await move(team, order, made, **change)).ok() == {**made, **change}
    assert (await move(team, order, made, released_to_shipment_id=None)).ok()[
        "released_to_shipment_id"
    ] is None
    async with team.unchanged():
        refused(
            await move(
                team, order, made, released_to_shipment_reference_id="1234567", released_to_shipment_id=5
            ),
            ("released_to_shipment_reference_id", "too_long"),
            ("released_to_shipment_id", "wrong_type"),
        )


async def test_a_release_to_an_order_needs_a_supplier(team: Team, order: dict[str, Any]) -> None:
    """O-31."""
    body = {"release_type": "PURCHASE_ORDER", "items": [{"order_item_id": order["items"][0]["id"]}]}
    async with team.unchanged():
        refused(await post(team, order, body), (None, "supplier_required"))


async def test_a_release_to_an_order(team: Team, order: dict[str, Any]) -> None:
    """O-31, O-25."""
    whole = {
        "supplier": SUPPLIER,
        "name": "Screws",
        "description": "Two pallets",
        "start_date": "2026-06-20",
        "ship_to": {"line_1": "77 Commercial St"},
        "ship_from": {"line_1": "Mill"},
    }
    parent = (await patch(team, order["id"], whole)).ok()
    screw, hanger = parent["items"]
    body = {"release_type": "PURCHASE_ORDER", "items": [{"order_item_id": screw["id"]}]}
    made = await release(team, order["id"], **body)
    assert made == {
        "release_type": "PURCHASE_ORDER",
        "id": made["id"],
        "created_from_product_order_id": order["id"],
        "released_to_order_id": made["released_to_order_id"],
        "unassigned_at": None,
        "items": [{"order_item_id": screw["id"], "amount": kg("640.50")}],
        "documents": [],
        "created_at": made["created_at"],
    }
    child = await read(team, made["released_to_order_id"])
    assert child == {
        **parent,
        "id": made["released_to_order_id"],
        "order_number": "MP-24017-R1",
        "status": "READY",
        "items": [{**screw, "id": child["items"][0]["id"], "available_amount": kg("640.50")}],
        "created_from_order_id": order["id"],
        "released_from_release_id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert child["items"][0]["id"] != screw["id"]
    ((name, _, document),) = await told(team, child["id"])
    assert (name, document["order_number"]) == ("order.created", "MP-24017-R1")
    after = await read(team, order["id"])
    assert [one["available_amount"] for one in after["items"]] == [kg("0.00"), kg("88")]
    assert after["status"] == "NOT_READY"
    rest = {"release_type": "PURCHASE_ORDER", "items": [{"order_item_id": hanger["id"]}]}
    own = {
        "order_number": "MINE",
        "name": "Own",
        "start_date": "2026-07-01",
        "expiration_date": "2026-07-02T00:00:00Z",
        "ship_to": {},
        "ship_from": {"line_2": "x"},
        "transit_status": 5,
    }
    second = await read(team, (await release(team, order["id"], **rest, **own))["released_to_order_id"])
    assert (second["order_number"], second["name"]) == ("MINE", "Own")
    assert (second["start_date"], second["expiration_date"]) == ("2026-07-01", "2026-07-02")
    assert (second["ship_to"], second["ship_from"]) == (STOP, {**STOP, "line_2": "x"})
    assert (await read(team, order["id"]))["status"] == "FILLED"
    listed = (await team.orders_api("GET", f"/orders?created_from_order_id={order['id']}")).ok()["data"]
    assert listed == [second, child]


async def test_refused_releases_to_orders(team: Team, order: dict[str, Any]) -> None:
    """Sections 11 and 11.1."""
    (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
    screw, hanger = (item["id"] for item in order["items"])
    child_id = (await release(team, order["id"], release_type="PURCHASE_ORDER", items=[{"id": screw}]))[
        "released_to_order_id"
    ]
    child = await read(team, child_id)

    async def to_order(of: dict[str, Any], item_id: str, **body: Any) -> Reply:
        items = [{"order_item_id": item_id, **body.pop("item", {})}]
        return await post(team, of, {"release_type": "PURCHASE_ORDER", "items": items, **body})

    async with team.unchanged():
        refused(await to_order(child, child["items"][0]["id"]), (None, "not_releasable"))
        refused(await to_order(order, screw), ("items.0.amount.value", "out_of_range"))
        refused(
            await to_order(order, hanger, item={"amount": kg("0")}), ("items.0.amount.value", "out_of_range")
        )
        refused(await to_order(order, hanger, order_number="MP-24017"), ("order_number", "not_unique"))
        refused(await to_order(order, hanger, order_number="x" * 65), ("order_number", "too_long"))
        refused(await to_order(order, hanger, order_number=" "), ("order_number", "too_short"))
        dates = {"start_date": "2026-07-02", "expiration_date": "2026-07-01"}
        refused(await to_order(order, hanger, **dates), ("expiration_date", "end_before_start"))
        refused(
            await team.orders_api(
                "PATCH",
                f"/orders/{order['id']}/releases/{child['released_from_release_id']}",
                body={"transit_status": "DISPATCHED"},
            ),
            ("release_type", "immutable"),
        )
    long = await create(team, "x" * 62, supplier=SUPPLIER, items=[{"amount": kg("1")}])
    async with team.unchanged():
        refused(await to_order(long, long["items"][0]["id"]), ("order_number", "too_long"))


async def test_numbers_of_child_orders(team: Team, order: dict[str, Any]) -> None:
    """Section 11.1: the first free n."""
    (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
    await create(team, "MP-24017-R2")
    taken = {"order_item_id": order["items"][0]["id"], "amount": kg("1")}
    replies = await asyncio.gather(
        *(post(team, order, {"release_type": "PURCHASE_ORDER", "items": [taken]}) for _ in range(3))
    )
    assert [reply.status for reply in replies] == [201, 201, 201]
    children = (await team.orders_api("GET", f"/orders?created_from_order_id={order['id']}")).ok()["data"]
    assert sorted(child["order_number"] for child in children) == [
        "MP-24017-R1",
        "MP-24017-R3",
        "MP-24017-R4",
    ]


async def test_canceling_a_child_gives_its_amounts_back(
    world: World, team: Team, order: dict[str, Any]
) -> None:
    """Section 9.7."""
    (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
    items = [{"id": one["id"]} for one in order["items"]]
    made = await release(team, order["id"], release_type="PURCHASE_ORDER", items=items)
    assert (await read(team, order["id"]))["status"] == "FILLED"
    at = datetime.now(UTC) + timedelta(seconds=9)
    with world.clock.at(at):
        (await team.orders_api("POST", f"/orders/{made['released_to_order_id']}/cancel")).ok()
    parent = await read(team, order["id"])
    moment = at.isoformat().replace("+00:00", "Z")
    assert parent["status"] == "NOT_READY"
    assert parent["releases"] == [{**made, "unassigned_at": moment}]
    assert parent["items"] == order["items"]
    name, old, new = (await told(team, order["id"]))[-1]
    assert (name, sorted(old), sorted(new)) == (
        "order.updated",
        ["releases", "status"],
        ["releases", "status"],
    )
    assert (old["status"], new["status"]) == ("FILLED", "NOT_READY")
    assert new["releases"][0]["unassigned_at"] == at.isoformat()


async def test_drafts_are_not_released(team: Team) -> None:
    (order_id,) = await team.orders([NewOrder(order_number="#1", is_draft=True, items=(item("A"),))])
    order = await read(team, order_id)
    async with team.unchanged():
        reply = await post(team, order, {"items": [{"order_item_id": order["items"][0]["id"]}]})
        refused(reply, (None, "order_draft"))


async def test_the_same_release_by_json_and_by_form(team: Team, order: dict[str, Any]) -> None:
    """O-32."""
    body = {
        "release_type": "TRANSPORTATION",
        "released_to_shipment_id": "shp",
        "transit_status": "DISPATCHED",
        "items": [{"order_item_id": order["items"][0]["id"], "amount": kg("1.50")}],
    }
    by_json = (await post(team, order, body)).json
    reply = await post_form(team, order, data(body))
    assert reply.status == 201
    own = ("id", "created_at")
    assert {**reply.json, **dict.fromkeys(own)} == {**by_json, **dict.fromkeys(own)}
    assert reply.headers["Location"] == f"/orders/{order['id']}/releases/{reply.json['id']}"


async def test_documents(team: Team, order: dict[str, Any]) -> None:
    """O-32, sections 11.1 and 11.2: by position, the metadata may be fewer."""
    (await patch(team, order["id"], {"supplier": SUPPLIER})).ok()
    body = {"release_type": "PURCHASE_ORDER", "items": [{"order_item_id": order["items"][0]["id"]}]}
    packing = os.urandom(1_500_000)
    metadata = {"documents": [{"document_type": "PACKING_LIST", "description": "signed copy"}, {}]}
    reply = await post_form(
        team,
        order,
        ("documents", "packing.pdf", "application/pdf", packing),
        data(body),
        ("documents_metadata", None, "application/json", json.dumps(metadata).encode()),
        ("documents", "C:\\maps\\Plan für José.svg", "image/svg+xml;charset=utf-8", b"<svg/>"),
        ("documents", "../../empty", None, b""),
        ("documents", "", "application/octet-stream", b""),
    )
    assert reply.status == 201, reply
    documents = reply.json["documents"]
    assert documents == [
        {
            "id": documents[0]["id"],
            "file_name": "packing.pdf",
            "content_type": "application/pdf",
            "size": 1_500_000,
            "sha256": hashlib.sha256(packing).hexdigest(),
            "document_type": "PACKING_LIST",
            "description": "signed copy",
        },
        {
            "id": documents[1]["id"],
            "file_name": "Plan für José.svg",
            "content_type": "image/svg+xml;charset=utf-8",
            "size": 6,
            "sha256": hashlib.sha256(b"<svg/>").hexdigest(),
            "document_type": None,
            "description": None,
        },
        {
            "id": documents[2]["id"],
            "file_name": "empty",
            "content_type": "application/octet-stream",
            "size": 0,
            "sha256": hashlib.sha256(b"").hexdigest(),
            "document_type": None,
            "description": None,
        },
    ]
    assert (await read(team, order["id"]))["releases"][0]["documents"] == documents
    path = f"/orders/{order['id']}/releases/{reply.json['id']}/documents"
    for document, content, disposition in (
        (documents[0], packing, 'attachment; filename="packing.pdf"'),
        (
            documents[1],
            b"<svg/>",
            "attachment; filename=\"Plan f_r Jos_.svg\"; filename*=UTF-8''Plan%20f%C3%BCr%20Jos%C3%A9.svg",
        ),
        (documents[2], b"", 'attachment; filename="empty"'),
    ):
        answer = await team.orders_api("GET", f"{path}/{document['id']}")
        assert (answer.status, answer.raw) == (200, content)
        assert answer.headers["Content-Type"] == document["content_type"]
        assert answer.headers["Content-Length"] == str(document["size"])
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        head = await team.orders_api("HEAD", f"{path}/{document['id']}")
        assert (head.status, head.raw, head.headers["Content-Length"]) == (200, b"", str(document["size"]))


async def test_documents_of_others_are_unknown(world: World, team: Team, order: dict[str, Any]) -> None:
    """O-8: by team, order and release."""
    body = {"items": [{"order_item_id": order["items"][0]["id"], "amount": kg("1")}]}
    made = (await post_form(team, order, data(body), ("documents", "a", None, b"secret"))).json
    bare = (await post(team, order, body)).json
    other = await create(team, "MP-2")
    document = made["documents"][0]["id"]
    for order_id, release_id, document_id in (
        (order["id"], bare["id"], document),
        (other["id"], made["id"], document),
        (NO_ID, made["id"], document),
        (order["id"], made["id"], NO_ID),
        (order["id"], made["id"], "nonsense"),
        (order["id"], "nonsense", document),
    ):
        path = f"/orders/{order_id}/releases/{release_id}/documents/{document_id}"
        refused(await team.orders_api("GET", path), (None, "not_found"))
    stranger = await world.team()
    path = f"/orders/{order['id']}/releases/{made['id']}"
    for url in (path, f"{path}/documents/{document}", f"/orders/{order['id']}/releases"):
        refused(await stranger.orders_api("GET", url), (None, "not_found"))
    refused(
        await stranger.orders_api("PATCH", path, body={"transit_status": "DISPATCHED"}), (None, "not_found")
    )
    refused(await post(stranger, order, body), (None, "not_found"))


async def test_wrong_forms(team: Team, order: dict[str, Any]) -> None:
    """Faults of all parts are told at once."""
    good = {"items": [{"order_item_id": order["items"][0]["id"]}]}
    file: Field = ("documents", "a.txt", "text/plain", b"x")

    def told_of(value: Any) -> Field:
        return "documents_metadata", None, None, json.dumps(value).encode()

    async with team.unchanged():
        refused(await post_form(team, order, file), ("data", "required"))
        refused(await post_form(team, order, ("data", None, None, b"{")), (None, "invalid_json"))
        wrong = {"documents": [{"document_type": 5}, "x"]}
        refused(
            await post_form(team, order, data({"items": []}), told_of(wrong), file),
            ("items", "too_short"),
            ("documents_metadata.documents.0.document_type", "wrong_type"),
            ("documents_metadata.documents.1", "wrong_type"),
        )
        refused(await post_form(team, order, data(good), told_of([])), ("documents_metadata", "wrong_type"))
        refused(
            await post_form(team, order, data(good), told_of({"documents": {}})),
            ("documents_metadata.documents", "wrong_type"),
        )
        refused(
            await post_form(team, order, data(good), told_of({}), told_of({})),
            ("documents_metadata", "too_many"),
        )
        refused(
            await post_form(team, order, data(good), ("documents_metadata", None, None, b"nonsense")),
            ("documents_metadata", "invalid_json"),
        )
        refused(await post_form(team, order, data(good), *[file] * 11), ("documents", "too_many"))
    made = await post_form(team, order, data(good), *[file] * 10)
    assert (made.status, len(made.json["documents"])) == (201, 10)


async def test_documents_are_bounded(pool: Any) -> None:
    """Section 11.1: 413 for a file over the bound; the bounds are settings."""
    async with served(pool, release_documents_max=2, release_document_max_bytes=1000) as world:
        team = await world.team()
        order = await create(team, "MP-1", items=[{"amount": kg("1")}])
        body = data({"items": [{"order_item_id": order["items"][0]["id"], "amount": kg("0")}]})
        async with team.unchanged():
            refused(
                await post_form(team, order, body, ("documents", "a", None, b"x" * 1001)), (None, "too_large")
            )
            three: list[Field] = [("documents", "a", None, b"x")] * 3
            refused(await post_form(team, order, body, *three), ("documents", "too_many"))
        two: list[Field] = [("documents", "a", None, b"x" * 1000)] * 2
        assert (await post_form(team, order, body, *two)).status == 201


@pytest.mark.parametrize(
    ("file_name", "disposition"),
    [
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
        ("a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("plain name (1).txt", 'attachment; filename="plain name (1).txt"'),
        ("\u202e\U0001f600", "attachment; filename=\"__\"; filename*=UTF-8''%E2%80%AE%F0%9F%98%80"),
    ],
)
def test_file_names_in_headers(file_name: str, disposition: str) -> None:
    """RFC 6266 and 8187; nothing of a name can end a header."""
    file = ReleaseDocument(id=NO_ID, file_name=file_name, content_type="text/plain", size=1, sha256="")
    assert attachment(file) == disposition


async def test_file_names_cannot_carry_headers(team: Team, order: dict[str, Any]) -> None:
    body = data({"items": [{"order_item_id": order["items"][0]["id"]}]})
    made = (await post_form(team, order, body, ("documents", "a%22%0D%0AX-Evil: 1", None, b"x"))).json
    (document,) = made["documents"]
    assert document["file_name"] == 'a"%0D%0AX-Evil: 1'
    path = f"/orders/{order['id']}/releases/{made['id']}/documents/{document['id']}"
    answer = await team.orders_api("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"a__0D_0AX-Evil: 1\"; filename*=UTF-8''a%22%250D%250AX-Evil%3A%201"
    )
    assert "X-Evil" not in answer.headers
    async with team.unchanged():
        for name, content_type in (
            ("a", "text/html\r\n X-Evil: 1"),
            ("a", "nonsense"),
            ("a", "text/plain; ü"),
            ("a\x01", "text/plain"),
            ("a\x7f", "text/plain"),
        ):
            reply = await post_form(team, order, body, ("documents", name, content_type, b"x"))
            refused(reply, (None, "invalid_value"))


async def test_the_list_of_releases_is_oldest_first(team: Team, order: dict[str, Any]) -> None:
    body = {"items": [{"order_item_id": order["items"][0]["id"], "amount": kg("1")}]}
    made = [(await post(team, order, body)).json for _ in range(3)]
    path = f"/orders/{order['id']}/releases"
    assert (await team.orders_api("GET", path)).ok() == {"data": made, "has_more": False, "next": None}
    page = (await team.orders_api("GET", f"{path}?limit=2")).ok()
    assert page == {
        "data": made[:2],
        "has_more": True,
        "next": f"{path}?limit=2&starting_after={made[1]['id']}",
    }
    assert (await team.orders_api("GET", page["next"])).ok()["data"] == made[2:]
    empty = await create(team, "MP-2")
    listed = (await team.orders_api("GET", f"/orders/{empty['id']}/releases")).ok()
    assert listed == {"data": [], "has_more": False, "next": None}
