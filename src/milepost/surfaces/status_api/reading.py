"""The reading endpoints: orders, statuses, workflows, settings."""

from typing import Any

import msgspec

from milepost.kit.errors import NotFound
from milepost.kit.ids import parse_id
from milepost.model.order import search_pattern
from milepost.reads import order_lists
from milepost.reads import orders as reads
from milepost.surfaces.status_api import documents as doc
from milepost.surfaces.status_api.call import Call, order_key
from milepost.surfaces.status_api.shaping import OrderShaper, shape_status, shape_workflow_list
from milepost.surfaces.status_api.versions import v1_2

_NO_ID = "00000000-0000-0000-0000-000000000000"
"""Names nothing: what an unknown id in a filter is turned into."""
_LAST_OFFSET = 2**62


async def list_orders(call: Call) -> doc.OrderList:
    """GET /orders (section 8)."""
    query = call.query
    page, limit = query["page"], query["limit"]
    offset = _LAST_OFFSET if isinstance(page, str) else min((page - 1) * limit, _LAST_OFFSET)
    wanted = _filter(call, query)
    found = await order_lists.list_orders(
        call.db,
        call.actor.team_id,
        wanted,
        sort=query["sort_by"],
        direction=query["sort_order"],
        limit=limit,
        offset=offset,
        extras=_extras(query["include"]),
    )
    call.saw(found.version)
    shape = OrderShaper(call.workspace, query["include"], call.clock).order
    pagination = doc.Pagination(
        msgspec.Raw(page.encode()) if isinstance(page, str) else page,
        limit,
        found.total,
        -(-found.total // limit),
    )
    return doc.OrderList([shape(view) for view in found.orders], pagination)


def _filter(call: Call, query: dict[str, Any]) -> order_lists.Filter:
    """The conditions of the list. Ids that name nothing match nothing."""
    drafts = call.view.has(v1_2.DRAFTS)
    kind: order_lists.Kind = query["order_type"] if drafts else "REGULAR"
    ids, shopify_ids = None, None
    if query["order_ids"] is not None:
        keys = [order_key(text, query["use_shopify_order_id"]) for text in query["order_ids"]]
        if query["use_shopify_order_id"]:
            shopify_ids = [key for key in keys if isinstance(key, int)]
        else:
            ids = [key for key in keys if isinstance(key, str)]
    search = query["search"]
    pattern = None if search is None else search_pattern(search)
    if search is not None and pattern is None:
        ids, shopify_ids = [], None
    return order_lists.Filter(
        kind=kind,
        status_id=_known(query["status"]),
        workflow_id=_known(query["workflow_id"]),
        search=pattern,
        ids=ids,
        shopify_ids=shopify_ids,
        shopify_kinds={"DRAFT": ("DraftOrder",), "REGULAR": ("Order",)}.get(kind, ("Order", "DraftOrder")),
    )


def _known(text: str | None) -> str | None:
    return None if text is None else parse_id(text) or _NO_ID


def _extras(include: frozenset[str]) -> reads.Extras:
    if not include:
        return reads.NO_EXTRAS
    return reads.Extras("line_item_statuses" in include, "metafield" in include)


async def get_order(call: Call) -> doc.OrderAnswer:
    """GET /orders/{order_id} (section 9)."""
    include = call.query["include"]
    key = order_key(call.path[0], call.query["use_shopify_order_id"])
    view, version = None, None
    if isinstance(key, str):
        view, version = await reads.get_order(call.db, call.actor.team_id, key, _extras(include))
    elif isinstance(key, int):
        view, version = await reads.get_order_by_shopify_id(
            call.db, call.actor.team_id, key, call.shopify_kinds, _extras(include)
        )
    if key is not None:
        call.saw(version)
    if view is None:
        raise NotFound("Order")
    return doc.OrderAnswer(OrderShaper(call.workspace, include, call.clock).order(view))


async def list_statuses(call: Call) -> doc.StatusList:
    """GET /statuses (section 14)."""
    await call.confirm()
    statuses = [shape_status(status, call.workspace) for status in call.workspace.statuses]
    summary = doc.StatusSummary(len(statuses), call.workspace.team.workflows_enabled)
    return doc.StatusList(statuses, summary)


async def get_status(call: Call) -> doc.StatusAnswer:
    """GET /statuses/{status_id} (section 15)."""
    await call.confirm()
    status = call.workspace.status.get(parse_id(call.path[0]) or _NO_ID)
    if status is None:
        raise NotFound("Status")
    return doc.StatusAnswer(shape_status(status, call.workspace))


async def list_workflows(call: Call) -> doc.WorkflowList:
    """GET /workflows (section 16)."""
    await call.confirm()
    return shape_workflow_list(call.workspace)


async def get_settings(call: Call) -> doc.SettingsAnswer:
    """GET /settings (section 20)."""
    await call.confirm()
    team = call.workspace.team
    return doc.SettingsAnswer(
        doc.Settings(
            team.status_specificity,
            team.workflows_enabled,
            team.enforce_workflow_order,
            team.enforce_product_chain,
            team.time_zone,
        )
    )
