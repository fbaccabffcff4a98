"""The OpenAPI document of the Orders API: valid, committed, served, complete, and as the contract has it."""

import json
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from milepost.model import shapes as stored
from milepost.model.actor import PERMISSIONS
from milepost.model.events import EventType
from milepost.surfaces.orders_api import openapi
from milepost.surfaces.orders_api.endpoints import ENDPOINTS
from milepost.surfaces.orders_api.openapi import answers, examples, queries, requests, texts, words
from milepost.surfaces.orders_api.refusals import STATUSES
from tests.openapi.test_documents import holders, operations
from tests.openapi_check import FOLDER

DOCUMENT = openapi.document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = operations(DOCUMENT)
BY_OPERATION = {endpoint.operation: endpoint for endpoint in ENDPOINTS}

VIEW, UPDATE, MANAGE = "canViewOrders", "canUpdateOrders", "canManageWebhooks"
ORDER, ITEM = "/orders/{order_id}", "/orders/{order_id}/items/{order_item_id}"
RELEASE, WEBHOOK = "/orders/{order_id}/releases/{release_id}", "/webhooks/{webhook_id}"
TABLE = [
    ("POST", "/orders", UPDATE, 201),
    ("GET", "/orders", VIEW, 200),
    ("GET", ORDER, VIEW, 200),
    ("PUT", ORDER, UPDATE, 200),
    ("PATCH", ORDER, UPDATE, 200),
    ("DELETE", ORDER, None, 405),
    ("POST", f"{ORDER}/cancel", UPDATE, 200),
    ("POST", f"{ORDER}/items", UPDATE, 201),
    ("GET", f"{ORDER}/items", VIEW, 200),
    ("GET", ITEM, VIEW, 200),
    ("PATCH", ITEM, UPDATE, 200),
    ("PUT", ITEM, UPDATE, 200),
    ("DELETE", ITEM, UPDATE, 204),
    ("POST", f"{ORDER}/releases", UPDATE, 201),
    ("GET", f"{ORDER}/releases", VIEW, 200),
    ("GET", RELEASE, VIEW, 200),
    ("PATCH", RELEASE, UPDATE, 200),
    ("GET", f"{RELEASE}/documents/{{document_id}}", VIEW, 200),
    ("POST", "/tags", UPDATE, 201),
    ("GET", "/tags", VIEW, 200),
    ("GET", "/events", VIEW, 200),
    ("GET", "/events/{event_id}", VIEW, 200),
    ("GET", "/events/event-names-by-version", VIEW, 200),
    ("POST", "/webhooks", MANAGE, 201),
    ("GET", "/webhooks", MANAGE, 200),
    ("GET", WEBHOOK, MANAGE, 200),
    ("PUT", WEBHOOK, MANAGE, 200),
    ("PATCH", WEBHOOK, MANAGE, 200),
    ("DELETE", WEBHOOK, MANAGE, 204),
    ("POST", f"{WEBHOOK}/test", MANAGE, 200),
    ("POST", f"{WEBHOOK}/rotate-secret", MANAGE, 200),
    ("POST", f"{WEBHOOK}/redeliver", MANAGE, 202),
    ("GET", f"{WEBHOOK}/deliveries", MANAGE, 200),
    ("GET", f"{WEBHOOK}/deliveries/{{delivery_id}}", MANAGE, 200),
    ("POST", f"{WEBHOOK}/deliveries/{{delivery_id}}/redeliver", MANAGE, 202),
]
"""The table of section 1, written down a second time on purpose: method, path, permission, success."""

