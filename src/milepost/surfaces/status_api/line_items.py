"""The endpoints of line items: change one, change many, clear many (sections 17 to 19)."""

from collections.abc import Mapping

from milepost.core import line_items
from milepost.core.line_items import LineOutcome
from milepost.kit.errors import Invalid, NotFound, Refused
from milepost.kit.ids import parse_id
from milepost.model.transitions import Target
from milepost.reads import orders as reads
from milepost.surfaces.status_api import documents as doc
from milepost.surfaces.status_api.call import Call
from milepost.surfaces.status_api.changing import chosen, entered, notifications
from milepost.surfaces.status_api.refusals import translate
from milepost.surfaces.status_api.shaping import sub_status_ref


async def change_line_item_status(call: Call) -> doc.LineItemChangeAnswer:
    """POST /line-items/{lineItemId}/status."""
    line_id = parse_id(call.path[0])
    if line_id is None:
        raise NotFound("Line item")
    try:
        target = chosen(call, for_line_item=True)
    except Invalid:
        await _must_exist(call, line_id)  # an unknown line item speaks before an unknown status (section 6)
        raise
    outcomes = await line_items.change_line_items(
        call.db,
        call.actor,
        call.workspace,
        [line_id],
        target,
        clock=call.clock,
        channels=call.channels,
    )
    call.confirmed = True
    outcome = outcomes[line_id]
    if isinstance(outcome, Refused):
        raise outcome
    changed = doc.ChangedLineItem(line_id, entered(target), sub_status_ref(target.option))
    data = doc.LineItemChange("Line item status updated successfully", changed, notifications(outcome.told))
    return doc.LineItemChangeAnswer(True, data)


async def change_line_item_statuses(call: Call) -> doc.BulkLineItemChangeAnswer:
    """POST /line-items/status-bulk. Never notifies."""
    target = chosen(call, for_line_item=True)
    wanted = _wanted(call)
    outcomes = await line_items.change_line_items(
        call.db, call.actor, call.workspace, _known(wanted), target, clock=call.clock
    )
    call.confirmed = True
    results = _entries(wanted, outcomes, target)
    updated = sum(entry.success for entry in results)
    data = doc.BulkLineItemChange(
        "Line item statuses updated successfully", updated, len(results) - updated, results
    )
    return doc.BulkLineItemChangeAnswer(True, data)


async def clear_line_item_statuses(call: Call) -> doc.BulkLineItemClearingAnswer:
    """POST /line-items/clear-status. Never notifies."""
    wanted = _wanted(call)
    outcomes = await line_items.clear_line_items(
        call.db, call.actor, call.workspace, _known(wanted), clock=call.clock
    )
    call.confirmed = True
    results = _entries(wanted, outcomes, None)
    cleared = sum(entry.success for entry in results)
    data = doc.BulkLineItemClearing(
        "Line item statuses cleared successfully", cleared, len(results) - cleared, results
    )
    return doc.BulkLineItemClearingAnswer(True, data)


def _wanted(call: Call) -> dict[str, str | None]:
    """Line item id by the text first sent for it, in order of first mention; None where a text is no id."""
    wanted: dict[str, str | None] = {}
    seen: set[str] = set()
    for text in call.body["line_item_ids"]:
        line_id = parse_id(text)
        if line_id is None or line_id not in seen:
            wanted[text] = line_id
        if line_id is not None:
            seen.add(line_id)
    return wanted


def _known(wanted: Mapping[str, str | None]) -> list[str]:
    return [line_id for line_id in wanted.values() if line_id is not None]


_UNKNOWN = NotFound("Line item")


def _entries(
    wanted: Mapping[str, str | None], outcomes: Mapping[str, LineOutcome], target: Target | None
) -> list[doc.LineItemEntry]:
    entries = []
    for text, line_id in wanted.items():
        outcome = outcomes[line_id] if line_id is not None else _UNKNOWN
        if isinstance(outcome, Refused):
            named = text if isinstance(outcome, NotFound) or line_id is None else line_id
            entries.append(doc.LineItemEntry(named, False, error=translate(outcome).error))
        elif target is None:
            entries.append(doc.LineItemEntry(line_id or text, True))
        else:
            entries.append(
                doc.LineItemEntry(
                    line_id or text, True, status_id=target.status.id, status_name=target.status.name
                )
            )
    return entries


async def _must_exist(call: Call, line_id: str) -> None:
    """Raises NotFound unless the id names a line item of the team."""
    exists, version = await reads.line_item_exists(call.db, call.actor.team_id, line_id)
    call.saw(version)
    if not exists:
        raise NotFound("Line item")
