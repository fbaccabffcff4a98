"""Telling customers (contract, sections 12 and 13, rule 22.8; S-38 to S-40, S-46).

No channel can be configured in this release, so over HTTP everything is skipped. What a server with channels
answers and stores is held by one that is given channels, and by calling the verbs with channels.
"""

from collections.abc import AsyncIterator, Collection

import msgspec
import pytest

from milepost.core import line_items, notices, statuses
from milepost.core.statuses import OrderKeys
from milepost.kit.ids import ulid
from milepost.model.actor import Actor, system_actor
from milepost.model.transitions import choose
from milepost.model.workflow import Channel
from milepost.reads import workspace as reads
from tests.surfaces.world import (
    ALL_BUT_OVERRIDE,
    BASICS,
    NO_ID,
    NOTHING_SENT,
    Customer,
    Team,
    World,
    item,
    served,
)

ALL: tuple[Channel, ...] = ("email", "sms", "whatsapp")
SKIPPED = dict.fromkeys(ALL, "skipped")
BOTH = Customer("Jo", "Doe", "jo@doe.example", "+351 9")
UNKNOWN = {"error": "Order not found", "code": "order_not_found"}


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [
                *BASICS["statuses"],
                {"name": "Mail only", "notifications": {"email": True}, "sub_status_group": "Coats"},
            ],
        }
    )
    return team


# Over HTTP, without channels ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"])
async def test_s38_notify_answers_for_all_channels(shop, version):
    """S-38: always three channel keys; what is not asked for is skipped."""
    order = await shop.order(customer=BOTH)
    await shop.moved(order, shop.known["Loud"])
    for channels in (["email"], ["sms", "sms"], list(ALL), ["whatsapp", "email"]):
        async with shop.unchanged():
            assert (await shop.post(f"/orders/{order}/notify", {"channels": channels}, version)).ok() == {
                "message": "Notification request processed",
                "order_id": order,
                "notifications_sent": SKIPPED,
            }


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"channels": []}, ["channels"]),
        ({}, ["channels"]),
        ({"channels": None}, ["channels"]),
        ({"channels": ["fax"]}, ["channels[0]"]),
        ({"channels": ["email", "fax"]}, ["channels[1]"]),
        ({"channels": ["Email"]}, ["channels[0]"]),
        ({"channels": [""]}, ["channels[0]"]),
        ({"channels": ["email", 1]}, ["channels[1]"]),
        ({"channels": "email"}, ["channels"]),
        ({"channels": {"email": True}}, ["channels"]),
        ({"channels": ["email"], "use_shopify_order_id": "yes"}, ["use_shopify_order_id"]),
    ],
)
async def test_s38_faulty_channels(shop, body, fields):
    """S-38: no channel at all or one that there is not: 400."""
    order = await shop.order(customer=BOTH)
    await shop.moved(order, shop.known["Loud"])
    async with shop.unchanged():
        (await shop.post(f"/orders/{order}/notify", body)).refused("invalid_request", fields=fields)
        (await shop.post("/orders/notify-bulk", {"order_ids": [order], **body})).refused(
            "invalid_request", fields=fields
        )


async def test_s39_no_configured_channel_is_skipped_not_failed(shop):
    """S-39: orders without status, customers without phone, servers without channels: skipped."""
    without_status = await shop.order(customer=BOTH)
    without_phone = await shop.order(customer=Customer(email="a@b.example"))
    await shop.moved(without_phone, shop.known["Loud"])
    for order in (without_status, without_phone):
        answer = (await shop.post(f"/orders/{order}/notify", {"channels": list(ALL)})).ok()
        assert answer["notifications_sent"] == SKIPPED
    loud = await shop.order(customer=BOTH)
    assert (await shop.moved(loud, shop.known["Loud"]))["notifications"] == NOTHING_SENT


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5"])
async def test_s40_notify_bulk(shop, version):
    """S-40: `sent` and `failed` count orders; an order that was found is a success."""
    order = await shop.order(customer=BOTH)
    body = {"order_ids": [order, "K-999", ulid(order)], "channels": ["email"]}
    async with shop.unchanged():
        assert (await shop.post("/orders/notify-bulk", body, version)).ok() == {
            "message": "Bulk notification request processed",
            "sent": 1,
            "failed": 1,
            "total_orders": 2,
            "success": False,
            "results": [
                {"order_id": order, "success": True, "notifications_sent": SKIPPED},
                {"order_id": "K-999", "success": False, "error": "Order not found"},
            ],
            "failed_entries": [{"order_id": "K-999", **UNKNOWN}],
        }
    answer = (await shop.post("/orders/notify-bulk", {**body, "order_ids": [order]}, version)).ok()
    assert (answer["sent"], answer["failed"], answer["success"], answer["failed_entries"]) == (1, 0, True, [])


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_s40_notify_bulk_before_1_2(shop, version):
    """S-40: in 1.0 and 1.1 exactly `message`, `total_orders`, `results`; only what was found."""
    order = await shop.order(customer=BOTH)
    body = {"order_ids": ["K-999", order, order], "channels": ["email"]}
    assert (await shop.post("/orders/notify-bulk", body, version)).ok() == {
        "message": "Bulk notification request processed",
        "total_orders": 2,
        "results": [{"order_id": order, "notifications_sent": SKIPPED}],
    }