BAD_REQUESTS = [
    "invalid_json",
    "required",
    "wrong_type",
    "too_long",
    "too_short",
    "too_many",
    "out_of_range",
    "invalid_value",
    "invalid_date",
    "invalid_datetime",
    "invalid_email",
    "invalid_characters",
    "invalid_id",
    "invalid_custom_data",
    "conflicting_parameters",
    "unknown_cursor",
    "not_unique",
    "duplicate",
    "not_found",
    "immutable",
    "end_before_start",
    "order_canceled",
    "not_cancellable",
    "order_draft",
    "supplier_required",
    "not_releasable",
    "exceeds_available",
    "below_released",
    "unit_mismatch",
    "unit_locked",
    "item_released",
    "illegal_transit_move",
    "already_unassigned",
    "url_not_allowed",
    "unknown_event",
    "payload_expired",
    "webhook_disabled",
    "invalid_idempotency_key",
]
"""The codes of 400 of section 6, in its sequence."""
CODES = {(400, code) for code in BAD_REQUESTS} | {
    (401, "unauthorized"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (409, "idempotency_in_progress"),
    (412, "precondition_failed"),
    (413, "too_large"),
    (415, "unsupported_media_type"),
    (422, "idempotency_key_reused"),
    (428, "precondition_required"),
    (429, "rate_limited"),
    (500, "internal_error"),
    (503, "unavailable"),
}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference names."""
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def codes_of(operation: dict[str, Any]) -> set[tuple[int, str]]:
    """The (status, code) pairs that an operation documents."""
    found = set()
    for status, response in operation["responses"].items():
        schema = resolved(response).get("content", {}).get("application/json", {}).get("schema", {})
        if "allOf" in schema:
            told = schema["allOf"][1]["properties"]["errors"]["items"]["properties"]["code"]["enum"]
            found |= {(int(status), code) for code in told}
    return found


# The file


def test_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_committed_file_is_what_the_code_generates() -> None:
    assert (FOLDER / "orders.json").read_text() == openapi.text(), "run: make openapi"


def test_no_other_file_is_committed() -> None:
    assert {path.name for path in FOLDER.iterdir() if not path.name.startswith("status-")} == {
        "milestones.json",
        "orders.json",
    }


async def test_the_served_file_is_the_committed_one(world: Any) -> None:
    answer = await world.call("GET", "/openapi/orders.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.raw.decode() == (FOLDER / "orders.json").read_text()
    headers = {"If-None-Match": answer.headers["ETag"]}
    again = await world.call("GET", "/openapi/orders.json", headers=headers)
    assert (again.status, again.raw) == (304, b"")


async def test_the_page_offers_it(world: Any) -> None:
    page = (await world.call("GET", "/docs")).raw.decode()
    assert '<option value="orders">Orders API</option>' in page
    assert '<a href="openapi/orders.json">Orders API</a>' in page


# Operations


def test_every_endpoint_is_there() -> None:
    found = [
        (method.upper(), path)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method != "parameters"
    ]
    assert sorted(found) == sorted((method, path) for method, path, _, _ in TABLE)
    assert {(each.method, f"/{each.path}") for each in ENDPOINTS} == set(found) - {("DELETE", ORDER)}


@pytest.mark.parametrize(("method", "path", "permission", "success"), TABLE)
def test_permission_and_success(method: str, path: str, permission: str | None, success: int) -> None:
    operation = DOCUMENT["paths"][path][method.lower()]
    named = [name for name in PERMISSIONS if f"`{name}`" in operation["description"]]
    assert named == ([permission] if permission else [])
    wanted = set() if success == 405 else {str(success)}
    assert {status for status in operation["responses"] if status < "3"} == wanted


def test_words_and_samples_are_complete() -> None:
    known = set(BY_OPERATION)
    assert set(words.OPERATIONS) == known | {"deleteOrder"} == set(OPERATIONS)
    assert {each.tag for each in words.OPERATIONS.values()} == set(words.TAGS)
    reading = {name for name, endpoint in BY_OPERATION.items() if endpoint.body != "none"}
    assert set(requests.BODIES) == set(examples.BODIES) == reading
    silent = {"deleteOrderItem", "deleteWebhook", "getReleaseDocument"}
    assert set(answers.DOCUMENTS) == set(examples.ANSWERS) == known - silent
    lists = {name for name, document in answers.DOCUMENTS.items() if document.endswith("List")}
    assert set(queries.READERS) == lists
    assert set(texts.REASONS) == {code for _, code in CODES}


def test_every_operation_tells_what_it_is() -> None:
    for name, operation in OPERATIONS.items():
        assert operation["summary"] and operation["description"], name
        for parameter in operation["parameters"]:
            assert resolved(parameter)["description"], (name, parameter)


def test_operations_have_different_names() -> None:
    sent = [each["post"]["operationId"] for each in DOCUMENT["webhooks"].values()]
    assert len({*OPERATIONS, *sent}) == len(TABLE) + len(sent)


# Refusals (section 6)


def test_all_codes_are_documented() -> None:
    assert {found for operation in OPERATIONS.values() for found in codes_of(operation)} == CODES
    assert {code: status for status, code in CODES if status != 400} == STATUSES


@pytest.mark.parametrize("name", BY_OPERATION)
def test_every_status_has_its_codes(name: str) -> None:
    """What every endpoint can answer, and what its declaration names besides."""
    endpoint, found = BY_OPERATION[name], codes_of(OPERATIONS[name])
    always = ("unauthorized", "forbidden", "too_large", "rate_limited", "internal_error", "unavailable")
    wanted = {(STATUSES[code], code) for code in always}
    wanted |= {(STATUSES.get(code, 400), code) for code in endpoint.refusals if code != "not_found"}
    if "{" in endpoint.path:
        wanted.add((404, "not_found"))
    if "not_found" in endpoint.refusals:
        wanted.add((400, "not_found"))
    if endpoint.method in ("POST", "PUT", "PATCH"):
        wanted |= {(409, "idempotency_in_progress"), (422, "idempotency_key_reused")}
        wanted.add((400, "invalid_idempotency_key"))
    if endpoint.body != "none":
        wanted |= {(415, "unsupported_media_type"), (400, "invalid_json"), (400, "wrong_type")}
    assert wanted <= found
    assert {each for each in found if each[0] != 400} == {each for each in wanted if each[0] != 400}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("getOrder", ""),
        ("redeliver", "invalid_idempotency_key webhook_disabled payload_expired"),
        ("deleteOrderItem", "order_canceled item_released"),
        (
            "listTags",
            "wrong_type out_of_range invalid_id conflicting_parameters unknown_cursor",
        ),
        (
            "createTag",
            "invalid_json required wrong_type too_long too_short out_of_range invalid_value invalid_characters "
            "not_unique invalid_idempotency_key",
        ),
    ],
)
def test_codes_of_400(name: str, codes: str) -> None:
    found = {code for status, code in codes_of(OPERATIONS[name]) if status == 400}
    assert found == set(codes.split())


# Requests


def test_named_parts_say_what_the_kinds_say() -> None:
    """With all names resolved and all words left out, each body is the schema of the kind that reads it."""
    for name, schema in requests.BODIES.items():
        for media, content in OPERATIONS[name]["requestBody"]["content"].items():
            told = content["schema"]
            if media == "multipart/form-data":
                assert told["required"] == ["data"]
                assert (
                    set(told["properties"])
                    == {"data", "documents_metadata", "documents"}
                    == set(content["encoding"])
                )
                told = told["properties"]["data"]
            assert bare(told) == bare(schema), name


def bare(part: Any) -> Any:
    """A schema without names and words; one that may be null is spelled in one way."""
    if isinstance(part, list):
        return [bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    found = {
        name: {member: bare(each) for member, each in value.items()} if name == "properties" else bare(value)
        for name, value in resolved(part).items()
        if name != "description"
    }
    match found.get("anyOf"):
        case [{"type": str(kind)} as only, {"type": "null"}] if "enum" not in only:
            return {**only, "type": [kind, "null"]}
    return found


def test_media_types() -> None:
    media = {
        name: list(each["requestBody"]["content"])
        for name, each in OPERATIONS.items()
        if "requestBody" in each
    }
    json_, merge, form = "application/json", "application/merge-patch+json", "multipart/form-data"
    patches = {name for name, endpoint in BY_OPERATION.items() if endpoint.method == "PATCH"}
    assert {name for name, types in media.items() if types == [json_, merge]} == patches
    assert {name for name, types in media.items() if types == [json_, form]} == {"createRelease"}
    assert all(types == [json_] for name, types in media.items() if name not in {*patches, "createRelease"})
    optional = {name for name in media if not OPERATIONS[name]["requestBody"]["required"]}
    assert optional == {"cancelOrder", "testWebhook", "rotateWebhookSecret"}


COMPARED = ["", ".gt", ".gte", ".lt", ".lte"]
SEVERAL = ["", ".in"]
PAGED = ["limit", "ending_before", "starting_after"]
QUERIES = {
    "listOrders": [
        *PAGED,
        "page",
        "order_by",
        *(
            f"{name}{form}"
            for name in ("id", "order_number", "created_from_order_id", "supplier_id")
            for form in SEVERAL
        ),
        *(f"{name}{form}" for name in ("status", "order_type", "tag") for form in SEVERAL),
        "archived",
        *(f"{name}{form}" for name in ("created_at", "updated_at") for form in COMPARED),
        *(f"{name}{form}" for name in ("start_date", "expiration_date") for form in COMPARED),
    ],
    "listEvents": [
        *PAGED,
        *(f"event_name{form}" for form in SEVERAL),
        *(f"{name}{form}" for name in ("occurred_at", "sequence") for form in COMPARED),
        "delivery_success",
        "order_id",
    ],
    "listDeliveries": [
        *PAGED,
        *(f"{name}{form}" for name in ("status", "event_name") for form in SEVERAL),
        "order_id",
        "event_id",
        *(f"created_at{form}" for form in COMPARED),
    ],
    **dict.fromkeys(("listOrderItems", "listReleases", "listTags", "listWebhooks"), PAGED),
}
"""Sections 5, 13.1 and 16.6."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_query_parameters(name: str) -> None:
    found = [each for each in OPERATIONS[name]["parameters"] if each.get("in") == "query"]
    assert sorted(each["name"] for each in found) == sorted(QUERIES.get(name, []))
    if found:
        limit = next(each["schema"] for each in found if each["name"] == "limit")
        most = 50 if name == "listEvents" else 100
        assert limit == {"type": "integer", "minimum": 1, "maximum": most, "default": 20}
    for each in found:
        is_list = each["name"].endswith(".in")
        assert (each["schema"].get("maxItems"), each.get("explode")) == (
            (20, False) if is_list else (None, None)
        )


def test_sorting() -> None:
    (order_by,) = (each for each in OPERATIONS["listOrders"]["parameters"] if each.get("name") == "order_by")
    keys = ["id", "order_number", "name", "created_at", "updated_at", "start_date", "expiration_date"]
    assert sorted(order_by["schema"]["enum"]) == sorted([*keys, *(f"-{key}" for key in keys)])


@pytest.mark.parametrize("name", OPERATIONS)
def test_request_headers(name: str) -> None:
    method = next(
        method
        for method, path, _, _ in TABLE
        if DOCUMENT["paths"][path].get(method.lower()) is OPERATIONS[name]
    )
    path = next(path for path, each in DOCUMENT["paths"].items() if OPERATIONS[name] in each.values())
    wanted = {"X-Request-Id"}
    if method in ("POST", "PUT", "PATCH"):
        wanted.add("Idempotency-Key")
    if path.startswith(ORDER) and method != "GET" and name != "deleteOrder":
        wanted.add("If-Match")
    if name in ("getOrder", "getOrderItem", "getRelease"):
        wanted.add("If-None-Match")
    headers = [resolved(each) for each in OPERATIONS[name]["parameters"] if "$ref" in each]
    assert {each["name"] for each in headers} == wanted
    assert not any(each.get("required") for each in headers)


def test_keys() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert [next(iter(each)) for each in DOCUMENT["security"]] == ["token", "bearer", "apiKey"]
    assert (schemes["token"]["in"], schemes["token"]["name"]) == ("header", "Authorization")
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["apiKey"]["in"], schemes["apiKey"]["name"]) == ("header", "X-API-Key")


