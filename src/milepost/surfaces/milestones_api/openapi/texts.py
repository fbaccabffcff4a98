"""The longer texts of the OpenAPI document, and what refusal codes mean."""

from collections.abc import Mapping

INTRODUCTION = """
Create purchase orders, follow their milestones, confirm or reject them, and move their dates. An order moves along a
**workflow**, a named list of milestones; issuing an order copies them into milestones of its own. They are confirmed
strictly in their order. The order's `status` follows from them.

**Keys.** Send the key as `Authorization: Bearer K`, `Authorization: Token K`, `Authorization: K` or `X-API-Key: K`;
with both headers `X-API-Key` decides. A key belongs to one team; any other team does not exist for it. Each operation
names the permission that it needs.

**Limits.** A key has a budget for each UTC minute and each UTC day. Every answer to a known key tells what is left in
six `X-RateLimit-*` headers. A window without limit shows 2147483647. An answer 429 costs nothing and says in
`Retry-After` how long to wait.

**Paths.** `/api/v1/teams` is another spelling of `/v1/teams`; links always say `/v1/teams`. One trailing slash is
ignored. Whatever answers GET answers HEAD.

**Ids** are lower-case UUIDs in answers. Requests may spell them in any letter case, or as the ULIDs of other surfaces,
in paths, queries and bodies. `supplier.id` and `part_id` are your own.

**Requests.** Bodies are JSON objects of at most 1 MiB; `Content-Type` is not examined, and an empty body counts as
`{}`. Orders are sent as `{"purchase_order": {…}}`, and every other body may be wrapped so; the bare object is accepted
too. Unknown and read-only members are ignored, and so are unknown query parameters.

**Values.** Dates are `YYYY-MM-DD`; today is the current date in the team's time zone. Moments are UTC in whole
seconds. Money is an integer in millionths of the currency unit.

**Lists** have pages: `page` and `per_page`, with `X-Page`, `X-Per-Page`, `X-Total`, `X-Total-Pages` and `Link` in
the answer. A page past the end is empty.

**Refusals** have `error`, a text for people, and `code`, which is stable, with further members by code. All faults of
a body are told at once. A refused request has changed nothing and told nobody. Unknown paths are 404 `not_found`,
known paths with another method 405 `method_not_allowed`, both only for a valid key.

**Repeating** a confirmation or a rejection changes nothing and is answered like the first time, so both may be sent
again after a lost answer.
""".strip()

REASONS: Mapping[str, str] = {
    "invalid_json": "The body is not JSON, or no object.",
    "invalid_parameter": "A query parameter cannot be read; `parameter` names it.",
    "unauthorized": "The key is missing, malformed, unknown, revoked or expired.",
    "forbidden": "The key lacks the permission that is named.",
    "not_found": "The path names something that the team does not have.",
    "method_not_allowed": "The path is known, and not by this method.",
    "removed": "This action is gone; tasks took its place.",
    "body_too_large": "The body is larger than 1 MiB.",
    "validation_failed": "Something is missing, of the wrong type or out of range. `errors` has all faults, by "
    "the path inside the unwrapped body.",
    "field_frozen": "A field can no longer change.",
    "order_not_active": "The order's status does not allow this.",
    "out_of_sequence": "An earlier milestone is unconfirmed.",
    "blocked_by_tasks": "Required tasks of the milestone are open.",
    "already_confirmed": "The milestone is confirmed.",
    "not_confirmed": "The milestone is not confirmed.",
    "not_newest_confirmation": "Another confirmation is newer.",
    "date_in_future": "A day on which something happened lies after today.",
    "date_in_past": "The new date of a rejection lies before today.",
    "date_unchanged": "The new date of a rejection is the present one.",
    "dates_out_of_order": "A date would lie before that of an earlier milestone, or after that of a later one.",
    "conflicting_dates": "One milestone is given two different values.",
    "milestone_not_in_workflow": "The order has no such milestone.",
    "already_accepted": "The order is accepted: undo that first.",
    "status_chain": "The status that the milestone names may not be entered from the present one.",
    "workflow_order": "The status that the milestone names is of a workflow that may not be entered now.",
    "rate_limited": "The minute's or the day's requests are used up. This request was not counted.",
    "internal_error": "The server failed. The request id helps whoever looks into it.",
}
"""What each code says (section 5)."""
