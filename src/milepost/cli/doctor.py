"""`milepost doctor`: is this installation well, and what to do where it is not."""

import typer

from milepost.cli import session
from milepost.cli.session import DatabaseUrl, DataDir, Json


def doctor(
    json: Json = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Check settings, database, schema, clock, mail and disk; exit 1 when something fails."""
    with session.exit_codes():
        from milepost.cli import doctor_checks

        findings, values = doctor_checks.examine(database_url, data_dir)
        if json:
            session.show_json({"findings": findings, "settings": values})
        else:
            session.show(doctor_checks.report(findings, values))
        if any(finding.state == "fail" for finding in findings):
            raise typer.Exit(session.FAILURE)
