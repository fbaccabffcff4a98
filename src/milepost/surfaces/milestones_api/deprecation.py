"""What answers of a deprecated endpoint carry: since when it is, and what to call instead (sections 7.14 and 7.15)."""

from collections.abc import Iterable, Sequence

from milepost.http.answer import Headers
from milepost.surfaces.milestones_api.call import ROOT, Endpoint

SINCE = b"@1701129600"
"""2023-11-28, in Unix seconds (RFC 9745)."""
_MILESTONE = "/{milestone_id}"


def headers(endpoint: Endpoint, sent: Sequence[str], resolved: Sequence[str] | None) -> Headers:
    """The two headers. `sent`: the ids of the endpoint's own path as they were sent; `resolved`: all ids of the
    successor's path, None when they are not known: then the link ends before the milestone's."""
    if endpoint.successor is None:
        return []
    if resolved is None:
        link = address(endpoint.successor.partition(_MILESTONE)[0], sent)
    else:
        link = address(endpoint.successor, resolved)
    return [(b"deprecation", SINCE), (b"link", f'<{link}>; rel="successor-version"'.encode("ascii"))]


def address(path: str, values: Iterable[str]) -> str:
    """The path that an endpoint's path is with these values of its parameters."""
    each = iter(values)
    return ROOT + "/".join(next(each) if part.startswith("{") else part for part in path.split("/"))
