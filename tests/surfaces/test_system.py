"""Pages of the server itself."""

import re

import pytest


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/docs", 200),
        ("/", 307),
        ("/nowhere", 404),
        ("/v1/nothing", 404),
    ],
)
async def test_every_answer_carries_the_requests_id(world, path, status):
    own = await world.call("GET", path, headers={"X-Request-Id": "walk-1.a_b"})
    assert (own.status, own.headers["X-Request-Id"]) == (status, "walk-1.a_b")
    made = await world.call("GET", path, headers={"X-Request-Id": "no good!"})
    assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Request-Id"])


async def test_paths_that_nobody_owns_are_refused_in_json(world):
    assert (await world.call("GET", "/nowhere")).json == {
        "error": "Not found",
        "details": {"code": "not_found"},
    }
    posted = await world.call("POST", "/healthz")
    assert (posted.status, posted.code) == (405, "method_not_allowed")
    assert set(posted.headers["Allow"].replace(" ", "").split(",")) == {"GET", "HEAD"}
