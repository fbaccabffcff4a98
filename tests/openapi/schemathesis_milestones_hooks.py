"""What schemathesis is told besides its settings (tests/openapi/test_schemathesis_milestones.py)."""

import json
import os
from pathlib import Path

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

_SEEN = Path(os.environ["MILEPOST_TEST_SCHEMATHESIS_SEEN"])
_TOLD = json.loads(os.environ["MILEPOST_TEST_SCHEMATHESIS_MEANT"])
_MEANT = _TOLD["ids"]
"""Ids of the team by the sample ids of the document."""
_DAYS = _TOLD["days"]
_PATHS = _TOLD["paths"]
"""By operation, what samples mean in its path: things that nothing else is tried on."""


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sample ids become ids of the team, so that requests get past "not found", and sample days lie around today. What
    is confirmed happened until today."""
    name = case.operation.definition.raw["operationId"]
    own = _PATHS.get(name, {})
    path = case.path_parameters or {}
    case.path_parameters = _meant(
        {name: own.get(name, value) if value in _MEANT else value for name, value in path.items()}
    )
    case.body = _dated(_meant(case.body), _TOLD["today"] if name.startswith("confirm") else "9999-12-31")
    case.query = _meant(case.query)


def _meant(value):
    if isinstance(value, dict):
        return {_MEANT.get(name, name): _meant(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_meant(each) for each in value]
    return _MEANT.get(value, value) if isinstance(value, str) else value


def _dated(value, latest):
    if isinstance(value, dict):
        return {name: _dated(each, latest) for name, each in value.items()}
    if isinstance(value, list):
        return [_dated(each, latest) for each in value]
    return min(_DAYS[value], latest) if isinstance(value, str) and value in _DAYS else value


@schemathesis.check
def well_formed_requests_are_read(ctx, response, case):
    """A request that its schema allows is never refused for its shape. It may be refused for what it means: a schema
    cannot know which milestones an order has, nor how its dates follow each other."""
    with _SEEN.open("a") as seen:
        seen.write(f"{case.operation.definition.raw['operationId']} {response.status_code}\n")
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    refusal = response.json()
    assert response.status_code != 400, f"refused although its schema allows it: {refusal}"
    if response.status_code == 422 and refusal["code"] == "validation_failed":
        errors = {where: texts for where, texts in refusal["errors"].items() if not _is_beyond_schemas(where)}
        assert not errors, f"refused although its schema allows it: {errors}"


_BEYOND = (
    "quantity",  # six decimals at most
    "order_number",  # another order has it
    "workflow_id",
    "ships_on",  # before the delivery date
    "delivery_date",  # not another one than `delivered_on`
    "id",  # a line of the order, each at most once
    "required",  # needs a milestone
    "milestone_id",
    "due_date",  # not after the milestone's key date
    "date",  # a dated milestone needs one
)
"""Members of which a schema cannot say all."""


def _is_beyond_schemas(where):
    return where.rpartition(".")[2] in _BEYOND


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False for what the contract wants otherwise.

    Section 7.16: the removed actions are 410 by any method and take any body.

    Sections 7.12, 7.17, 7.19: what needs no body takes none at all, which schemathesis counts as a wrong one.

    Section 7.10: refusing an order, dates do not count at all.
    """
    name = case.operation.definition.raw["operationId"]
    if name in ("delayShipDate", "confirmShipDate"):
        return not isinstance(
            failure, UnsupportedMethodResponse | RejectedPositiveData | AcceptedNegativeData
        )
    if isinstance(failure, AcceptedNegativeData):
        body = case.operation.definition.raw.get("requestBody")
        if body is None or (not body["required"] and response.request.body is None):
            return False
        return not (response.status_code == 200 and _refuses(response.json()))
    return True


def _refuses(answer):
    """Whether it shows an acceptance milestone that was just refused."""
    return answer.get("milestone", {}).get("type") == "acceptance"