# Answers


LIMITS = {
    f"X-RateLimit-{fact}-{window}" for fact in ("Limit", "Remaining", "Reset") for window in ("Minute", "Day")
}


@pytest.mark.parametrize("name", BY_OPERATION)
def test_answer_headers(name: str) -> None:
    endpoint = BY_OPERATION[name]
    responses = {int(status): resolved(each) for status, each in OPERATIONS[name]["responses"].items()}
    special = {
        304: {"ETag"},
        401: {"WWW-Authenticate"},
        409: {"Retry-After"},
        429: {"Retry-After"},
        503: {"Retry-After"},
    }
    document = answers.DOCUMENTS.get(name)
    if document in ("Order", "OrderItem", "Release") or name == "deleteOrderItem":
        special.setdefault(endpoint.success, set()).add("ETag")
    if endpoint.success == 201 and name != "createTag":
        special.setdefault(201, set()).add("Location")
    if endpoint.method in ("POST", "PUT", "PATCH"):
        special.setdefault(endpoint.success, set()).add("Idempotency-Replayed")
    if name == "getReleaseDocument":
        special[200] = {"Content-Disposition", "X-Content-Type-Options"}
    for status, response in responses.items():
        limits = set() if status in (401, 500, 503) else LIMITS
        assert set(response["headers"]) == {"X-Request-Id"} | limits | special.get(status, set()), status
    assert (304 in responses) == (name in ("getOrder", "getOrderItem", "getRelease"))


