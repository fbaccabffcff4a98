"""The longer texts of the OpenAPI document, and what refusal codes mean."""

INTRODUCTION = """
**Keys.** Send the key as `Authorization: Token K`, `Authorization: Bearer K`, `Authorization: K` or
`X-API-Key: K`; with both headers `X-API-Key` decides. A key belongs to one team, and things of other teams do
not exist for it. Each operation names the permission that it needs.

**Limits.** A key has a budget for each UTC minute and each UTC day. Every answer to a known key tells what is
left in six `X-RateLimit-*` headers. A window without limit shows 2147483647. An answer 429 costs nothing and
says in `Retry-After` how long to wait.

**Paths.** `/purchase-orders`, with everything below it, is another spelling of `/orders`: the same requests get
the same answers, and links in them say `/orders`. These paths are not repeated here. One trailing slash is
ignored. Whatever answers GET answers HEAD.

**Ids** are ULIDs of 26 upper-case characters in answers. Requests may spell them in any letter case, or as the
UUIDs of other surfaces. Sorting by id is sorting by creation.

**Requests.** Bodies are JSON objects of at most 1 MiB, unless the server is set otherwise. Unknown members, and
those that cannot be written, are ignored at every depth, so a document that was read can be sent back. `null`
means the same as leaving a member out, except in a merge patch. No string may hold U+0000. Unknown query
parameters are ignored; a known one given twice is refused.

**Values.** Decimals are strings and keep their scale; requests may send numbers. Moments are UTC; requests may
use any offset, and a moment without one is read as UTC. `custom_data` is yours: 50 keys of 40 characters at
most, any JSON as values, 64 KiB in all.

**Lists** hold at most `limit` objects; `has_more` says whether more follow, and `next` is the address that
continues in the same direction.

**Writing safely.** With an `Idempotency-Key` a request can be sent again without being done twice; the answer
then has `Idempotency-Replayed: true`. `If-Match` lets a change happen only to the order that you have seen. All
answers about one order, its items and its releases share one `ETag`.

**Refusals** have one shape: `errors` tells all faults at once, each with its `field`, its stable `code` and a
message for people; `error_description` is the first message, and `detail` tells the same in another form. A
refused request has changed nothing. Unknown paths are 404 `not_found`, known paths with another method 405
`method_not_allowed`, both only for a valid key. Connections that bring no readable request are answered 400, 408
or 431, and 503 while there are too many, with these members and those of the Status API.
""".strip()

WEBHOOK = """
Sent to the `url` of every enabled webhook that names this event. The body's bytes are the same on every attempt.
Verify `webhook-signature` before anything else, and answer within 10 seconds; what takes longer is better done
afterwards. The same event may come more than once: `webhook-id` tells. Events of one order come in the sequence
of `sequence`, one at a time.
""".strip()

REASONS = {
    "invalid_json": "The body is not JSON, or not UTF-8.",
    "required": "Something that must be there is missing or null.",
    "wrong_type": "A value is of another type.",
    "too_long": "A text has too many characters, or an open value too many bytes.",
    "too_short": "Something is empty or blank.",
    "too_many": "There are too many elements.",
    "out_of_range": "A number is too small or too large, or a moment lies where it cannot.",
    "invalid_value": "A value is none of those that are possible here.",
    "invalid_date": "A date cannot be read.",
    "invalid_datetime": "A moment cannot be read.",
    "invalid_email": "An e-mail address is none.",
    "invalid_characters": "A text holds U+0000.",
    "invalid_id": "An id is in neither of the two spellings.",
    "invalid_custom_data": "`custom_data` is no JSON object, or larger than it may be.",
    "conflicting_parameters": "Parameters exclude each other, or one is given twice.",
    "unknown_cursor": "The cursor names nothing that this list could hold.",
    "not_unique": "A number, a slug or an `EXTERNAL_ID` is taken.",
    "duplicate": "The same thing is named twice.",
    "not_found": "The path, or the body, names something that the team does not have.",
    "immutable": "This cannot change.",
    "end_before_start": "A span ends before it begins.",
    "order_canceled": "The order is canceled.",
    "not_cancellable": "The goods are on their way already.",
    "order_draft": "The order is a draft.",
    "supplier_required": "The order has no supplier.",
    "not_releasable": "The order itself came from a release.",
    "exceeds_available": "More is asked for than is available.",
    "below_released": "Less would be left than releases took.",
    "unit_mismatch": "The item is counted in another unit.",
    "unit_locked": "The unit cannot change while releases hold some of the item.",
    "item_released": "A release holds the item.",
    "illegal_transit_move": "A leg moves forward only.",
    "already_unassigned": "The leg was taken off its shipment and cannot change any more.",
    "url_not_allowed": "Nothing may be sent to this URL.",
    "unknown_event": "There is no event of this name.",
    "payload_expired": "The event is no longer kept.",
    "webhook_disabled": "The webhook is disabled.",
    "invalid_idempotency_key": "`Idempotency-Key` is empty, too long, or has other characters than visible ASCII.",
    "unauthorized": "The key is missing, malformed, unknown, revoked or expired.",
    "forbidden": "The key lacks the permission that the message names.",
    "method_not_allowed": "The path is known, and not by this method.",
    "idempotency_in_progress": "The first request with this `Idempotency-Key` still runs.",
    "idempotency_key_reused": "This `Idempotency-Key` belongs to another request.",
    "precondition_failed": "No tag of `If-Match` is the order's current one.",
    "precondition_required": "The server is set to require `If-Match` here.",
    "too_large": "The body or one of the files is too large.",
    "unsupported_media_type": "The body is of a type that is not read here.",
    "rate_limited": "The minute's or the day's requests are used up. This request was not counted.",
    "internal_error": "The server failed. The request id helps whoever looks into it.",
    "unavailable": "The database cannot be reached at the moment. Try again soon.",
}
"""What each code says (section 6)."""
