"""The OpenAPI documents: valid, committed, served, and of the version matrix."""

import importlib.util
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from milepost.model.actor import PERMISSIONS
from milepost.surfaces.status_api import openapi
from milepost.surfaces.status_api.endpoints import endpoints
from milepost.surfaces.status_api.openapi import answers, examples, words
from milepost.surfaces.status_api.refusals import TEXTS
from milepost.surfaces.status_api.versions import RELEASES
from tests.openapi_check import FOLDER, VERSIONS

ENDPOINTS = endpoints(1000)
every_version = pytest.mark.parametrize("version", VERSIONS)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by id."""
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    }


def schema(version: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = openapi.document(version)["components"]["schemas"].get(name, {})
    return found


def members(version: str, name: str) -> set[str]:
    """The members of a document, of all its kinds when there are several."""
    found = schema(version, name)
    return {member for each in found.get("oneOf", [found]) for member in each.get("properties", {})}


def test_all_versions():
    assert openapi.VERSIONS == VERSIONS


@every_version
def test_valid(version):
    assert list(OpenAPIV31SpecValidator(openapi.document(version)).iter_errors()) == []


@every_version
def test_the_committed_file_is_what_the_code_generates(version):
    committed = (FOLDER / f"status-{version}.json").read_text()
    assert committed == openapi.text(version), "run: make openapi"


def test_no_other_file_is_committed():
    assert {path.name for path in FOLDER.glob("status-*")} == {f"status-{each}.json" for each in VERSIONS}


@every_version
async def test_the_served_file_is_the_committed_one(world, version):
    path = f"/openapi/status-{version}.json"
    answer = await world.call("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.raw.decode() == (FOLDER / f"status-{version}.json").read_text()
    again = await world.call("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")


@pytest.mark.parametrize("name", ["status-1.6", "status-1.0.json", "..%2Fstatus-1.0", "orders-1.0"])
async def test_other_files_are_not_found(world, name):
    answer = await world.call("GET", f"/openapi/{name}.json")
    assert (answer.status, answer.code) == (404, "not_found")


def test_the_largest_bulk_is_the_server_s():
    body = operations(openapi.document("1.4", 17))["changeOrderStatuses"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["properties"]["order_ids"]["maxItems"] == 17


def test_the_changelog_page_is_what_the_code_generates():
    root = FOLDER.parent
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    committed = (root / "docs" / "reference" / "status-api-changelog.md").read_text()
    assert committed == generate.pages()["status-api-changelog.md"], "run: make docs"


# What is told


def test_words_and_samples_are_complete():
    known = {each.operation for each in ENDPOINTS}
    assert set(words.OPERATIONS) == known == set(examples._answers())
    assert set(examples.BODIES) == {each.operation for each in ENDPOINTS if each.body is not None}
    assert set(words.REASONS) == set(TEXTS)
    assert {each.tag for each in words.OPERATIONS.values()} == set(words.TAGS)


@every_version
def test_every_operation_tells_what_it_is(version):
    for name, operation in operations(openapi.document(version)).items():
        assert operation["summary"], name
        assert operation["description"], name
        assert any(f"`{permission}`" in operation["description"] for permission in PERMISSIONS), name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter)


@every_version
def test_every_status_has_its_codes(version):
    """Each operation documents all codes that it can answer, each under its status."""
    document = openapi.document(version)
    known = operations(document)
    for endpoint in ENDPOINTS:
        if endpoint.operation in known:
            found = {
                (int(status), code)
                for status, response in known[endpoint.operation]["responses"].items()
                for code in codes(document, response)
            }
            wanted = {*answers.ALWAYS, *endpoint.refusals}
            if endpoint.body is not None or (endpoint.query and known[endpoint.operation].get("parameters")):
                wanted.add("invalid_request")
            assert found == {(TEXTS[code][0], code) for code in wanted}, endpoint.operation


def codes(document: dict[str, Any], response: dict[str, Any]) -> list[str]:
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    told = response["content"]["application/json"]["schema"]
    if "allOf" not in told:
        return []
    found: list[str] = told["allOf"][1]["properties"]["details"]["properties"]["code"]["enum"]
    return found


@every_version
def test_samples_are_of_their_schemas(version):
    document = openapi.document(version)
    registry: Any = Registry().with_resource("document:", DRAFT202012.create_resource(document))
    count = 0
    for holder in holders(document):
        samples = [each["value"] for each in holder.get("examples", {}).values()]
        for sample in [*samples, *([holder["example"]] if "example" in holder else [])]:
            count += 1
            told = json.loads(json.dumps(holder["schema"]).replace('"#/', '"document:#/'))
            validator = Draft202012Validator(told, registry=registry, format_checker=FormatChecker())
            assert list(validator.iter_errors(sample)) == [], sample
    assert count > 40


def holders(part: Any) -> list[dict[str, Any]]:
    """Everything that has a schema and samples of it."""
    if isinstance(part, list):
        return [found for each in part for found in holders(each)]
    if not isinstance(part, dict):
        return []
    own = [part] if "schema" in part and ("examples" in part or "example" in part) else []
    return own + [found for each in part.values() for found in holders(each)]


@every_version
def test_nothing_is_left_over(version):
    """Every component is used, but for the answers of what is no operation."""
    document = openapi.document(version)
    told = json.dumps(document)
    unused = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses", "parameters", "headers")
        for name in document["components"][kind]
        if f'"#/components/{kind}/{name}"' not in told
    }
    elsewhere = {"responses/NotFound", "responses/MethodNotAllowed"}
    newer = any(RELEASES[version].introduced_later(each.operation) for each in ENDPOINTS)
    assert unused == elsewhere | ({"responses/RequiresVersion"} if newer else set())


@every_version
def test_answers_are_closed(version):
    """No version gains a field: each object names all its members, and each name is a member."""
    for name, found in openapi.document(version)["components"]["schemas"].items():
        for each in found.get("oneOf", [found]):
            assert each["additionalProperties"] is False, name
            assert set(each["required"]) <= set(each["properties"]), name


# The version matrix (contract section 21)

ALL, FROM_1_1, FROM_1_2, FROM_1_3, FROM_1_4 = (VERSIONS[first:] for first in range(5))

FIELDS = {
    ("Status", "is_independent"): ALL,
    ("Status", "is_addon"): FROM_1_1,
    ("Status", "workflow_id"): FROM_1_3,
    ("Status", "workflow_name"): FROM_1_3,
    ("StatusSummary", "total"): ALL,
    ("StatusSummary", "workflows_enabled"): FROM_1_3,
    ("MaxDuration", "seconds"): ALL,
    ("MaxDuration", "skip_holidays"): FROM_1_2,
    ("Order", "custom_status"): ALL,
    ("Order", "cancelled_at"): ALL,
    ("Order", "addon_statuses"): FROM_1_1,
    ("Order", "workflow_id"): FROM_1_3,
    ("Order", "workflow_name"): FROM_1_3,
    ("Order", "deadline"): FROM_1_4,
    ("Order", "metafield"): FROM_1_4,
    ("Order", "status"): (),
    ("LineItem", "quantity"): ALL,
    ("LineItem", "status"): FROM_1_4,
    ("LineItem", "sub_status"): FROM_1_4,
    ("LineItem", "deadline"): FROM_1_4,
    ("BulkStatusChange", "message"): ALL,
    ("BulkStatusChange", "results"): ALL,
    ("BulkStatusChange", "updated_count"): ALL,
    ("BulkStatusChange", "notifications"): ALL,
    ("BulkStatusChange", "updated"): FROM_1_2,
    ("BulkStatusChange", "failed"): FROM_1_2,
    ("BulkStatusChange", "success"): FROM_1_2,
    ("BulkStatusChange", "failed_entries"): FROM_1_2,
    ("BulkStatusEntry", "status_name"): ALL,
    ("BulkStatusEntry", "success"): FROM_1_2,
    ("BulkStatusEntry", "error"): FROM_1_2,
    ("BulkNotification", "message"): ALL,
    ("BulkNotification", "results"): ALL,
    ("BulkNotification", "total_orders"): ALL,
    ("BulkNotification", "sent"): FROM_1_2,
    ("BulkNotification", "failed"): FROM_1_2,
    ("BulkNotification", "success"): FROM_1_2,
    ("BulkNotification", "failed_entries"): FROM_1_2,
    ("BulkNotificationEntry", "notifications_sent"): ALL,
    ("BulkNotificationEntry", "success"): FROM_1_2,
    ("BulkNotificationEntry", "error"): FROM_1_2,
}
PATHS = {
    ("get", "/orders"): ALL,
    ("get", "/orders/{order_id}"): ALL,
    ("post", "/orders/{order_id}/status"): ALL,
    ("post", "/orders/status-bulk"): ALL,
    ("post", "/orders/{order_id}/notify"): ALL,
    ("post", "/orders/notify-bulk"): ALL,
    ("get", "/statuses"): ALL,
    ("get", "/statuses/{status_id}"): ALL,
    ("get", "/workflows"): FROM_1_3,
    ("post", "/line-items/{lineItemId}/status"): FROM_1_4,
    ("post", "/line-items/status-bulk"): FROM_1_4,
    ("post", "/line-items/clear-status"): FROM_1_4,
    ("get", "/settings"): FROM_1_4,
}
PARAMETERS = {
    ("listOrders", "page"): ALL,
    ("listOrders", "limit"): ALL,
    ("listOrders", "status"): ALL,
    ("listOrders", "order_ids"): ALL,
    ("listOrders", "use_shopify_order_id"): ALL,
    ("listOrders", "search"): ALL,
    ("listOrders", "sort_by"): ALL,
    ("listOrders", "sort_order"): ALL,
    ("listOrders", "order_type"): FROM_1_2,
    ("listOrders", "workflow_id"): FROM_1_3,
    ("listOrders", "include"): FROM_1_4,
    ("getOrder", "use_shopify_order_id"): ALL,
    ("getOrder", "include"): FROM_1_4,
}


@pytest.mark.parametrize(("document", "field"), FIELDS)
def test_fields_by_version(document, field):
    has = tuple(version for version in VERSIONS if field in members(version, document))
    assert has == FIELDS[document, field]


@every_version
def test_paths_by_version(version):
    found = {
        (method, path)
        for path, methods in openapi.document(version)["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert found == {each for each, versions in PATHS.items() if version in versions}


@every_version
def test_query_parameters_by_version(version):
    found = {
        (name, parameter["name"])
        for name, operation in operations(openapi.document(version)).items()
        for parameter in operation.get("parameters", [])
    }
    assert found == {each for each, versions in PARAMETERS.items() if version in versions}


@every_version
def test_the_version_is_asked_for_and_answered(version):
    components = openapi.document(version)["components"]
    assert components["parameters"]["X-API-Version"]["schema"]["enum"] == [version]
    assert components["parameters"]["X-API-Version"]["required"] is True
    assert components["headers"]["X-API-Version"]["schema"]["const"] == version