SIZES = {
    "Order": 26,
    "OrderItem": 7,
    "Stop": 16,
    "Address": 10,
    "ItemShippingRequirements": 23,
    "TransportationRelease": 13,
    "PurchaseOrderRelease": 8,
    "Tag": 3,
    "Webhook": 15,
    "CreatedWebhook": 16,
    "Delivery": 14,
    "DeliveryWithRequest": 16,
    "Attempt": 6,
    "Refusal": 3,
}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_sizes(name: str, size: int) -> None:
    assert len(SCHEMAS[name]["properties"]) == len(SCHEMAS[name]["required"]) == size


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Address", stored.ADDRESS),
        ("OrderShippingRequirements", stored.ORDER_REQUIREMENTS),
        ("Supplier", stored.SUPPLIER),
        ("ItemShippingRequirements", stored.ITEM_REQUIREMENTS),
    ],
)
def test_nested_documents_are_those_that_are_completed(name: str, shape: Any) -> None:
    schema = SCHEMAS[name]
    assert list(schema["properties"]) == list(shape)
    for member, default in shape.items():
        told = schema["properties"][member]
        if isinstance(default, stored.Part):
            inner = told["anyOf"][0]["$ref"].rpartition("/")[2]
            test_nested_documents_are_those_that_are_completed(inner, default.shape)
        elif default is None:
            is_required = name in ("Geolocation", "Amount", "Dimensions")
            assert ("null" in told["type"]) != is_required, member
        else:
            assert told["type"] == {list: "array", bool: "boolean"}[type(default)], member


