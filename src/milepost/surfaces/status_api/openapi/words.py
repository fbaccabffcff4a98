"""The sentences and sample values of the OpenAPI documents."""

from typing import Any

from msgspec import Struct

from milepost.http.releases import View
from milepost.surfaces.status_api.versions import RELEASES, v1_2


class Words(Struct, frozen=True):
    """What an operation does, for people."""

    tag: str
    about: str
    since: tuple[tuple[str, str], ...] = ()
    """By behaviour, what else holds in the versions that have it."""
    before: tuple[tuple[str, str], ...] = ()
    """By behaviour, what else holds in the versions that do not."""

    def as_of(self, view: View) -> str:
        """The text of one version."""
        since = [text for behaviour, text in self.since if view.has(behaviour)]
        before = [text for behaviour, text in self.before if not view.has(behaviour)]
        return " ".join([self.about, *since, *before])


TAGS = {
    "Orders": "Read orders and move them through their statuses.",
    "Notifications": "Tell customers of the status of their orders.",
    "Statuses": "The statuses that the team has defined.",
    "Workflows": "Statuses in the sequence in which work is done.",
    "Line items": "Move single lines of orders through statuses of their own.",
    "Settings": "How the team works.",
}

_BULK = (
    "Each order is judged by itself: one that is unknown, or that the rules hold back, does not stop the "
    "others. An order that is named twice, in whatever spelling, counts once."
)
_FAILURES_TOLD = (
    v1_2.DRAFTS,
    "Failures are told in `results` and `failed_entries`; the answer is 200 all the same.",
)
_FAILURES_LEFT_OUT = (
    v1_2.DRAFTS,
    "Orders that failed are left out of the answer, which is 200 all the same.",
)

OPERATIONS = {
    "listOrders": Words(
        "Orders",
        "One page of the orders that match all filters, the newest first. A page past the end is empty and "
        "still tells the totals. Archived and cancelled orders are listed like any other.",
        before=((v1_2.DRAFTS, "Only regular orders are listed; drafts never are."),),
    ),
    "getOrder": Words(
        "Orders",
        "One order, by its id, or by the digits of its Shopify id with `use_shopify_order_id=true`.",
        before=((v1_2.DRAFTS, "The digits of a Shopify draft order find nothing."),),
    ),
    "changeOrderStatus": Words(
        "Orders",
        "The order enters the status, its history gains an entry, and the customer is told by the channels "
        "that the status has switched on. When the status has sub-statuses, one of them must be named. An "
        "add-on status is held beside the primary one, which stays. Entering the status that the order is "
        "in already changes nothing and tells nobody.",
    ),
    "changeOrderStatuses": Words(
        "Orders", f"One target for all orders. {_BULK}", (_FAILURES_TOLD,), (_FAILURES_LEFT_OUT,)
    ),
    "notifyOrder": Words(
        "Notifications",
        "Sends the message of the order's primary status now, by the channels named here, whatever that "
        "status has switched on. A channel is `skipped` when it was not asked for, when the server cannot "
        "send by it, when the customer has no address for it, or when the order has no status. A message "
        "that could not be handed over is `failed`, which is no error of the request. Every call sends anew.",
    ),
    "notifyOrders": Words(
        "Notifications", f"The same for many orders. {_BULK}", (_FAILURES_TOLD,), (_FAILURES_LEFT_OUT,)
    ),
    "listStatuses": Words(
        "Statuses", "All statuses of the team in their sequence, independent and add-on ones included."
    ),
    "getStatus": Words("Statuses", "One status, by its id."),
    "listWorkflows": Words(
        "Workflows",
        "All workflows in their sequence, each with its statuses; also while the team has workflows "
        "switched off.",
    ),
    "changeLineItemStatus": Words(
        "Line items",
        "The line item enters the status and the order's customer is told by the channels that the status "
        "has switched on. The order's own status is left alone. Add-on statuses are for orders only.",
    ),
    "changeLineItemStatuses": Words(
        "Line items",
        "One target for all line items, which may be of several orders. Each is judged by itself, and what "
        "failed is told in its entry of `results`: the outer `success` says that the request was carried "
        "out. Nobody is told of the change.",
    ),
    "clearLineItemStatuses": Words(
        "Line items",
        "Takes status and sub-status from line items, whatever rules are in force: afterwards they are as "
        "if they had never had one. Clearing an empty line item succeeds and changes nothing. Nobody is "
        "told of the change.",
    ),
    "getSettings": Words("Settings", "The settings that decide which status changes are legal."),
}

PATH_PARAMETERS = {
    "order_id": "The order's id, as UUID or as ULID, in any letter case; with `use_shopify_order_id` the "
    "digits of its Shopify id. Anything else is unknown.",
    "status_id": "The status's id, as UUID or as ULID, in any letter case. Anything else is unknown.",
    "lineItemId": "The line item's id, as UUID or as ULID, in any letter case. Anything else is unknown.",
}

