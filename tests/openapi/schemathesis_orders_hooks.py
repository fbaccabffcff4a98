"""What schemathesis is told besides its settings (tests/openapi/test_schemathesis_orders.py)."""

import json
import os
from pathlib import Path
from uuid import uuid4

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import AllowHeaderMismatch, RejectedPositiveData

_SEEN = Path(os.environ["MILEPOST_TEST_SCHEMATHESIS_SEEN"])
_TOLD = json.loads(os.environ["MILEPOST_TEST_SCHEMATHESIS_MEANT"])
_MEANT = _TOLD["ids"]
"""Ids of the team by the sample ids of the document."""
_PATHS = _TOLD["paths"]
"""By operation, what samples mean in its path: things that nothing else is tried on."""


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sample ids become ids of the team, so that requests get past "not found"."""
    own = _PATHS.get(case.operation.definition.raw["operationId"], {})
    path = case.path_parameters or {}
    case.path_parameters = {
        name: own.get(name, value) if value in _MEANT else value for name, value in path.items()
    }
    case.path_parameters = _meant(case.path_parameters)
    case.body = _meant(case.body)
    case.query = _meant(case.query)
    _renew(case.headers)


def _meant(value):
    if isinstance(value, dict):
        return {name: _meant(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_meant(each) for each in value]
    return _MEANT.get(value, value) if isinstance(value, str) else value


def _renew(headers):
    """A sample key would be used by all samples, and a sample tag is that of an order just made."""
    if headers and headers.get("Idempotency-Key") == _TOLD["key"]:
        headers["Idempotency-Key"] = uuid4().hex
    if headers and headers.get("If-Match") == _TOLD["tag"]:
        headers["If-Match"] = "*"


@schemathesis.check
def well_formed_requests_are_read(ctx, response, case):
    """A request that its schema allows is never refused for its shape. It may be refused for what it means: a schema
    cannot know which items an order has, nor which parameters exclude each other."""
    with _SEEN.open("a") as seen:
        seen.write(f"{case.operation.definition.raw['operationId']} {response.status_code}\n")
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    errors = [error for error in response.json()["errors"] if not _is_beyond_schemas(case.method, error)]
    assert not errors, f"refused although its schema allows it: {errors}"


_SHAPES = {
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
}
_DECIMALS = ("value", "length", "width", "height")
_BOUNDED = ("quantity", "total_pieces", "overlap_seconds", "page", "value", "unassigned_at")


def _is_beyond_schemas(method, error):
    """Whether the schema cannot say so.

    A string may hold an object (`custom_data`) or not. A decimal that is sent as a number counts by its digits, of
    which a schema knows nothing. A whole number may be sent as digits, which a schema cannot bound. `page` times
    `limit` has a bound, a release to an order takes more than 0, and `unassigned_at` is not in the future. Whether a
    merge patch leaves out what is required depends on what it meets.
    """
    field = (error["field"] or "").rpartition(".")[2]
    match error["code"]:
        case "out_of_range":
            return field in _BOUNDED
        case "invalid_value":
            return field in _DECIMALS
        case "required":
            return method.upper() == "PATCH"
    return error["code"] not in _SHAPES


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False for what the contract wants otherwise.

    Section 9.6: DELETE of an order is described, because it always has the same refusal, and `Allow` leaves it out.

    Sections 9.7, 16.4, 16.5: what needs no body takes none at all, which schemathesis counts as a wrong one.
    """
    if isinstance(failure, AllowHeaderMismatch):
        return case.operation.path != "/orders/{order_id}"
    if isinstance(failure, RejectedPositiveData):
        return case.operation.definition.raw["operationId"] != "deleteOrder"
    if isinstance(failure, AcceptedNegativeData):
        body = case.operation.definition.raw.get("requestBody")
        return body is None or body["required"] or response.request.body is not None
    return True