def test_answers_are_closed() -> None:
    """Each object of an answer names all its members, and only `old_data` and `new_data` leave some out."""
    sent = {
        name for name in SCHEMAS if name.endswith(("Input", "Patch", "Replacement")) or name.startswith("New")
    }
    sent.add("ReleaseChange")
    partly = {name for name in SCHEMAS if name.endswith("Change")} - sent
    delivered = {name for name in SCHEMAS if name.startswith("Delivered")}
    for name in SCHEMAS.keys() - sent - {"Event", "Release"}:
        schema = SCHEMAS[name]
        assert schema["additionalProperties"] is False, name
        left_out = schema["properties"].keys() - set(schema.get("required", ()))
        assert left_out == set() or name in partly or (name in delivered and left_out == {"new_object"}), name


def test_samples_are_of_their_schemas() -> None:
    registry: Any = Registry().with_resource("document:", DRAFT202012.create_resource(DOCUMENT))
    count = 0
    for holder in holders(DOCUMENT):
        samples = [each["value"] for each in holder.get("examples", {}).values()]
        for sample in [*samples, *([holder["example"]] if "example" in holder else [])]:
            count += 1
            told = json.loads(json.dumps(holder["schema"]).replace('"#/', '"document:#/'))
            validator = Draft202012Validator(told, registry=registry, format_checker=FormatChecker())
            assert list(validator.iter_errors(sample)) == [], sample
    assert count > 120


def test_nothing_is_left_over() -> None:
    """Every component is used."""
    told = json.dumps(DOCUMENT)
    unused = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "parameters", "headers")
        for name in DOCUMENT["components"][kind]
        if f'"#/components/{kind}/{name}"' not in told
    }
    assert unused == set()


# Events and webhooks

DETAILS = {
    "order.created": 28,
    "order.updated": 6,
    "order.item.updated": 7,
    "order.item.deleted": 11,
    "order.item.created": 11,
    "order.status.changed": 6,
    "order.item.status.changed": 7,
    "order.milestone.confirmed": 11,
    "order.milestone.rejected": 11,
    "order.timeline.updated": 6,
    "order.task.created": 14,
    "order.task.completed": 14,
    "order.overdue": 7,
    "webhook.disabled": 8,
}
"""How many keys `details` has (section 14)."""