REASONS = {
    "unsupported_version": "`X-API-Version` names no version that is served.",
    "invalid_json": "The body is not JSON, or not UTF-8.",
    "invalid_request": "Something in the query or the body cannot be read; `fields` names all faults at "
    "once.",
    "unknown_status": "`status_id` names no status of the team.",
    "sub_status_required": "The status has sub-statuses and none was named.",
    "unknown_sub_status": "`sub_status_option_id` names none of the status's sub-statuses.",
    "addon_not_supported": "An add-on status cannot be set on a line item.",
    "invalid_api_key": "The key is missing, malformed, unknown, revoked or expired.",
    "insufficient_permissions": "The key lacks the permission that `details` names.",
    "not_found": "There is nothing at this path.",
    "requires_version": "The path exists in newer versions only.",
    "order_not_found": "The path names no order of the team.",
    "status_not_found": "The path names no status of the team.",
    "line_item_not_found": "The path names no line item of the team.",
    "method_not_allowed": "The path is known, and not by this method.",
    "workflow_order": "The team enforces the sequence of its workflows, and this change would break it.",
    "status_chain": "The team enforces the sequence of its statuses, and this change would break it. A key "
    "with `canOverrideProductChainEnforcement` may break it.",
    "status_specificity": "The team keeps no statuses on things of this kind; `mode` says on which it does.",
    "body_too_large": "The body is over 1 MiB.",
    "rate_limited": "The minute's or the day's requests are used up. This request was not counted.",
    "internal_error": "The server failed. The request id helps whoever looks into it.",
    "unavailable": "The server has too many connections. Try again soon.",
}

_STATUS = "0190d3c6-5e41-7b30-9c55-1f6a2b7c8d90"
_WORKFLOW = "0190d3c6-5e40-7c12-8a44-5b9e0d1f2a37"
REFUSAL_VALUES: dict[tuple[str, str], Any] = {
    ("", "supported"): list(RELEASES.versions),
    ("invalid_request", "fields"): [{"field": "limit", "message": "must be a whole number, at least 1"}],
    ("", "fields"): [{"field": "status_id", "message": "names no status of the team"}],
    ("sub_status_required", "fields"): [
        {"field": "sub_status_option_id", "message": "is required: the status has sub-statuses"}
    ],
    ("unknown_sub_status", "fields"): [
        {"field": "sub_status_option_id", "message": "names none of the status's sub-statuses"}
    ],
    ("addon_not_supported", "fields"): [
        {"field": "status_id", "message": "names an add-on status, which line items cannot have"}
    ],
    ("", "permission"): "canViewOrders",
    ("", "minimum_version"): "1.4",
    ("", "current_workflow_id"): _WORKFLOW,
    ("", "allowed_workflow_ids"): [_WORKFLOW],
    ("", "current_status_id"): None,
    ("", "allowed_status_ids"): [_STATUS],
    ("", "mode"): "order",
    ("", "window"): "minute",
    ("", "retry_after"): 17,
    ("", "message"): "Unexpected error. Request id: 3f0c9a52",
}
"""Members of refusals in examples, by code (or empty for any code) and name."""

INTRODUCTION = """
**Keys.** Send the key as `X-API-Key: K` or as `Authorization: Bearer K`; with both, `X-API-Key` decides. A
key belongs to one team, and things of other teams do not exist for it. Each operation names the permission
that it needs.

**Versions.** The path carries the major version, the header `X-API-Version` the minor one. This page
describes **{version}**: send `X-API-Version: {version}` with every request, or the version pinned on the
key (else the server's default) answers.

**Limits.** A key has a budget for each UTC minute and each UTC day. Every answer to a known key tells what
is left in six `X-RateLimit-*` headers, a 500 too unless the server failed before it knew the key. A window
without limit shows 2147483647. An answer 429 costs nothing and says in `Retry-After` how long to wait.

**Ids** are UUIDs, in lower case in answers. Requests may spell them in any letter case, or as ULIDs.

**Requests.** Bodies are JSON objects of at most 1 MiB, read as JSON whatever their `Content-Type`. In a
body `null` means "not sent", in a query so does an empty value. Unknown query parameters and body fields
are ignored; of a repeated parameter the last one counts. Whatever answers GET answers HEAD. One trailing
slash is ignored.

**Refusals** have one shape: `error` is for people, `details.code` for programs. A refused request has
changed nothing. Unknown paths are 404 `not_found`, known paths with another method 405
`method_not_allowed`, both only for a valid key. Connections that bring no readable request are answered
400, 408 or 431, without the headers above.

{note}
""".strip()
