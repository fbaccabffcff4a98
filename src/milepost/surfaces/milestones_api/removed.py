"""The two removed actions (section 7.16): 410 for any method, any ids, any valid key."""

from collections.abc import Mapping, Sequence

from milepost.http.request import Request
from milepost.surfaces.milestones_api.call import ROOT
from milepost.surfaces.milestones_api.refusals import Refusal

PATHS: Mapping[str, str] = {
    "delayShipDate": "teams/{team_id}/purchase_orders/{order_id}/delay_ship_date",
    "confirmShipDate": "teams/{team_id}/purchase_orders/{order_id}/confirm_ship_date",
}
"""By the name of the operation that they were."""

_TAILS = frozenset(path.rpartition("/")[2] for path in PATHS.values())


def judge(segments: Sequence[str], request: Request) -> None:
    """Raises Refusal 410 when the path below `/v1`, of which these are the segments, is one of theirs. The successor
    repeats the ids as they were sent."""
    match segments:
        case ["teams", _, "purchase_orders", _, tail] if tail in _TAILS:
            sent = request.sent_segments()[-len(segments) :]
            raise Refusal("removed", successor=f"{ROOT}teams/{sent[1]}/purchase_orders/{sent[3]}/tasks")