@pytest.mark.parametrize(
    ("order_ids", "fields"),
    [
        ([], ["order_ids"]),
        (None, ["order_ids"]),
        ("x", ["order_ids"]),
        (["x"] * 1001, ["order_ids"]),
        (["x", 5], ["order_ids[1]"]),
    ],
)
async def test_notify_bulk_ids_are_those_of_status_bulk(shop, order_ids, fields):
    body = {"order_ids": order_ids, "channels": ["email"]}
    (await shop.post("/orders/notify-bulk", body)).refused("invalid_request", fields=fields)


async def test_notify_bulk_by_shopify_digits(shop):
    order = await shop.order(shopify_kind="Order", shopify_id=5101)
    body = {"order_ids": [5101, "5101", 7, order], "channels": ["sms"], "use_shopify_order_id": True}
    answer = (await shop.post("/orders/notify-bulk", body)).ok()
    assert [(entry["order_id"], entry["success"]) for entry in answer["results"]] == [
        (order, True),
        ("7", False),
        (order, False),
    ]


async def test_notify_bulk_in_order_of_first_mention(shop):
    one, two = await shop.order(), await shop.order()
    body = {"order_ids": [two, "", ulid(one), NO_ID, two.upper(), one], "channels": ["sms"]}
    answer = (await shop.post("/orders/notify-bulk", body)).ok()
    assert [entry["order_id"] for entry in answer["results"]] == [two, "", one, NO_ID]
    assert (answer["sent"], answer["failed"], answer["total_orders"]) == (2, 2, 4)


# With channels --------------------------------------------------------------------------------------------


async def move(
    team: Team,
    keys,
    status: str,
    option: str | None = None,
    channels: Collection[Channel] = ALL,
    actor: Actor | None = None,
):
    known = await reads.load(team.world.pool, team.id)
    option_id = team.known[option] if option else None
    target = choose(known, team.known[status], option_id, sent_option=option is not None)
    return await statuses.change_statuses(
        team.world.pool,
        actor or system_actor(team.id),
        known,
        OrderKeys(keys),
        target,
        clock=team.world.clock,
        channels=frozenset(channels),
    )


async def notify(team: Team, keys, asked: Collection[Channel], channels: Collection[Channel] = ALL):
    return await notices.notify(
        team.world.pool,
        system_actor(team.id),
        await reads.load(team.world.pool, team.id),
        OrderKeys(keys),
        asked,
        clock=team.world.clock,
        channels=frozenset(channels),
    )


async def told(team: Team, order: str) -> list[tuple[str, str]]:
    return [(message["channel"], message["recipient"]) for message in await team.messages(order)]


async def test_a_change_tells_by_the_switches_of_its_status(shop):
    """The messages are stored with the change: same moment, its event, its status and sub-status."""
    order = await shop.order(customer=BOTH)
    outcome = (await move(shop, [order], "Mail only", "Coats/First"))[order]
    assert outcome.told == ("email",)
    (message,) = await shop.messages(order)
    event, row = (await shop.events(order))[-1], await shop.row(order)
    assert (message["channel"], message["recipient"]) == ("email", "jo@doe.example")
    assert (message["event_id"], message["state"]) == (event["id"], "PENDING")
    assert message["status_id"] == shop.known["Mail only"]
    assert message["sub_status_id"] == shop.known["Coats/First"]
    assert message["created_at"] == event["recorded_at"] == row["updated_at"]


@pytest.mark.parametrize(
    ("customer", "channels", "expected"),
    [
        (BOTH, ALL, [("email", "jo@doe.example"), ("sms", "+351 9"), ("whatsapp", "+351 9")]),
        (BOTH, ("email", "sms"), [("email", "jo@doe.example"), ("sms", "+351 9")]),
        (BOTH, (), []),
        (Customer(email="a@b.example"), ALL, [("email", "a@b.example")]),
        (Customer(phone="1"), ALL, [("sms", "1"), ("whatsapp", "1")]),
        (Customer("Jo", "Doe"), ALL, []),
        (Customer(email="  ", phone=""), ALL, []),
        (None, ALL, []),
    ],
)
async def test_who_can_be_reached(shop, customer, channels, expected):
    order = await shop.order(customer=customer)
    outcome = (await move(shop, [order], "Loud", channels=channels))[order]
    assert await told(shop, order) == expected
    assert outcome.told == tuple(channel for channel, _ in expected)
    asked = await shop.order(customer=customer)
    await shop.moved(asked, shop.known["A"])
    assert (await notify(shop, [asked], ALL, channels))[asked].channels == outcome.told
    assert await told(shop, asked) == expected


