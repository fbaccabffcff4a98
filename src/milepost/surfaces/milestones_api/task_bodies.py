"""Bodies of tasks (section 7.17): what may be said of a new one and in an edit.

Some faults depend on the order: whose milestone is meant, and when it is due. The verb finds them; when a body has
other faults too, they are all told at once.
"""

from collections.abc import Iterator
from typing import Any, Final

from milepost.http.scalars import flag, text
from milepost.http.values import Flaw, Kind, Member, checked, members, optional, required
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import TaskWish, wish_faults
from milepost.model.plan import Task
from milepost.surfaces.milestones_api.values import day

_TITLE = required(text(200, at_least=1), "title")
_REST = (*optional(text(200), "assignee"), *optional(day(), "due_date"), *optional(text(), "milestone_id"))
_NEW: tuple[Member, ...] = (*_TITLE, *_REST, *optional(flag(), "required"))
_EDITED: tuple[Member, ...] = (*_TITLE, *_REST, *required(flag(), "required"))
"""Title, and whether it is required, cannot be emptied."""

NEW_TASK: Final = members(*_NEW)
EDITED_TASK: Final = members(*_EDITED)


def task_wish(said: dict[str, Any], old: Task | None = None) -> TaskWish:
    """The task that a body wishes, by what it said by name; of the stored one stays what it did not speak of."""
    names = TaskWish.__struct_fields__
    stored = {"title": ""} if old is None else {name: getattr(old, name) for name in names}
    return TaskWish(**{**stored, **said})


def judging(order: StoredOrder, old: Task | None = None) -> Kind:
    """The body of a new task of this order, or of an edit of the `old` one, which has all faults that it can have."""

    def flaws(said: dict[str, Any], sent: dict[str, Any]) -> Iterator[Flaw]:
        for where, message in wish_faults(order, task_wish(said, old), old):
            yield (where,), "invalid_value", message

    return checked(_NEW if old is None else _EDITED, flaws)
