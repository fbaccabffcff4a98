"""What the workspace defines, by names instead of ids, for orders that travel between servers."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from milepost.kit.errors import Invalid, Stale
from milepost.model.order_archive import Gone, Named
from milepost.model.workflow import Workspace


class Names(Struct, frozen=True, dict=True):
    """The names of a workspace."""

    workspace: Workspace

    @cached_property
    def statuses(self) -> "Register":
        return Register("status", ((one.id, one.name) for one in self.workspace.statuses))

    @cached_property
    def options(self) -> "Register":
        pairs = (
            (option.id, f"{group.name}/{option.name}")
            for group in self.workspace.groups
            for option in group.options
        )
        return Register("sub-status", pairs)

    @cached_property
    def workflows(self) -> "Register":
        return Register("workflow", ((one.id, one.name) for one in self.workspace.workflows))

    @cached_property
    def milestones(self) -> "Register":
        return Register("milestone of a workflow", self._milestones())

    def _milestones(self) -> Iterator[tuple[str, str]]:
        for workflow in self.workspace.workflows:
            for milestone in workflow.milestones:
                yield milestone.id, f"{workflow.name}/{milestone.name}"


class Register:
    """Ids and names of one kind of things."""

    def __init__(self, kind: str, pairs: Iterable[tuple[str, str]]) -> None:
        self._kind = kind
        self._names = dict(pairs)
        self._ids: dict[str, list[str]] = {}
        for identifier, name in self._names.items():
            self._ids.setdefault(name, []).append(identifier)

    def name(self, identifier: str) -> str:
        """Raises Stale when the workspace, as it was read, has no such thing: orders in it were read later."""
        name = self._names.get(identifier)
        if name is None:
            raise Stale
        return name

    def named(self, identifier: str) -> Named:
        """Of something that orders may still tell of when it is gone."""
        return self._names.get(identifier) or Gone(identifier)

    def id(self, named: Named) -> str:
        """Raises Invalid `not_found`, also where the name tells two things apart no more."""
        if isinstance(named, Gone):
            return named.gone
        found = self._ids.get(named, [])
        if len(found) == 1:
            return found[0]
        if found:
            text = f'The workspace has more than one {self._kind} "{named}": rename one of them'
        else:
            text = (
                f'The workspace has no {self._kind} "{named}": apply the workspace that the orders come from '
                "first (milepost export-workspace there, milepost apply FILE here)"
            )
        raise Invalid("not_found", self._kind, text)
