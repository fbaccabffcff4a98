"""The OpenAPI document of the Milestones API: valid, committed, served, complete, and as the contract has it."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from milepost.model.actor import PERMISSIONS
from milepost.surfaces.milestones_api import openapi
from milepost.surfaces.milestones_api.endpoints import ENDPOINTS
from milepost.surfaces.milestones_api.openapi import answers, examples, requests, texts, words
from milepost.surfaces.milestones_api.refusals import MEMBERS, STATUSES
from tests.openapi.test_documents import holders, operations
from tests.openapi_check import FOLDER

DOCUMENT = openapi.document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = operations(DOCUMENT)
BY_OPERATION = {endpoint.operation: endpoint for endpoint in ENDPOINTS}

VIEW, UPDATE, STATUSES_VIEW = "canViewOrders", "canUpdateOrders", "canViewStatuses"
T = "/v1/teams/{team_id}"
O = f"{T}/purchase_orders/{{order_id}}"  # noqa: E741
MILESTONE, TASK = f"{O}/milestones/{{milestone_id}}", f"{O}/tasks/{{task_id}}"
TEMPLATE = f"{O}/workflow_milestones/{{workflow_milestone_id}}"
DEPRECATED = (
    "delay_delivery",
    "confirm_delivery",
    "delay_shipment",
    "confirm_shipment",
    "delay_production_start",
    "confirm_production_start",
    "reject_purchase_order",
)
TABLE = [
    ("GET", "/v1/teams", VIEW, 200),
    ("GET", f"{T}/purchase_orders", VIEW, 200),
    ("POST", f"{T}/purchase_orders", UPDATE, 201),
    ("GET", O, VIEW, 200),
    ("PATCH", O, UPDATE, 200),
    ("GET", f"{O}/order_items", VIEW, 200),
    ("GET", f"{O}/milestones", VIEW, 200),
    ("GET", MILESTONE, VIEW, 200),
    ("POST", f"{MILESTONE}/confirm", UPDATE, 200),
    ("POST", f"{MILESTONE}/reject", UPDATE, 200),
    ("POST", f"{TEMPLATE}/confirm", UPDATE, 200),
    ("POST", f"{TEMPLATE}/reject", UPDATE, 200),
    ("POST", f"{MILESTONE}/undo", UPDATE, 200),
    ("PATCH", f"{O}/edit_timeline", UPDATE, 200),
    *(("POST", f"{O}/{tail}", UPDATE, 200) for tail in DEPRECATED),
    ("GET", f"{T}/order_milestone_configs", VIEW, 200),
    ("POST", f"{O}/delay_ship_date", None, 410),
    ("POST", f"{O}/confirm_ship_date", None, 410),
    ("GET", f"{O}/tasks", VIEW, 200),
    ("POST", f"{O}/tasks", UPDATE, 201),
    ("GET", TASK, VIEW, 200),
    ("PATCH", TASK, UPDATE, 200),
    ("POST", f"{TASK}/complete", UPDATE, 200),
    ("POST", f"{TASK}/reopen", UPDATE, 200),
    ("GET", f"{T}/workflows", STATUSES_VIEW, 200),
    ("POST", f"{O}/issue", UPDATE, 200),
]
"""Section 7, written down a second time on purpose: method, path, permission, success."""
GONE = [path for _, path, _, status in TABLE if status == 410]

EXTRAS = {
    "validation_failed": "errors",
    "field_frozen": "errors",
    "order_not_active": "status",
    "out_of_sequence": "next_milestone_id",
    "blocked_by_tasks": "task_ids",
    "already_confirmed": "milestone_ids",
    "not_confirmed": None,
    "not_newest_confirmation": "newest_milestone_id",
    "date_in_future": "milestone_ids",
    "date_in_past": None,
    "date_unchanged": None,
    "dates_out_of_order": "milestone_ids",
    "conflicting_dates": "milestone_ids",
    "milestone_not_in_workflow": "errors milestone_type",
    "already_accepted": None,
    "status_chain": "status_id",
    "workflow_order": "status_id",
}
"""The second table of section 5: codes of 422 and their extra members."""
TEXTS = {
    "unauthorized": (401, "Unauthorized"),
    "forbidden": (403, "Insufficient permissions"),
    "method_not_allowed": (405, "Method not allowed"),
    "removed": (410, "Gone"),
    "rate_limited": (429, "Rate limit exceeded"),
    "internal_error": (500, "Internal server error"),
}
"""The exact texts of its first table."""
CONFIRMING = (
    "order_not_active already_confirmed out_of_sequence blocked_by_tasks date_in_future dates_out_of_order "
    "status_chain workflow_order milestone_not_in_workflow conflicting_dates"
)
REJECTING = (
    "order_not_active already_confirmed date_in_past date_unchanged milestone_not_in_workflow conflicting_dates "
    "date_in_future dates_out_of_order"
)
STATE_RULES = {
    "createPurchaseOrder": "",
    "updatePurchaseOrder": "order_not_active field_frozen already_confirmed dates_out_of_order",
    "issuePurchaseOrder": "order_not_active already_accepted",
    "confirmMilestone": CONFIRMING,
    "confirmWorkflowMilestone": CONFIRMING,
    "rejectMilestone": REJECTING,
    "rejectWorkflowMilestone": REJECTING,
    "undoMilestoneConfirmation": "order_not_active not_confirmed not_newest_confirmation",
    "editTimeline": "order_not_active milestone_not_in_workflow conflicting_dates already_confirmed date_in_future "
    "dates_out_of_order",
    "createTask": "order_not_active",
    "updateTask": "order_not_active",
    "completeTask": "order_not_active",
    "reopenTask": "order_not_active",
    **dict.fromkeys(("confirmDelivery", "confirmShipment", "confirmProductionStart"), CONFIRMING),
    **dict.fromkeys(("delayDelivery", "delayShipment", "delayProductionStart"), REJECTING),
    "rejectPurchaseOrder": REJECTING,
}
"""The state rules of section 7, by operation; all but two may answer `validation_failed` too."""
BODILESS = {"issuePurchaseOrder", "completeTask", "reopenTask"}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference names."""
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def body_of(response: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = resolved(response)["content"]["application/json"]["schema"]
    return schema


def codes_of(operation: dict[str, Any]) -> set[tuple[int, str]]:
    """The (status, code) pairs that an operation documents."""
    found = set()
    for status, response in operation["responses"].items():
        if status >= "400":
            schema = body_of(response)
            for each in schema.get("oneOf", schema.get("allOf", [schema])[:1]):
                found.add((int(status), resolved(each)["properties"]["code"]["const"]))
    return found


# The file


def test_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_committed_file_is_what_the_code_generates() -> None:
    assert (FOLDER / "milestones.json").read_text() == openapi.text(), "run: make openapi"


async def test_the_served_file_is_the_committed_one(world: Any) -> None:
    answer = await world.call("GET", "/openapi/milestones.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.raw.decode() == (FOLDER / "milestones.json").read_text()
    headers = {"If-None-Match": answer.headers["ETag"]}
    again = await world.call("GET", "/openapi/milestones.json", headers=headers)
    assert (again.status, again.raw) == (304, b"")


async def test_the_page_offers_it(world: Any) -> None:
    page = (await world.call("GET", "/docs")).raw.decode()
    assert '<option value="milestones">Milestones API</option>' in page
    assert '<a href="openapi/milestones.json">Milestones API</a>' in page


# Operations


def test_every_endpoint_is_there() -> None:
    found = [
        (method.upper(), path)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method != "parameters"
    ]
    assert sorted(found) == sorted((method, path) for method, path, _, _ in TABLE)
    assert {(each.method, f"/v1/{each.path}") for each in ENDPOINTS} == set(found) - {
        ("POST", path) for path in GONE
    }


@pytest.mark.parametrize(("method", "path", "permission", "success"), TABLE)
def test_permission_and_success(method: str, path: str, permission: str | None, success: int) -> None:
    operation = DOCUMENT["paths"][path][method.lower()]
    named = [name for name in PERMISSIONS if f"`{name}`" in operation["description"]]
    assert named == ([permission] if permission else [])
    wanted = set() if success == 410 else {str(success)}
    assert {status for status in operation["responses"] if status < "3"} == wanted
    if permission:
        narrowed = body_of(operation["responses"]["403"])["allOf"][1]["properties"]
        assert narrowed == {"permission": {"const": permission}}


def test_what_is_deprecated() -> None:
    """Sections 7.14 to 7.16."""
    paths = [path for path, methods in DOCUMENT["paths"].items() if any(map(is_deprecated, methods.values()))]
    live = [f"{T}/order_milestone_configs", *(f"{O}/{tail}" for tail in DEPRECATED)]
    assert sorted(paths) == sorted([*live, *GONE])
    for name, operation in OPERATIONS.items():
        endpoint = BY_OPERATION.get(name)
        is_live = endpoint is not None and is_deprecated(operation)
        assert (words.OPERATIONS[name].tag == "Deprecated") == bool(is_deprecated(operation))
        for status, response in operation["responses"].items():
            told = resolved(response)["headers"].keys() & {"Deprecation", "Link"}
            if is_live and status not in ("401", "429"):
                assert told == {"Deprecation", "Link"}, (name, status)
            else:
                assert "Deprecation" not in told, (name, status)


def is_deprecated(operation: Any) -> bool:
    return isinstance(operation, dict) and operation.get("deprecated", False)


@pytest.mark.parametrize("path", GONE)
def test_what_is_gone(path: str) -> None:
    """M-38."""
    operation = DOCUMENT["paths"][path]["post"]
    assert set(operation["responses"]) == {"401", "410", "429", "500"}
    assert body_of(operation["responses"]["410"])["$ref"].endswith("/Removed")
    assert set(SCHEMAS["Removed"]["properties"]) == {"error", "code", "successor"}
    assert "requestBody" not in operation


def test_words_and_samples_are_complete() -> None:
    known = set(BY_OPERATION)
    assert set(words.OPERATIONS) == known | {"delayShipDate", "confirmShipDate"} == set(OPERATIONS)
    assert {each.tag for each in words.OPERATIONS.values()} == set(words.TAGS)
    assert set(examples.BODIES) == {name for name, each in BY_OPERATION.items() if each.body is not None}
    assert set(answers.DOCUMENTS) == set(examples.ANSWERS) == known
    assert set(texts.REASONS) == {*STATUSES, *MEMBERS}
    told = {name for name, _ in words.INPUTS}
    assert told <= set(SCHEMAS), "words of nothing"
    for name, member in words.INPUTS:
        assert not member or member in SCHEMAS[name]["properties"] or (name, member) in OTHERS, (name, member)


OTHERS = {
    (name, "reason")
    for name in (
        "Confirmation",
        "ProductionStartConfirmation",
        "ShipmentConfirmation",
        "DeliveryConfirmation",
    )
}
"""Words that acts share, of members that only rejections have."""


def test_every_operation_tells_what_it_is() -> None:
    for name, operation in OPERATIONS.items():
        assert operation["summary"] and operation["description"], name
        for parameter in operation["parameters"]:
            assert resolved(parameter)["description"], (name, parameter)


def test_operations_have_different_names() -> None:
    assert len(OPERATIONS) == len(TABLE)


# Refusals (section 5)


def test_codes_and_their_members() -> None:
    for code, extras in EXTRAS.items():
        schema = SCHEMAS[camel(code)]
        members = {"error", "code", *(extras or "").split()}
        assert set(schema["properties"]) == members, code
        assert schema["additionalProperties"] is False
        if code != "milestone_not_in_workflow":
            assert set(schema["required"]) == members, code
    either = SCHEMAS["MilestoneNotInWorkflow"]["oneOf"]
    assert either == [{"required": ["errors"]}, {"required": ["milestone_type"]}]
    others = {"InvalidParameter": "parameter", "Forbidden": "permission", "InternalError": "request_id"}
    for name, extra in others.items():
        assert set(SCHEMAS[name]["required"]) == {"error", "code", extra}


def test_exact_texts() -> None:
    for code, (status, text) in TEXTS.items():
        assert SCHEMAS[camel(code)]["properties"]["error"]["const"] == text
        assert STATUSES[code] == status
    assert SCHEMAS["NotFound"]["properties"]["error"].get("const") is None


def camel(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


@pytest.mark.parametrize("name", BY_OPERATION)
def test_every_status_has_its_codes(name: str) -> None:
    endpoint, found = BY_OPERATION[name], codes_of(OPERATIONS[name])
    always = ("unauthorized", "forbidden", "body_too_large", "rate_limited", "internal_error")
    wanted = {(STATUSES[code], code) for code in always}
    wanted |= {(422, code) for code in STATE_RULES.get(name, "").split()}
    if endpoint.method != "GET":
        wanted.add((400, "invalid_json"))
        wanted |= set() if name in BODILESS else {(422, "validation_failed")}
    if name in QUERIES:
        wanted.add((400, "invalid_parameter"))
    if "{" in endpoint.path:
        wanted.add((404, "not_found"))
    assert found == wanted


@pytest.mark.parametrize("name", BY_OPERATION)
def test_what_may_not_be_found(name: str) -> None:
    parameters = {
        "team_id": "Team",
        "order_id": "Purchase order",
        "milestone_id": "Milestone",
        "workflow_milestone_id": "Workflow milestone",
        "task_id": "Task",
    }
    wanted = [
        f"{what} not found" for part, what in parameters.items() if f"{{{part}}}" in BY_OPERATION[name].path
    ]
    response = OPERATIONS[name]["responses"].get("404")
    told = body_of(response)["allOf"][1]["properties"]["error"]["enum"] if response else []
    assert told == wanted


# Requests


def test_bodies_are_wrapped_or_bare() -> None:
    """Section 3, and with all names resolved and all words left out, each body is what the kind that reads it says."""
    for name, endpoint in BY_OPERATION.items():
        if endpoint.body is None:
            assert "requestBody" not in OPERATIONS[name]
            continue
        content = OPERATIONS[name]["requestBody"]["content"]
        assert list(content) == ["application/json"]
        wrapped, plain = content["application/json"]["schema"]["anyOf"]
        wrapper = "task" if "/tasks" in endpoint.path else "purchase_order"
        assert wrapped["required"] == [wrapper] == list(wrapped["properties"])
        assert plain["not"] == {"required": [wrapper], "properties": {wrapper: {"type": "object"}}}
        plain = {member: value for member, value in plain.items() if member != "not"}
        assert bare(plain) == bare(wrapped["properties"][wrapper]) == bare(requests.body_schema(endpoint)), (
            name
        )


def bare(part: Any) -> Any:
    """A schema without names and words."""
    if isinstance(part, list):
        return [bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: {member: bare(each) for member, each in value.items()} if name == "properties" else bare(value)
        for name, value in resolved(part).items()
        if name != "description"
    }


def test_required_bodies() -> None:
    required = {name for name, each in OPERATIONS.items() if each.get("requestBody", {}).get("required")}
    rejecting = {name for name, rules in STATE_RULES.items() if rules == REJECTING}
    assert required == {"createPurchaseOrder", "createTask", "editTimeline", *rejecting}


WRITABLE = {
    *(
        "supplier",
        "order_items",
        "ships_on",
        "order_number",
        "tags",
        "currency",
        "delivered_on",
        "delivery_date",
    ),
    *("name", "incoterms", "payment_terms", "shipping_method", "note", "ships_to", "workflow_id"),
    *("seller_address_line1", "seller_address_line2", "seller_city", "seller_state", "seller_postal_code"),
    "seller_country",
}
MEMBERS_OF_BODIES = {
    "NewPurchaseOrder": WRITABLE | {"draft"},
    "PurchaseOrderEdit": WRITABLE,
    "NewOrderItem": {"part_id", "name", "quantity", "unit_price_micros", "unit_of_measure"},
    "Confirmation": {"date", "note", "order_milestone_key_dates", "workflow_order_milestone_key_dates"},
    "Undo": {"reason"},
    "NewTask": {"title", "assignee", "due_date", "required", "milestone_id"},
    "TaskEdit": {"title", "assignee", "due_date", "required", "milestone_id"},
}
MEMBERS_OF_BODIES |= {
    "Rejection": MEMBERS_OF_BODIES["Confirmation"] | {"reason"},
    "DeliveryConfirmation": MEMBERS_OF_BODIES["Confirmation"] | {"delivery_date"},
    "DeliveryDelay": MEMBERS_OF_BODIES["Confirmation"] | {"reason", "delivery_date"},
    "ShipmentConfirmation": MEMBERS_OF_BODIES["Confirmation"] | {"ship_date"},
    "ShipmentDelay": MEMBERS_OF_BODIES["Confirmation"] | {"reason", "ship_date"},
    "ProductionStartConfirmation": MEMBERS_OF_BODIES["Confirmation"] | {"production_start_date"},
    "ProductionStartDelay": MEMBERS_OF_BODIES["Confirmation"] | {"reason", "production_start_date"},
    "TimelineEdit": {
        *("production_start_date", "ship_date", "ships_on", "delivery_date", "delivered_on"),
        *("order_milestone_key_dates", "workflow_order_milestone_key_dates", "reason", "note"),
    },
}
REQUIRED_OF_BODIES = {
    "NewPurchaseOrder": {"supplier", "order_items", "ships_on"},
    "NewOrderItem": {"quantity"},
    "NewTask": {"title"},
    **{name: {"reason"} for name in ("Rejection", "DeliveryDelay", "ShipmentDelay", "ProductionStartDelay")},
}


@pytest.mark.parametrize("name", MEMBERS_OF_BODIES)
def test_members_of_bodies(name: str) -> None:
    """Sections 7.3, 7.5, 7.9, 7.10, 7.12 to 7.14 and 7.17."""
    assert set(SCHEMAS[name]["properties"]) == MEMBERS_OF_BODIES[name]
    assert set(SCHEMAS[name].get("required", ())) == REQUIRED_OF_BODIES.get(name, set())


PAGED = ["page", "per_page"]
QUERIES = {
    "listPurchaseOrders": [
        *PAGED,
        "filter[created_from]",
        "filter[created_to]",
        "filter[updated_from]",
        "filter[updated_to]",
        "filter[status]",
        "filter[order_number]",
    ],
    "listTasks": [*PAGED, "filter[status]", "filter[milestone_id]"],
    **dict.fromkeys(("listTeams", "listOrderItems", "listMilestones", "listWorkflows"), PAGED),
}
"""Sections 4, 7.2 and 7.17."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_query_parameters(name: str) -> None:
    found = [each for each in OPERATIONS[name]["parameters"] if each.get("in") == "query"]
    assert [each["name"] for each in found] == QUERIES.get(name, [])
    if found:
        bounds = {"type": "integer", "minimum": 1, "maximum": 2147483647}
        assert [each["schema"] for each in found[:2]] == [
            {**bounds, "default": 1},
            {**bounds, "default": 25},
        ]


def test_keys() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert [next(iter(each)) for each in DOCUMENT["security"]] == ["bearer", "token", "apiKey"]
    assert (schemes["token"]["in"], schemes["token"]["name"]) == ("header", "Authorization")
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["apiKey"]["in"], schemes["apiKey"]["name"]) == ("header", "X-API-Key")


# Answers

LIMITS = {
    f"X-RateLimit-{fact}-{window}" for fact in ("Limit", "Remaining", "Reset") for window in ("Minute", "Day")
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_answer_headers(name: str) -> None:
    endpoint = BY_OPERATION.get(name)
    special = {401: {"WWW-Authenticate"}, 429: {"Retry-After"}}
    if name in QUERIES:
        special[200] = {"X-Page", "X-Per-Page", "X-Total", "X-Total-Pages", "Link"}
    if name == "createPurchaseOrder":
        special[201] = {"Location"}
    for status, response in OPERATIONS[name]["responses"].items():
        wanted = {"X-Request-Id"} | (set() if status in ("401", "500") else LIMITS)
        if endpoint is not None and endpoint.deprecated and status not in ("401", "429"):
            wanted |= {"Deprecation", "Link"}
        assert set(resolved(response)["headers"]) == wanted | special.get(int(status), set()), status


SIZES = {
    "Team": 5,
    "ListedPurchaseOrder": 30,
    "PurchaseOrder": 31,
    "ShipsTo": 10,
    "OrderItem": 8,
    "Workflow": 7,
    "WorkflowMilestone": 11,
    "Milestone": 24,
    "Delay": 8,
    "Task": 12,
    "Actor": 3,
    "OrderMilestoneConfig": 5,
}
"""Section 6."""


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_sizes(name: str, size: int) -> None:
    assert len(SCHEMAS[name]["properties"]) == len(SCHEMAS[name]["required"]) == size


NEVER_NULL = {
    "PurchaseOrder": "id created_at updated_at status order_number team tags late overdue milestones",
    "OrderItem": "id quantity created_at updated_at",
    "Milestone": "id type status name position owner workflow_milestone_id current late overdue blocking_task_ids "
    "delays created_at updated_at",
    "WorkflowMilestone": "id name position type owner prompt_offset_days task_templates created_at updated_at",
    "Delay": "id new_date source recorded_by recorded_at",
    "Task": "id title required status late created_at updated_at",
    "Team": "id name time_zone created_at updated_at",
    "Workflow": "id name position default milestones created_at updated_at",
}
"""What the tables of section 6 say of null."""


@pytest.mark.parametrize("name", NEVER_NULL)
def test_what_may_be_null(name: str) -> None:
    never = {
        member
        for member, schema in SCHEMAS[name]["properties"].items()
        if "null" not in schema.get("type", ()) and {"type": "null"} not in schema.get("anyOf", ())
    }
    assert never == set(NEVER_NULL[name].split())


def test_answers_are_closed() -> None:
    sent = set(MEMBERS_OF_BODIES)
    for name in SCHEMAS.keys() - sent:
        assert SCHEMAS[name]["additionalProperties"] is False, name
        left_out = SCHEMAS[name]["properties"].keys() - set(SCHEMAS[name]["required"])
        assert left_out == set() or name == "MilestoneNotInWorkflow", name


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
    """Every component is used, but for the answers of what is no operation."""
    told = json.dumps(DOCUMENT)
    unused = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "parameters", "headers")
        for name in DOCUMENT["components"][kind]
        if f'"#/components/{kind}/{name}"' not in told
    }
    assert unused == {"responses/NotFound", "responses/MethodNotAllowed"}