async def test_addons_tell_by_their_own_switches(shop):
    order = await shop.order(customer=BOTH)
    assert (await move(shop, [order], "Loud gift"))[order].told == ("sms",)
    (message,) = await shop.messages(order)
    assert message["status_id"] == shop.known["Loud gift"]


async def test_no_ops_tell_nobody_and_other_sub_statuses_do(shop):
    order = await shop.order(customer=BOTH)
    for option, messages in (("Coats/First", 1), ("Coats/First", 1), ("Coats/Second", 2)):
        await move(shop, [order], "Mail only", option)
        assert len(await shop.messages(order)) == messages
    assert (await shop.messages(order))[-1]["sub_status_id"] == shop.known["Coats/Second"]


async def test_silent_statuses_tell_nobody(shop):
    order = await shop.order(customer=BOTH)
    assert (await move(shop, [order], "A"))[order].told == ()
    assert await shop.messages(order) == []


async def test_bulk_changes_tell_each_customer(shop):
    orders = await shop.orders([shop.new_order(customer=Customer(email=f"{n}@x.example")) for n in range(3)])
    await move(shop, [orders[1]], "Loud", channels=())
    outcomes = await move(shop, [*orders, NO_ID], "Loud", channels=["email"])
    assert [outcomes[order].told for order in orders] == [("email",), (), ("email",)]
    assert [await told(shop, order) for order in orders] == [
        [("email", "0@x.example")],
        [],
        [("email", "2@x.example")],
    ]


async def test_notify_tells_whatever_the_switches_say(shop):
    """The current primary status's message, by the channels asked for; a message that no event caused."""
    order = await shop.order(customer=BOTH)
    await shop.moved(order, shop.known["Coated"], shop.known["Coats/Second"])
    await shop.moved(order, shop.known["Loud gift"])
    before = await shop.row(order)
    assert (await notify(shop, [order], ["sms"]))[order].channels == ("sms",)
    (message,) = await shop.messages(order)
    assert (message["channel"], message["event_id"], message["state"]) == ("sms", None, "PENDING")
    assert (message["status_id"], message["sub_status_id"]) == (
        shop.known["Coated"],
        shop.known["Coats/Second"],
    )
    assert await shop.row(order) == before
    assert len(await shop.events(order)) == 3
    await notify(shop, [order], ["sms"])
    assert len(await shop.messages(order)) == 2  # repeating the call sends again


async def test_notify_without_a_primary_status_tells_nobody(shop):
    order = await shop.order(customer=BOTH)
    await shop.moved(order, shop.known["Loud gift"])
    assert (await notify(shop, [order], ALL))[order].channels == ()
    assert await shop.messages(order) == []


async def test_notify_in_bulk(shop):
    orders = await shop.orders([shop.new_order(customer=BOTH) for _ in range(3)])
    await move(shop, orders[:2], "A")
    results = await notify(shop, [*orders, NO_ID], ["email", "whatsapp"], ["email"])
    assert [results[order].channels for order in orders] == [("email",), ("email",), ()]
    assert isinstance(results[NO_ID], statuses.Denied)
    assert [len(await shop.messages(order)) for order in orders] == [1, 1, 0]


async def test_s46_line_items_in_bulk_tell_nobody(shop):
    """S-46: the change of a single line item tells its customer; in bulk and by clearing nobody is told."""
    known = await reads.load(shop.world.pool, shop.id)
    actor, target = system_actor(shop.id), choose(known, shop.known["Loud"], sent_option=False)
    order = await shop.order(customer=BOTH, items=(item(), item()))
    lines = await shop.line_items(order)
    body = {"line_item_ids": lines, "status_id": shop.known["Loud"]}
    assert (await shop.post("/line-items/status-bulk", body)).ok()["data"].keys() == {
        "message",
        "updated",
        "failed",
        "results",
    }
    assert (await shop.post("/line-items/clear-status", body)).status == 200
    assert await shop.messages(order) == []
    outcomes = await line_items.change_line_items(
        shop.world.pool,
        actor,
        known,
        lines[:1],
        target,
        clock=shop.world.clock,
        channels=frozenset(("email", "sms")),
    )
    assert outcomes[lines[0]] == line_items.Done(("email", "sms"))
    assert await told(shop, order) == [("email", "jo@doe.example"), ("sms", "+351 9")]
    event = (await shop.events(order))[-1]
    assert {message["event_id"] for message in await shop.messages(order)} == {event["id"]}


