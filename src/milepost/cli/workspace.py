"""`milepost apply` and `export-workspace`: the workspace as a file (operator contract, section 3)."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from milepost.cli import session
from milepost.cli.errors import UsageError
from milepost.cli.team import TeamName, choose, house, now

if TYPE_CHECKING:
    from milepost.core.workspace import Applied
    from milepost.intake.workspace_file import WorkspaceFile
    from milepost.model.workspace_difference import Change
    from milepost.store.db import Pool


def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON; - reads standard input.")],
    team: Annotated[
        str | None,
        typer.Option(
            "--team", metavar="NAME", help="The team, made when missing; otherwise team.name of the file."
        ),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Also remove every group, option, status, milestone, workflow, product chain, supplier and "
            "channel that the file does not name. Settings and the calendar stay.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would change and write nothing.")
    ] = False,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Make a team's workspace equal to a file.

    Names are keys: applying again updates in place, keeps ids, and changes nothing when there is nothing to
    change. What the file does not name is left alone unless --prune is given. Fields that a status, workflow
    or milestone leaves out get their defaults; settings and calendar fields that are left out stay.

    A pruned status or workflow that orders use needs a successor in the file, or nothing is changed:

    replace_with: {statuses: {Old status: New status}, workflows: {Old workflow: New workflow}}
    """
    with session.exit_codes():
        given = _read(file)

    async def work(pool: "Pool") -> "Applied":
        from milepost.core import workspace
        from milepost.kit.errors import Faulty

        name = team or given.wish.team_name or (await choose(pool, None)).name
        try:
            return await workspace.apply(
                pool,
                now(),
                given.wish,
                team_name=name,
                prune=prune,
                dry_run=dry_run,
                faults=given.faults,
                house=house(),
            )
        except Faulty as faulty:
            raise given.located(faulty) from None

    applied = session.run(work, database_url, data_dir)
    if as_json:
        session.show_json(_as_document(applied, prune=prune, dry_run=dry_run))
    else:
        session.show(_as_text(applied))
    if dry_run:
        session.say("Nothing was written: this was a dry run.")


def export_workspace(
    team: TeamName = None,
    as_json: session.Json = False,
    database_url: session.DatabaseUrl = None,
    data_dir: session.DataDir = None,
) -> None:
    """Print a team's workspace as a file that, applied back, changes nothing.

    The URLs of channels are in it, with the passwords they hold.
    """

    async def work(pool: "Pool") -> Any:
        from milepost.reads.workspace import load_setup

        async with pool.snapshot() as moment:
            return await load_setup(moment, (await choose(moment, team)).id)

    setup = session.run(work, database_url, data_dir)
    from milepost.intake import workspace_export

    if as_json:
        session.show_json(workspace_export.document(setup))
    else:
        session.show(workspace_export.as_yaml(setup).rstrip("\n"))


def _read(file: Path) -> "WorkspaceFile":
    from milepost.intake.workspace_file import parse
    from milepost.intake.workspace_text import LARGEST

    if str(file) == "-":
        return parse(sys.stdin.buffer.read(LARGEST + 1))
    try:
        with file.open("rb") as opened:
            return parse(opened.read(LARGEST + 1))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None


# The report -------------------------------------------------------------------------------------------------


def _as_document(applied: "Applied", *, prune: bool, dry_run: bool) -> dict[str, Any]:
    """The answer of `--json`: ids by name, and how many things were created, changed and left as they were.

    A dry run adds what would change; things it would create have no id yet. Pruning adds what was removed.
    """
    workspace = applied.setup.workspace
    made = {(change.kind, change.key) for change in applied.changes if change.action == "create"}

    def known(kind: str, key: tuple[str, ...], thing_id: str) -> str | None:
        return None if dry_run and (kind, key) in made else thing_id

    document: dict[str, Any] = {
        "team": {
            "id": known("team", (workspace.team.name,), workspace.team.id),
            "name": workspace.team.name,
        },
        "statuses": {one.name: known("status", (one.name,), one.id) for one in workspace.statuses},
        "sub_status_options": {
            f"{group.name}/{one.name}": known("sub-status", (group.name, one.name), one.id)
            for group in workspace.groups
            for one in group.options
        },
        "workflows": {one.name: known("workflow", (one.name,), one.id) for one in workspace.workflows},
        "milestones": {
            f"{workflow.name}/{one.name}": known("milestone", (workflow.name, one.name), one.id)
            for workflow in workspace.workflows
            for one in workflow.milestones
        },
        "created": applied.count("create"),
        "changed": applied.count("change"),
        "unchanged": applied.count("same"),
    }
    if prune:
        document["removed"] = applied.count("remove")
    if dry_run:
        document["changes"] = [_change_document(one) for one in applied.changes if _is_move(one)]
    return document


def _change_document(change: "Change") -> dict[str, Any]:
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "fields": {one.field: {"old": one.old, "new": one.new} for one in change.fields},
    }


def _is_move(change: "Change") -> bool:
    return change.action in ("create", "change", "remove")


def _as_text(applied: "Applied") -> str:
    team = applied.setup.workspace.team
    lines = [f"Team {team.name}"]
    for change in applied.changes:
        if _is_move(change):
            lines.append(f"  {change.action:<6}  {change.kind:<16}  {change.name}")
            lines += [f"{'':10}{one.field}: {_shown(one.old)} -> {_shown(one.new)}" for one in change.fields]
    counts = f"{applied.count('create')} created, {applied.count('change')} changed, "
    counts += f"{applied.count('same')} unchanged"
    if removed := applied.count("remove"):
        counts += f", {removed} removed"
    if left := applied.count("left"):
        counts += f", {left} not in the file and left alone"
    return "\n".join([*lines, counts])


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
