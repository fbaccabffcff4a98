"""Orders, items and releases as answers; and the stored order that a path names."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from milepost.http.answer import Headers
from milepost.kit.errors import NotFound
from milepost.kit.ids import ulid
from milepost.model.document import REST, item_document, release_document, shown_order
from milepost.model.order import StoredItem, StoredOrder
from milepost.model.releases import Release, available
from milepost.model.shapes import Document
from milepost.reads import purchase_orders as reads
from milepost.surfaces.orders_api.call import Call, Reply
from milepost.surfaces.orders_api.conditions import etag
from milepost.surfaces.orders_api.parameters import Page, Query, listed, unknown_cursor


async def stored_order(call: Call) -> StoredOrder:
    """The order that the first id of the path names. Raises NotFound, Stale."""
    order, version = await reads.get_order(call.db, call.actor.team_id, call.id(0, "Order"))
    call.saw(version)
    if order is None:
        raise NotFound("Order")
    return order


def find_item(order: StoredOrder, item_id: str) -> StoredItem:
    """Raises NotFound."""
    found = next((item for item in order.items if item.id == item_id), None)
    if found is None:
        raise NotFound("Item")
    return found


def order_reply(order: StoredOrder, status: int = 200) -> Reply:
    return Reply(status=status, body=shown_order(order), headers=_headers(order, status, ""))


def item_reply(order: StoredOrder, item: StoredItem, status: int = 200) -> Reply:
    headers = _headers(order, status, f"/items/{ulid(item.id)}")
    return Reply(status=status, body=shown_item(order, item), headers=headers)


def release_reply(order: StoredOrder, release: Release, status: int = 200) -> Reply:
    headers = _headers(order, status, f"/releases/{ulid(release.id)}")
    return Reply(status=status, body=shown_release(order, release), headers=headers)


def shown_item(order: StoredOrder, item: StoredItem) -> Document:
    return item_document(item.id, item.content, available(order).get(item.id))


def shown_release(order: StoredOrder, release: Release) -> Document:
    return release_document(ulid(order.id), release, REST)


class _Listed(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Listed)


def wanted_page(call: Call) -> Page:
    """The page that the query asks of a list without filters. Raises Refusal."""
    query = Query(call.query)
    page = query.page()
    query.finish()
    return page


def page_of(entries: Sequence[T], page: Page) -> tuple[Sequence[T], bool]:
    """The wanted part of a list that is all there, and whether more lies in the direction asked for. Raises
    Refusal `unknown_cursor`."""
    places = {entry.id: place for place, entry in enumerate(entries)}
    cursor = page.ending_before or page.starting_after
    if cursor is not None and cursor not in places:
        raise unknown_cursor(page)
    if page.ending_before is not None:
        end = places[page.ending_before]
        return entries[max(end - page.limit, 0) : end], end > page.limit
    start = 0 if cursor is None else places[cursor] + 1
    return entries[start : start + page.limit], len(entries) > start + page.limit


def list_reply(call: Call, page: Page, data: Sequence[Document], has_more: bool) -> Reply:
    return Reply(body=listed(call, page, data, has_more))


def _headers(order: StoredOrder, status: int, below: str) -> Headers:
    headers = [etag(order.version)]
    if status == 201:
        headers.append((b"location", f"/orders/{ulid(order.id)}{below}".encode()))
    return headers
