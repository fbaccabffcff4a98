"""What the events of an order tell, put together again: it must be the order as it is stored (O-45, D7, D8)."""

from decimal import Decimal
from typing import Any

import msgspec

from milepost.kit.ids import ulid
from milepost.model.document import order_document, same_json
from milepost.model.order import StoredOrder

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def replay(order: StoredOrder, events: list[dict[str, Any]]) -> None:
    """Asserts that the events of the order, rows in sequence, tell how it came to be what is stored."""
    document = dict(events[0]["new_data"])
    assert events[0]["type"] == "order.created"
    for event in events[1:]:
        old_data, new_data = event["old_data"], event["new_data"]
        if event["type"] == "order.updated":
            assert old_data.keys() == new_data.keys() != set()
            assert all(same_json(document[key], old_data[key]) for key in old_data)
            assert not any(same_json(old_data[key], new_data[key]) for key in old_data)
            document |= new_data
        elif event["type"].startswith("order.item.") and event["type"] != "order.item.status.changed":
            document["items"] = _replay_item(document["items"], event)
    told = _plain(document)
    read = _plain(_decode(_encode(order_document(order))))
    assert told.keys() == read.keys()
    differing = [key for key in told if not same_json(told[key], read[key])]
    assert differing == [], {key: (told[key], read[key]) for key in differing}


def _replay_item(items: list[Any], event: dict[str, Any]) -> list[Any]:
    item_id, old_data, new_data = ulid(event["subject_id"]), event["old_data"], event["new_data"]
    if event["type"] == "order.item.created":
        return [*items, new_data]
    (item,) = [one for one in items if one["id"] == item_id]
    if event["type"] == "order.item.deleted":
        assert all(same_json(item[key], old_data[key]) for key in item if key != "available_amount")
        return [one for one in items if one is not item]
    assert old_data.keys() == new_data.keys() != set()
    after = {**item, **new_data}
    if item["shipping_requirements"] and new_data.get("shipping_requirements"):
        assert old_data["shipping_requirements"].keys() == new_data["shipping_requirements"].keys()
        after["shipping_requirements"] = item["shipping_requirements"] | new_data["shipping_requirements"]
    return [after if one is item else one for one in items]


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Apart from what follows from the rest; items of one change are told by id."""
    items = [{k: v for k, v in item.items() if k != "available_amount"} for item in document["items"]]
    return {**document, "updated_at": None, "items": sorted(items, key=lambda item: str(item["id"]))}
