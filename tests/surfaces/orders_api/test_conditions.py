"""How lists of tags are read in If-Match and If-None-Match (contract, section 20; RFC 9110)."""

import pytest

from milepost.surfaces.orders_api.conditions import read_tags
from tests.surfaces.orders_api.shell import LIMITS
from tests.surfaces.orders_api.talk import create, etag, patch


@pytest.mark.parametrize(
    ("values", "strong", "weak"),
    [
        ([], None, None),
        (['"1"'], {"1"}, {"1"}),
        (['"1", "2"', ' "3"'], {"1", "2", "3"}, {"1", "2", "3"}),
        (['W/"1","2"'], {"2"}, {"1", "2"}),
        (['"a,b"'], {"a,b"}, {"a,b"}),
        (["*"], {"*"}, {"*"}),
        ([" * "], {"*"}, {"*"}),
        (['"*"'], set(), set()),
        (["1"], set(), set()),
        ([""], set(), set()),
        (['"1'], set(), set()),
        (['"1""2"'], set(), set()),
        (['w/"1"'], set(), set()),
        (["*", '"1"'], {"1"}, {"1"}),
    ],
)
def test_lists_of_tags(values, strong, weak):
    assert read_tags(values, weak=False) == strong
    assert read_tags(values, weak=True) == weak


async def test_a_304_has_the_tag_and_no_body(team):
    """O-65: also for HEAD, for a weak tag and for any; with the limits, as every answer."""
    order = await create(team, "1", items=[{"description": "x", "amount": {"unit": "KG", "value": "1"}}])
    tag = await etag(team, order["id"])
    path = f"/orders/{order['id']}"
    for where in (path, f"{path}/", f"/purchase-orders/{order['id']}/items/{order['items'][0]['id']}"):
        for method in ("GET", "HEAD"):
            for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
                reply = await team.orders_api(method, where, headers={"If-None-Match": known})
                assert (reply.status, reply.raw, reply.headers["ETag"]) == (304, b"", tag)
                assert "Content-Type" not in reply.headers
                assert all(name in reply.headers for name in LIMITS)
    for known in ("", '"0"', tag.strip('"')):
        assert (await team.orders_api("GET", path, headers={"If-None-Match": known})).json == order


async def test_a_weak_tag_never_matches_for_a_write(team):
    order = await create(team, "1")
    tag = await etag(team, order["id"])
    async with team.unchanged():
        for known in (f"W/{tag}", "", tag.strip('"'), '"*"'):
            reply = await patch(team, order["id"], {"name": "x"}, headers={"If-Match": known})
            assert reply.status == 412, known
