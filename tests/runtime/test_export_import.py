"""Orders that move from one server to another by the program itself."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from milepost import cli
from milepost.core import accounts, workspace
from milepost.intake import demo, workspace_file
from milepost.store import db
from tests.core.whole_orders import ORDERS as YARD
from tests.core.whole_orders import Yard
from tests.runtime.processes import QUIET, ROOT, run

NOW = datetime(2026, 5, 4, 23, 30, 9, 250000, UTC)
ORDERS = 120


@pytest.fixture(scope="module")
def source(databases) -> str:
    """A server's database: a boatyard of the demo, and orders with everything."""
    url = databases.make()
    asyncio.run(_fill(url))
    return url


async def _fill(url: str) -> None:
    pool = await db.open_pool(url)
    try:
        file = workspace_file.parse(demo.WORKSPACE.encode())
        team_id = await accounts.create_team(pool, NOW, name="Saltwood Boats", currency="EUR")
        await workspace.apply(pool, NOW, file.wish, team_name="Saltwood Boats", faults=file.faults)
        await demo.load(pool, team_id, orders=ORDERS, seed=5, now=NOW)
        yard = await Yard.begin(pool)
        await yard.fill()
        await pool.execute("update teams set name = 'The yard' where team_id = $1", yard.team_id)
    finally:
        await pool.close()


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory) -> Path:
    """What the source says of itself, in a folder: workspaces and orders of both teams."""
    folder = tmp_path_factory.mktemp("exported")
    for team, name in (("Saltwood Boats", "boats"), ("The yard", "yard")):
        setup = milepost("export-workspace", "--team", team, url=source)
        (folder / f"{name}.yaml").write_text(setup.stdout)
        for form in ("ndjson", "csv"):
            file = folder / f"{name}.{form}"
            done = milepost("export", "orders", "--team", team, "-o", str(file), "--json", url=source)
            number = ORDERS if name == "boats" else YARD
            assert json.loads(done.stdout) == {"orders": number, "format": form, "file": str(file)}
    return folder


def inside(*argv: str, url: str, code: int = 0) -> Result:
    """The command run in this process: quicker."""
    done = CliRunner().invoke(cli.app, [*argv, "--database-url", url])
    assert done.exit_code == code, (argv, done.output, done.exception)
    return done