def test_one_webhook_an_event() -> None:
    assert list(DOCUMENT["webhooks"]) == list(get_args(EventType))
    assert set(DOCUMENT["webhooks"]) == set(DETAILS)
    assert set(SCHEMAS["Event"]["discriminator"]["mapping"]) == set(DETAILS)


def body_of(event: str) -> dict[str, Any]:
    content = DOCUMENT["webhooks"][event]["post"]["requestBody"]["content"]
    assert list(content) == ["application/json"]
    return resolved(content["application/json"]["schema"])


@pytest.mark.parametrize("event", DETAILS)
def test_what_is_sent(event: str) -> None:
    """O-40, O-49, O-50: 8 keys; `details` as in the feed, but for `new_object` of events of changes."""
    body = body_of(event)
    keys = {
        "id",
        "event_name",
        "event_version",
        "occurred_at",
        "sequence",
        "source",
        "details",
        "custom_data",
    }
    assert set(body["properties"]) == set(body["required"]) == keys
    assert body["properties"]["event_name"]["const"] == event
    details, told = (resolved(_first(each["properties"]["details"])) for each in (body, feed_of(event)))
    assert len(told["required"]) == len(told["properties"]) == DETAILS[event]
    more = {"new_object"} if event.endswith(".updated") else set()
    assert set(details["properties"]) == set(told["properties"]) | more
    assert details["required"] == told["required"]


def feed_of(event: str) -> dict[str, Any]:
    element = resolved({"$ref": SCHEMAS["Event"]["discriminator"]["mapping"][event]})
    assert len(element["properties"]) == len(element["required"]) == 9
    return element


def _first(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("anyOf", [schema])[0]
    return found


def test_strict_payloads() -> None:
    """O-39: 23 keys of `order.created` under `strict_event_payloads`."""
    whole, strict = body_of("order.created")["properties"]["details"]["anyOf"]
    left_out = set(resolved(whole)["required"]) - set(resolved(strict)["required"])
    assert left_out == {"self_link", "tags", "shipping_requirements", "created_at", "updated_at"}


def test_two_forms() -> None:
    """Section 4: `Z` and days in answers, `+00:00` and moments in events; `new_object` is in the form of answers."""
    answer, event = SCHEMAS["Order"]["properties"], SCHEMAS["OrderCreatedDetails"]["properties"]
    assert answer["start_date"]["format"] == "date"
    assert event["start_date"]["format"] == "date-time"
    assert answer["created_at"]["pattern"].endswith("Z$")
    assert event["created_at"]["pattern"].endswith("00:00$")
    assert event["ship_to"]["$ref"].endswith("/StopInEvents")
    assert event["items"]["items"]["$ref"].endswith("/OrderItem")
    delivered = SCHEMAS["DeliveredOrderUpdatedDetails"]["properties"]
    assert delivered["new_object"]["$ref"].endswith("/Order")
    changed = SCHEMAS["OrderChange"]["properties"]
    assert changed["cancelled_at"]["pattern"].endswith("00:00$")
    assert changed["issued_at"]["format"] == "date"
    assert '"x-form"' not in json.dumps(DOCUMENT)


@pytest.mark.parametrize("event", DETAILS)
def test_how_it_is_sent(event: str) -> None:
    """Section 17.2, and what 17.3 says of answers."""
    sent = DOCUMENT["webhooks"][event]["post"]
    headers = {resolved(each)["name"]: resolved(each)["required"] for each in sent["parameters"]}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "milepost-attempt", "user-agent")
    assert headers == dict.fromkeys(names, True)
    assert sent["security"] == [{}, {"receiver": []}]
    assert DOCUMENT["components"]["securitySchemes"]["receiver"]["scheme"] == "basic"
    told = {status: set(resolved(each).get("headers", ())) for status, each in sent["responses"].items()}
    give_up, wait = {"webhook-delivery"}, {"Retry-After", "webhook-delivery"}
    assert told == {"2XX": set(), "3XX": give_up, "410": set(), "429": wait, "503": wait, "default": wait}
