"""The verbs that hand an order on: legs of transport and orders made from it (Orders API, section 11)."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from milepost.core.order_arrival import arrive
from milepost.core.order_changes import Matches, Writing, change_order
from milepost.kit.clock import Clock
from milepost.kit.errors import Invalid, NotFound
from milepost.kit.ids import new_id
from milepost.model.actor import Actor
from milepost.model.order import StoredOrder
from milepost.model.releases import Release, ReleaseDocument
from milepost.model.releasing import LEG_MEMBERS, LegWish, ReleaseWish, child_content, moved, taken_items
from milepost.model.workflow import Workspace
from milepost.store import order_loads
from milepost.store.db import Database

LONGEST_NUMBER = 64
_CANDIDATES = 50
"""How many numbers are looked up at a time for one that is free."""


class NewDocument(Struct, frozen=True, kw_only=True):
    """A file that comes with a release."""

    file_name: str
    content_type: str
    content: bytes
    document_type: str | None = None
    description: str | None = None


async def release(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    wish: ReleaseWish,
    documents: Sequence[NewDocument] = (),
    *,
    clock: Clock,
    matches: Matches = None,
) -> tuple[StoredOrder, Release]:
    """Releases lines of the order; the order afterwards, and the release.

    A PURCHASE_ORDER release makes a child order in the same transaction. Raises what
    `order_changes.change_order`, model.releasing.taken_items and model.releasing.child_content raise; Invalid
    `not_unique`, `too_long` for the child's number.
    """
    release_id = ""

    async def decide(db: Database, order: StoredOrder, now: datetime, writing: Writing) -> StoredOrder:
        nonlocal release_id
        release_id = new_id()  # anew in every round: it must be younger than what came between
        items = taken_items(order, wish)
        files = {new_id(): document for document in documents}
        made = Release(
            id=release_id,
            release_type=wish.release_type,
            items=items,
            documents=tuple(_described(file_id, file) for file_id, file in files.items()),
            created_at=now,
        )
        if wish.release_type == "PURCHASE_ORDER":
            parent = order.content.order_number
            number = await _child_number(db, actor.team_id, parent, wish.child.order_number)
            child = arrive(
                writing.arrivals,
                actor,
                workspace,
                child_content(order, wish.child, number, items),
                now,
                created_from_order_id=order.id,
                released_from_release_id=release_id,
            )
            made = msgspec.structs.replace(made, released_to_order_id=child.id)
        else:
            leg = {name: getattr(wish, name) for name in ("transit_status", *LEG_MEMBERS)}
            made = msgspec.structs.replace(made, **leg)
        writing.contents = {file_id: file.content for file_id, file in files.items()}
        releases = sorted(
            (*order.releases, made), key=lambda one: one.id
        )  # as they are read, whoever's clock is late
        return msgspec.structs.replace(order, releases=tuple(releases))

    order = await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)
    return order, find_release(order, release_id)


async def move_leg(
    db: Database,
    actor: Actor,
    workspace: Workspace,
    order_id: str,
    release_id: str,
    wish: LegWish,
    *,
    clock: Clock,
    matches: Matches = None,
) -> tuple[StoredOrder, Release]:
    """Moves a leg, or takes it off (section 11.3); the order afterwards, and the leg. Raises what
    `order_changes.change_order` and model.releasing.moved raise, NotFound."""

    async def decide(db: Database, order: StoredOrder, now: datetime, _: Writing) -> StoredOrder:
        leg = find_release(order, release_id)
        after = moved(order, leg, wish, now)
        releases = tuple(after if one is leg else one for one in order.releases)
        return msgspec.structs.replace(order, releases=releases)

    order = await change_order(db, actor, workspace, order_id, decide, clock=clock, matches=matches)
    return order, find_release(order, release_id)


def find_release(order: StoredOrder, release_id: str) -> Release:
    """Raises NotFound."""
    found = next((one for one in order.releases if one.id == release_id), None)
    if found is None:
        raise NotFound("Release")
    return found


async def _child_number(db: Database, team_id: str, parent: str, asked: str | None) -> str:
    """The number asked for, else the parent's with the first free ending of -R1, -R2, ..."""
    if asked is not None:
        if await order_loads.numbers_from(db, team_id, [asked]):
            raise Invalid("not_unique", "order_number", f"The order number {asked} is already used")
        return asked
    free = await _free_number(db, team_id, parent)
    if len(free) > LONGEST_NUMBER:
        text = f"The number {free} is longer than {LONGEST_NUMBER}: give the new order one of its own"
        raise Invalid("too_long", "order_number", text)
    return free


async def _free_number(db: Database, team_id: str, parent: str) -> str:
    for first in itertools.count(1, _CANDIDATES):
        candidates = [f"{parent}-R{number}" for number in range(first, first + _CANDIDATES)]
        taken = await order_loads.numbers_from(db, team_id, candidates)
        for number in candidates:
            if number not in taken:
                return number
    raise AssertionError("count never ends")


def _described(file_id: str, file: NewDocument) -> ReleaseDocument:
    return ReleaseDocument(
        id=file_id,
        file_name=file.file_name,
        content_type=file.content_type,
        size=len(file.content),
        sha256=sha256(file.content).hexdigest(),
        document_type=file.document_type,
        description=file.description,
    )