def milepost(*argv: str, url: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    done = run(*argv, env={"MILEPOST_DATABASE_URL": url})
    assert done.returncode == code, (argv, done.stdout, done.stderr)
    return done


@pytest.fixture
def target(databases, exported) -> str:
    """An empty server with the same workspaces, in another time zone."""
    url: str = databases.make()
    asyncio.run(_move_to_india(url))
    for name in ("boats", "yard"):
        inside("apply", str(exported / f"{name}.yaml"), url=url)
    return url


async def _move_to_india(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        name = await connection.fetchval("select current_database()")
        await connection.execute(f"""alter database "{name}" set timezone = 'Asia/Kolkata'""")
    finally:
        await connection.close()


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_export_import_export_gives_equal_bytes(target, exported, form):
    for team, name, number in (("Saltwood Boats", "boats", ORDERS), ("The yard", "yard", YARD)):
        file = exported / f"{name}.{form}"
        done = milepost("import", "orders", str(file), "--team", team, "--json", url=target)
        counts = {"created": number, "updated": 0, "unchanged": 0, "failed": 0}
        one = {"file": str(file), "records": number, "resumed_after": 0, **counts, "failures": []}
        assert json.loads(done.stdout) == {**counts, "files": [one]}
        again = milepost("export", "orders", "--team", team, "--format", form, url=target)
        assert again.stdout.encode() == file.read_bytes().replace(b"\r\n", b"\n")
        assert again.stderr == f"{number} orders written\n"
        copy = exported / f"copy.{form}"
        milepost("export", "orders", "--team", team, "-o", str(copy), url=target)
        assert copy.read_bytes() == file.read_bytes()
    lines = (exported / f"boats.{form}").read_bytes().count(b"\n")
    assert lines == ORDERS if form == "ndjson" else lines > ORDERS


def test_import_again_and_what_differs(target, exported, tmp_path):
    """Told as unchanged; a line that differs is told, exit code 1, and the others come in."""
    file = exported / "yard.ndjson"
    orders = ("import", "orders", "--team", "The yard")
    done = inside(*orders, str(file), url=target)
    assert done.stdout == f"{file}: {YARD} created, 0 updated, 0 unchanged, 0 failed\n"
    done = inside(*orders, str(file), url=target)
    assert done.stdout == f"{file}: 0 created, 0 updated, {YARD} unchanged, 0 failed\n"
    changed = tmp_path / "changed.ndjson"
    first, *others = file.read_bytes().splitlines(keepends=True)
    changed.write_bytes(first.replace(b"Rua do Cais", b"Quay Street") + b"nothing\n" + b"".join(others))
    done = inside(*orders, str(changed), url=target, code=1)
    assert done.stdout.splitlines() == [
        f"{changed}: 0 created, 0 updated, {YARD - 1} unchanged, 2 failed",
        "  line 1 (#7): The order is here already and stays as it is: it differs in ship_to, milepost.events",
        "  line 2: It is not JSON: JSON is malformed: invalid character (byte 4)",
    ]


def test_the_workspace_comes_first(target, exported):
    """Orders that need what a team does not have are refused, each naming what is missing; others come in."""
    file = str(exported / "boats.ndjson")
    done = inside("import", "orders", file, "--team", "The yard", "--json", url=target, code=1)
    report = json.loads(done.stdout)
    assert report["created"] + report["failed"] == ORDERS
    assert report["failed"] > 100
    for failure in report["files"][0]["failures"]:
        assert failure["reason"].startswith("The workspace has no ")
        assert failure["reason"].endswith("(milepost export-workspace there, milepost apply FILE here)")


def test_usage(source, tmp_path):
    """Exit codes as of every command."""
    nowhere = str(tmp_path / "nowhere" / "file")
    inside("export", "orders", url=source, code=2)  # which team?
    inside("export", "orders", "--team", "Nobody", url=source, code=3)
    inside("export", "orders", "--team", "The yard", "--json", url=source, code=2)
    inside("export", "orders", "--team", "The yard", "--format", "xml", url=source, code=2)
    inside("export", "orders", "--team", "The yard", "-o", nowhere, url=source, code=1)
    inside("import", "orders", "--team", "The yard", "--format", "xml", "x", url=source, code=2)
    done = inside("import", "orders", "--team", "The yard", nowhere, url=source, code=1)
    assert done.stdout == f"{nowhere}: No such file or directory\n"
    table = tmp_path / "orders.CSV"
    table.write_text("number\n1\n")
    done = inside("import", "orders", "--team", "The yard", str(table), url=source, code=1)
    assert done.stdout.startswith(f"{table}: there is no column 'number'; the columns are order_number, ")


def test_a_file_appears_whole_or_not_at_all(source, tmp_path):
    file = tmp_path / "orders.ndjson"
    file.write_text("what was there before")
    done = run(
        *("export", "orders", "--team", "The yard", "-o", str(file)),
        env={"MILEPOST_DATABASE_URL": source.replace("/milepost_test", "/no_such")},
    )
    assert done.returncode == 69
    assert file.read_text() == "what was there before"
    inside("export", "orders", "--team", "The yard", "-o", str(file), url=source)
    assert file.read_bytes().count(b"\n") == YARD
    assert [path.name for path in tmp_path.iterdir()] == ["orders.ndjson"]


def test_a_reader_that_leaves(source):
    """`milepost export orders | head -c 100`: nothing is wrong."""
    command = f"{sys.executable} -m milepost export orders --team 'Saltwood Boats' | head -c 100"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        cwd=ROOT,
        env={**QUIET, "MILEPOST_DATABASE_URL": source},
        timeout=60,
        check=False,
    )
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 100, b"")
