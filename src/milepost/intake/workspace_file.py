"""The workspace file (operator contract, section 3): bytes in, a wish and its faults out. Pure."""

import re
from collections.abc import Mapping

from msgspec import Struct

from milepost.intake.workspace_fields import Notes
from milepost.intake.workspace_schema import read_workspace
from milepost.intake.workspace_text import read_tree
from milepost.kit.errors import Faulty
from milepost.model.workspace_wish import Fault, WorkspaceWish

MOST_TOLD = 100

_LAST_STEP = re.compile(r"(\.[^.\[]*|\[[0-9]+\])$")


class WorkspaceFile(Struct, frozen=True):
    """What a file wishes, what is wrong with how it is written, and in which line each path stands."""

    wish: WorkspaceWish
    faults: tuple[Fault, ...]
    lines: Mapping[str, int]

    def line(self, path: str) -> int:
        """The line of the path, or of the nearest thing around it that the file has."""
        while path not in self.lines:
            shorter = _LAST_STEP.sub("", path)
            if shorter == path:
                return 1
            path = shorter
        return self.lines[path]

    def located(self, faults: Faulty) -> Faulty:
        """The same faults with their lines, from the first line on, each once; of very many the first."""
        found = sorted({(self.line(path), path, fault) for path, fault in faults.faults})
        told = [(f"line {line}" + (f", {path}" if path else ""), fault) for line, path, fault in found]
        if len(told) > MOST_TOLD:
            told[MOST_TOLD:] = [("and", f"{len(told) - MOST_TOLD} faults more")]
        return Faulty(faults.sentence, told)


def parse(data: bytes) -> WorkspaceFile:
    """Reads a workspace file, YAML or JSON, as far as it can be understood.

    Raises Faulty when it cannot be understood at all. Other faults do not raise: they are told together with
    those that only the team's workspace shows (`core.workspace.apply`).
    """
    tree = read_tree(data)
    notes = Notes()
    wish = read_workspace(tree, notes)
    return WorkspaceFile(wish, tuple(notes.faults), notes.lines)
