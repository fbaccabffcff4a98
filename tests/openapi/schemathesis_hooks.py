"""What schemathesis is told besides its settings (tests/openapi/test_schemathesis.py)."""

import json
import os
from pathlib import Path

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import AllowHeaderMismatch, MissingHeaderNotRejected

_SEMANTIC = ("unknown_status", "sub_status_required", "unknown_sub_status", "addon_not_supported")
_SEEN = Path(os.environ["MILEPOST_TEST_SCHEMATHESIS_SEEN"])
_MEANT = json.loads(os.environ["MILEPOST_TEST_SCHEMATHESIS_MEANT"])
"""Ids of the team by the sample ids of the documents."""


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sample ids become ids of the team, so that requests get past "not found"."""
    case.path_parameters = _meant(case.path_parameters)
    case.body = _meant(case.body)


def _meant(value):
    if isinstance(value, dict):
        return {name: _meant(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_meant(each) for each in value]
    return _MEANT.get(value, value) if isinstance(value, str) else value


@schemathesis.check
def well_formed_requests_are_read(ctx, response, case):
    """A request that its schema allows is never `invalid_request` or `invalid_json`. It may be refused for
    what it means: a schema cannot know which statuses a team has."""
    with _SEEN.open("a") as seen:
        seen.write(f"{case.operation.definition.raw['operationId']} {response.status_code}\n")
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    refusal = response.json()
    assert refusal["details"]["code"] in _SEMANTIC, f"refused although its schema allows it: {refusal}"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False for what the contract wants otherwise.

    Section 3: without `X-API-Version` the version pinned on the key answers. The documents require the
    header, because only with it they are sure to hold.

    Section 1: a query value is read without the blanks around it, and one of blanks only counts as not sent.
    Section 8: the words of the list's enumerations may be in any letter case, and so may `true` and `false`.

    Section 1: literal paths win over `{id}` paths of the same method only, so GET on `/orders/status-bulk`
    reads an order, and `Allow` says so.
    """
    if isinstance(failure, AcceptedNegativeData | MissingHeaderNotRejected):
        return "X-API-Version" in (case.headers or {}) and not any(map(_read_otherwise, _texts(case.query)))
    return not (isinstance(failure, AllowHeaderMismatch) and case.operation.path in _LITERAL)


_LITERAL = ("/orders/status-bulk", "/orders/notify-bulk")


_SPELLED = ("true", "false", "asc", "desc", "created_at", "name", "REGULAR", "DRAFT", "ALL")
_WORDS = {word.lower() for word in _SPELLED}


def _read_otherwise(text):
    return text != text.strip() or not text or (text.lower() in _WORDS and text not in _SPELLED)


def _texts(value):
    """All texts in a query."""
    if isinstance(value, dict | list):
        return [
            text for each in (value.values() if isinstance(value, dict) else value) for text in _texts(each)
        ]
    return [value] if isinstance(value, str) else []