async def test_a_refused_change_tells_nobody(world):
    team = await world.team(enforce_product_chain=True)
    await team.apply({"statuses": [{"name": "A"}, {"name": "B", "notifications": {"email": True}}]})
    refused, moved = await team.order(customer=BOTH), await team.order(customer=BOTH)
    await team.moved(moved, team.known["A"])
    outcomes = await move(team, [refused, moved], "B", actor=bound(system_actor(team.id)))
    assert (type(outcomes[refused]), outcomes[moved].told) == (statuses.Denied, ("email",))
    assert await team.messages(refused) == []
    assert len(await team.events(refused)) == 1


def bound(actor: Actor) -> Actor:
    """The actor without the permission to override chains."""
    return msgspec.structs.replace(actor, permissions=frozenset(ALL_BUT_OVERRIDE))


# Over HTTP, on a server that has e-mail and SMS -----------------------------------------------------------


@pytest.fixture(scope="module")
async def telling(pool) -> AsyncIterator[Team]:
    async with served(pool, channels=frozenset(("email", "sms"))) as world:
        team = await world.team()
        await team.apply(BASICS)
        yield team


def sent(**by_channel: int) -> dict:
    return {
        "total_sent": sum(by_channel.values()),
        "total_failed": 0,
        "by_channel": {channel: {"sent": count, "failed": 0} for channel, count in by_channel.items()},
    }


async def test_answers_tell_of_channels_with_a_try(telling):
    """22.8: a message under way counts as sent; skipped channels count nowhere."""
    order = await telling.order(customer=BOTH, items=(item(),))
    loud, line = telling.known["Loud"], (await telling.line_items(order))[0]
    assert (await telling.moved(order, loud))["notifications"] == sent(email=1, sms=1)
    assert (await telling.moved(order, loud))["notifications"] == NOTHING_SENT
    assert (await telling.moved(order, telling.known["Loud gift"]))["notifications"] == sent(sms=1)
    assert (await telling.moved(order, telling.known["A"]))["notifications"] == NOTHING_SENT
    answer = (await telling.post(f"/line-items/{line}/status", {"status_id": loud})).ok()
    assert answer["data"]["notifications"] == sent(email=1, sms=1)
    assert len(await telling.messages(order)) == 5


async def test_s46_with_channels(telling):
    """S-46: line item bulk and clear store no message though the status's switches are on."""
    order = await telling.order(customer=BOTH, items=(item(), item()))
    body = {"line_item_ids": await telling.line_items(order), "status_id": telling.known["Loud"]}
    assert (await telling.post("/line-items/status-bulk", body)).ok()["data"]["updated"] == 2
    assert (await telling.post("/line-items/clear-status", body)).ok()["data"]["cleared"] == 2
    assert await telling.messages(order) == []


@pytest.mark.parametrize("version", ["1.0", "1.4"])
async def test_bulk_answers_sum_over_all_orders(telling, version):
    customers = (BOTH, Customer(email="a@b.example"), None)
    orders = await telling.orders([telling.new_order(customer=customer) for customer in customers])
    body = {"order_ids": [*orders, NO_ID], "status_id": telling.known["Loud"]}
    answer = (await telling.post("/orders/status-bulk", body, version)).ok()
    assert answer["notifications"] == sent(email=2, sms=1)
    assert (await telling.post("/orders/status-bulk", body, version)).ok()["notifications"] == NOTHING_SENT


async def test_s38_s39_with_channels(telling):
    """S-38, S-39: channels that were tried are `sent`; those not asked for, not configured, or without an
    address are `skipped`, and all of them without a status."""
    order = await telling.order(customer=BOTH)
    silent = await telling.order(customer=Customer(email="a@b.example"))

    async def results(order: str, *channels: str) -> dict:
        answer = (await telling.post(f"/orders/{order}/notify", {"channels": list(channels)})).ok()
        return answer["notifications_sent"]

    assert await results(order, *ALL) == SKIPPED
    for one in (order, silent):
        await telling.moved(one, telling.known["A"])
    assert await results(order, *ALL) == {**SKIPPED, "email": "sent", "sms": "sent"}
    assert await results(order, "whatsapp", "sms") == {**SKIPPED, "sms": "sent"}
    assert await results(silent, *ALL) == {**SKIPPED, "email": "sent"}
    assert await told(telling, silent) == [("email", "a@b.example")]
    body = {"order_ids": [order, silent, "x"], "channels": ["sms"]}
    answer = (await telling.post("/orders/notify-bulk", body)).ok()
    assert (answer["sent"], answer["failed"], answer["total_orders"]) == (2, 1, 3)
    assert [entry.get("notifications_sent") for entry in answer["results"]] == [
        {**SKIPPED, "sms": "sent"},
        SKIPPED,
        None,
    ]
