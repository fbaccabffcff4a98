"""Bodies of what is said about milestones: confirm, reject, undo, edit_timeline and the deprecated actions (sections
7.9 to 7.14).

One declaration reads a body and is described in the OpenAPI document; what was read becomes the wish that the verbs
know.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from milepost.http.scalars import text
from milepost.http.values import Flaw, Kind, Schema, Wrong, checked, members, optional, required
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Rejection, rejection_faults
from milepost.model.plan import OrderMilestone
from milepost.model.workflow import MilestoneType
from milepost.surfaces.milestones_api.values import LONGEST_NOTE, as_sent, day, days_by_id

HASHES: Final = ("order_milestone_key_dates", "workflow_order_milestone_key_dates")
"""The families of dates by id: of order milestones, of workflow milestones."""

SPELLINGS: Final[Mapping[MilestoneType, tuple[str, ...]]] = {
    "production_start": ("production_start_date",),
    "shipment": ("ship_date", "ships_on"),
    "delivery": ("delivery_date", "delivered_on"),
}
"""The family of named dates: how a body may spell the date of the milestone of a type, the first spelling first."""

_NOTE, _REASON, _DAY = text(LONGEST_NOTE), text(LONGEST_NOTE, filled=True), day()
_DATES = optional(days_by_id(), *HASHES)
_WHY = (*required(_REASON, "reason"), *optional(_NOTE, "note"))
_REFUSAL = members(*_WHY)
"""All that counts of the rejection of an acceptance milestone."""


class Acts(Struct, frozen=True, dict=True):
    """The bodies of the acts on one milestone. `dates`: the spellings of its date; `type`: of the milestone, where
    the path says no more of it than that."""

    dates: tuple[str, ...] = ("date",)
    type: MilestoneType | None = None

    @cached_property
    def confirm(self) -> Kind:
        return members(*optional(_DAY, *self.dates), *optional(_NOTE, "note"), *_DATES)

    @cached_property
    def reject(self) -> Kind:
        """Read by `rejection`: what one needs depends on the milestone."""
        return as_sent(self.rejection)

    @cached_property
    def rejection(self) -> Kind:
        """What a rejection may say of any milestone but the acceptance."""
        return members(*_WHY, *optional(_DAY, *self.dates), *_DATES)


UNDO: Final = members(*optional(_NOTE, "reason"))

_NAMED: Final = tuple(name for names in SPELLINGS.values() for name in names)


def _silence(said: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Flaw]:
    """A call that says no date at all, or only empty hashes; a named date of null says one."""
    if not any(name in sent for name in _NAMED) and all(sent.get(name) in (None, {}) for name in HASHES):
        yield (HASHES[0],), "required", "or another field with a date is required"


_SAYS_A_DATE: Final[Schema] = {
    "anyOf": [
        *({"required": [name]} for name in _NAMED),
        *(
            {"required": [name], "properties": {name: {"type": "object", "minProperties": 1}}}
            for name in HASHES
        ),
    ]
}
TIMELINE: Final = checked(
    (*optional(_DAY, *_NAMED), *_DATES, *optional(_NOTE, "reason", "note")),
    _silence,
    _SAYS_A_DATE,
)


# What was read, as a wish ---------------------------------------------------------------------------------


def key_dates(said: Mapping[str, Any]) -> KeyDates:
    """The wish of edit_timeline, of what the body said by name, null included."""
    named, spelt, contradicted = dict[MilestoneType, date | None](), dict[MilestoneType, str](), []
    for kind, names in SPELLINGS.items():
        sent = [name for name in names if name in said]
        if sent:
            named[kind], spelt[kind] = said[sent[0]], sent[0]
            if any(said[name] != said[sent[0]] for name in sent):
                contradicted.append(kind)
    return KeyDates(
        named=named,
        spelt=spelt,
        contradicted=contradicted,
        by_milestone=said.get(HASHES[0]) or {},
        by_workflow_milestone=said.get(HASHES[1]) or {},
        reason=said.get("reason"),
        note=said.get("note"),
    )


def confirmation(acts: Acts, said: Mapping[str, Any]) -> Confirmation:
    """The wish of a confirmation, of what the body said by name."""
    on, dates = _dates(acts, said)
    return Confirmation(date=on, note=said.get("note"), dates=dates)


def rejection(acts: Acts, sent: Mapping[str, Any], milestone: OrderMilestone | None = None) -> Rejection:
    """The wish of a rejection, of a body as it was sent.

    Raises Wrong with all faults. Of those of dates it depends on the milestone whether they are any: the acceptance
    ignores dates, another one that has a key date needs a new one. Not knowing the milestone, it judges what can be
    read, and that the dates can.
    """
    wanted, faults = acts.rejection, list[Flaw]()
    if milestone is not None:
        wanted = _REFUSAL if milestone.type == "acceptance" else wanted
        given = next((sent[name] for name in acts.dates if sent.get(name) is not None), None)
        faults += [((where,), "required", message) for where, message in rejection_faults(milestone, given)]
    try:
        said = wanted.read(sent)
    except Wrong as found:
        raise Wrong([*found.faults, *faults]) from None
    if faults:
        raise Wrong(faults)
    on, dates = _dates(acts, said)
    return Rejection(reason=said["reason"], date=on, note=said.get("note"), dates=dates)


def _dates(acts: Acts, said: Mapping[str, Any]) -> tuple[date | None, KeyDates]:
    """The date of the milestone itself, and what is said of others; with whether another spelling of its date says
    something else."""
    own = [name for name in acts.dates if name in said]
    on = said[own[0]] if own else None
    is_contradicted = acts.type is not None and any(said[name] != on for name in own)
    dates = KeyDates(
        contradicted=(acts.type,) if acts.type is not None and is_contradicted else (),
        by_milestone=said.get(HASHES[0], {}),
        by_workflow_milestone=said.get(HASHES[1], {}),
    )
    return on, dates
