"""The endpoints of an order's releases and their documents (section 11)."""

import re
from typing import Any
from urllib.parse import quote

from milepost.core import releases as verbs
from milepost.core.releases import NewDocument, find_release
from milepost.kit.errors import NotFound
from milepost.model.releases import ReleaseDocument
from milepost.model.releasing import ReleaseWish
from milepost.reads import purchase_orders as reads
from milepost.surfaces.orders_api import documents
from milepost.surfaces.orders_api.bodies import read_object
from milepost.surfaces.orders_api.call import Call, Endpoint, Part, Reply
from milepost.surfaces.orders_api.conditions import matches, not_modified
from milepost.surfaces.orders_api.refusals import Fault, Refusal, invalid
from milepost.surfaces.orders_api.shaping import (
    list_reply,
    page_of,
    release_reply,
    shown_release,
    stored_order,
    wanted_page,
)
from milepost.surfaces.orders_api.values import read_body
from milepost.surfaces.orders_api.wishes import new_release, patched_leg


async def create_release(call: Call) -> Reply:
    """POST /orders/{order_id}/releases."""
    wish, files = _asked(call)
    call.agree()
    order, release = await verbs.release(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        wish,
        files,
        clock=call.clock,
        matches=matches(call),
    )
    return release_reply(order, release, 201)


def _asked(call: Call) -> tuple[ReleaseWish, list[NewDocument]]:
    """The release and its files. Raises Refusal with the faults of both."""
    faults: list[Fault] = []
    wish, files = None, None
    try:
        wish = new_release(call.body)
    except Refusal as refusal:
        faults += refusal.faults
    try:
        files = _files(call)
    except Refusal as refusal:
        faults += refusal.faults
    if wish is None or files is None:
        raise invalid(faults)
    return wish, files


async def list_releases(call: Call) -> Reply:
    """GET /orders/{order_id}/releases."""
    page = wanted_page(call)
    order = await stored_order(call)
    releases, has_more = page_of(order.releases, page)
    return list_reply(call, page, [shown_release(order, release) for release in releases], has_more)


async def get_release(call: Call) -> Reply:
    """GET /orders/{order_id}/releases/{release_id}."""
    order = await stored_order(call)
    release = find_release(order, call.id(1, "Release"))
    return not_modified(call, order.version) or release_reply(order, release)


async def patch_release(call: Call) -> Reply:
    """PATCH /orders/{order_id}/releases/{release_id}."""
    wish = patched_leg(call.body)
    call.agree()
    order, release = await verbs.move_leg(
        call.db,
        call.actor,
        call.workspace,
        call.id(0, "Order"),
        call.id(1, "Release"),
        wish,
        clock=call.clock,
        matches=matches(call),
    )
    return release_reply(order, release)


async def get_document(call: Call) -> Reply:
    """GET /orders/{order_id}/releases/{release_id}/documents/{document_id}."""
    release = find_release(await stored_order(call), call.id(1, "Release"))
    document_id = call.id(2, "Document")
    file = next((one for one in release.documents if one.id == document_id), None)
    if file is None:
        raise NotFound("Document")
    return Reply(
        stream=reads.document_parts(call.db, call.actor.team_id, file.id),
        headers=[
            (b"content-type", file.content_type.encode("ascii")),
            (b"content-length", b"%d" % file.size),
            (b"content-disposition", attachment(file).encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
        ],
    )


_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"
"""Besides letters and digits, what RFC 8187 leaves as it is."""


def attachment(file: ReleaseDocument) -> str:
    """The Content-Disposition under which the file is saved (RFC 6266): its name in plain ASCII, and where that
    loses something the whole name too."""
    plain = _UNSAFE.sub("_", file.file_name)
    disposition = f'attachment; filename="{plain}"'
    if plain == file.file_name:
        return disposition
    return f"{disposition}; filename*=UTF-8''{quote(file.file_name, safe=_ATTRIBUTE_CHARACTERS)}"


_FOLDERS = re.compile(r".*[/\\]")
_NAMELESS = "document"


def _files(call: Call) -> list[NewDocument]:
    """The files of a form, each with what the metadata tell of it. Raises Refusal."""
    parts = [part for part in call.parts or () if part.name == "documents" and not _is_empty(part)]
    if len(parts) > call.options.release_documents_max:
        message = f"documents holds at most {call.options.release_documents_max} files"
        raise invalid([Fault("too_many", "documents", message)])
    told = _metadata(call)
    return [
        NewDocument(
            file_name=_FOLDERS.sub("", part.file_name or "") or _NAMELESS,
            content_type=part.content_type,
            content=part.content,
            **(told[place] if place < len(told) else {}),
        )
        for place, part in enumerate(parts)
    ]


def _is_empty(part: Part) -> bool:
    """A file field that was left empty in a browser's form."""
    return part.file_name == "" and not part.content


def _metadata(call: Call) -> list[dict[str, Any]]:
    sent = [part for part in call.parts or () if part.name == "documents_metadata"]
    if not sent:
        return []
    if len(sent) > 1:
        raise invalid([Fault("too_many", "documents_metadata", "documents_metadata is given more than once")])
    document = read_object(sent[0].content, "documents_metadata")
    said = read_body(documents.RELEASE_FORM, {"documents_metadata": document})
    told: list[dict[str, Any]] = said["documents_metadata"].get("documents", [])
    return told


_BELOW = "orders/{order_id}/releases"
_CHANGING = ("order_canceled", "precondition_failed")

ENDPOINTS = (
    Endpoint(
        operation="createRelease",
        method="POST",
        path=_BELOW,
        permission="canUpdateOrders",
        summary="Release items to a leg of transport or to a new order",
        handler=create_release,
        body="release",
        success=201,
        refusals=(
            "order_draft",
            "supplier_required",
            "not_releasable",
            "not_found",
            "duplicate",
            "exceeds_available",
            "unit_mismatch",
            "not_unique",
            "end_before_start",
            "out_of_range",
            "too_long",
            "too_many",
            *_CHANGING,
        ),
    ),
    Endpoint(
        operation="listReleases",
        method="GET",
        path=_BELOW,
        permission="canViewOrders",
        summary="List the releases of an order, oldest first",
        handler=list_releases,
        refusals=("unknown_cursor",),
    ),
    Endpoint(
        operation="getRelease",
        method="GET",
        path=f"{_BELOW}/{{release_id}}",
        permission="canViewOrders",
        summary="Read one release",
        handler=get_release,
    ),
    Endpoint(
        operation="updateRelease",
        method="PATCH",
        path=f"{_BELOW}/{{release_id}}",
        permission="canUpdateOrders",
        summary="Move a leg of transport, or take it off",
        handler=patch_release,
        body="merge",
        refusals=("immutable", "illegal_transit_move", "already_unassigned", "out_of_range", *_CHANGING),
    ),
    Endpoint(
        operation="getReleaseDocument",
        method="GET",
        path=f"{_BELOW}/{{release_id}}/documents/{{document_id}}",
        permission="canViewOrders",
        summary="Download a document of a release",
        handler=get_document,
    ),
)
