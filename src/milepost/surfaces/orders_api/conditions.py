"""ETag, If-Match and If-None-Match (section 20)."""

import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from milepost.surfaces.orders_api.call import Call, Reply
from milepost.surfaces.orders_api.refusals import refuse

ANY = "*"
"""As a listed tag: every existing thing. A tag of ours is never spelled so."""

_TAG = re.compile(r'(?:^|,)\s*(W/)?"([^"]*)"\s*(?=,|\Z)')


def etag(version: int) -> tuple[bytes, bytes]:
    """The header that an order, its items and its releases share; `version` is the order's."""
    return b"etag", b'"%d"' % version


def matches(call: Call) -> Callable[[int], bool] | None:
    """What If-Match asks of the order's version; None: nothing. Where the header is required and was not sent,
    what is returned raises Refusal (428) when it is asked, which is once the order is known to exist."""
    wanted = call.if_match
    if wanted is None:
        return _demand if call.must_match else None
    return lambda version: ANY in wanted or str(version) in wanted


def not_modified(call: Call, version: int) -> Reply | None:
    """304 when a tag of If-None-Match is the current one."""
    known = call.if_none_match
    if known is None or (ANY not in known and str(version) not in known):
        return None
    return Reply(status=304, headers=[etag(version)])


def read_tags(values: Sequence[str], *, weak: bool) -> frozenset[str] | None:
    """The tags that the header's values list, without quotes; None when there is no such header. `weak`: weak
    tags count as well. What is no list of tags names none."""
    if not values:
        return None
    text = ",".join(values)
    if text.strip() == ANY:
        return frozenset((ANY,))
    found = [tag for prefix, tag in _TAG.findall(text) if weak or not prefix]
    return frozenset(found) - {ANY}


def _demand(_: int) -> NoReturn:
    raise refuse("precondition_required", "This server requires If-Match here", place="header", at="if-match")
