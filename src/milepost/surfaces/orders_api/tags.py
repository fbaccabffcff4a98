"""The endpoints of tags (section 12)."""

from milepost.core import tags as verbs
from milepost.model.document import tag_document
from milepost.reads import purchase_orders as reads
from milepost.store.order_loads import find_tags
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.call import Call, Endpoint, Reply
from milepost.surfaces.orders_api.parameters import unknown_cursor
from milepost.surfaces.orders_api.shaping import list_reply, wanted_page
from milepost.surfaces.orders_api.values import read_body


async def create_tag(call: Call) -> Reply:
    """POST /tags."""
    said = read_body(documents.NEW_TAG, call.body)
    await call.confirm()  # nothing that the verb does would tell of a key revoked meanwhile
    tag = await verbs.create_tag(call.db, call.actor, said["name"], said.get("slug"), clock=call.clock)
    return Reply(status=201, body=tag_document(tag))


async def list_tags(call: Call) -> Reply:
    """GET /tags."""
    page = wanted_page(call)
    team_id = call.actor.team_id
    cursor = page.ending_before or page.starting_after
    if cursor is not None and not await find_tags(call.db, team_id, [cursor], []):
        raise unknown_cursor(page)
    tags, has_more = await reads.list_tags(
        call.db, team_id, limit=page.limit, after=page.starting_after, before=page.ending_before
    )
    return list_reply(call, page, [tag_document(tag) for tag in tags], has_more)


ENDPOINTS = (
    Endpoint(
        operation="createTag",
        method="POST",
        path="tags",
        permission="canUpdateOrders",
        summary="Create a tag",
        handler=create_tag,
        body="json",
        success=201,
        refusals=("not_unique",),
    ),
    Endpoint(
        operation="listTags",
        method="GET",
        path="tags",
        permission="canViewOrders",
        summary="List tags, newest first",
        handler=list_tags,
        refusals=("unknown_cursor",),
    ),
)
