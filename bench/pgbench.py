"""pgbench with the very same prepared SQL: what the database gives when no Python stands before it."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from bench.compare import CLIENTS
from bench.ground import Team
from bench.statements import statements
from milepost.store.embedded import install as embedded_install

_WALK = 100
"""Orders that each client of the status script changes in turn, its own alone."""
_SECONDS_MORE = 60
_DEBIAN = Path("/usr/lib/postgresql/15/bin/pgbench")


def program() -> str | None:
    """pgbench: of the embedded wheel, of Debian's PostgreSQL 15, or on the path."""
    of_wheel = embedded_install.locate().programs / "pgbench"
    found = next((place for place in (of_wheel, _DEBIAN) if place.exists()), None)
    return str(found) if found else shutil.which("pgbench")


async def scripts(url: str, team: Team) -> dict[str, str]:
    """By workload: a script of pgbench. Where Milepost sends a parameter stands an expression."""
    sql = statements()
    some = team.order_ids[:1000]
    listed = {1: f"'{team.id}'::uuid", 2: "25", 3: ":offset"}
    one = {1: f"'{team.id}'::uuid", 2: f"({_array(some, 'uuid')})[:order]"}
    return {
        "list of 25": "\\set offset random(0, 31) * 25\n" + filled(sql.list_orders, listed),
        "get-one": f"\\set order random(1, {len(some)})\n" + filled(sql.get_order, one),
        "status change": await _change_script(url, team),
    }


def run(script: str, url: str, seconds: float, *, options: Mapping[str, int] | None = None) -> float:
    """Transactions a second of 16 clients. Raises RuntimeError with pgbench's words when one fails."""
    pgbench = program()
    assert pgbench is not None
    whole = max(1, round(seconds))
    command = [pgbench, "-n", "-M", "prepared", "-c", f"{CLIENTS}", "-j", "2", "-T", f"{whole}"]
    for name, value in (options or {"step": 0}).items():
        command += ["-D", f"{name}={value}"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [*command, "-f", file.name, url], capture_output=True, text=True, timeout=whole + _SECONDS_MORE
        )
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
    return float(found[1])


async def _change_script(url: str, team: Team) -> str:
    """Load and move, like a status change. Each client walks through orders of its own and counts its steps,
    and so knows every version without being told, as long as nobody else moves them: good for one run."""
    walks = min(_WALK, len(team.order_ids) // CLIENTS)
    ids = team.order_ids[: walks * CLIENTS]
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """select o.version, o.event_seq, o.lifecycle
            from unnest($2::uuid[]) with ordinality as w (id, place)
            join orders o on o.team_id = $1 and o.id = w.id order by w.place""",
            team.id,
            ids,
        )
    finally:
        await connection.close()
    order = f"({_array(ids, 'uuid')})[:order]"
    pair = _array(team.status_ids[:2], "uuid")
    status, before = f"({pair})[:walk % 2 + 1]", f"({pair})[2 - :walk % 2]"
    version = f"({_array([row[0] for row in rows], 'bigint')})[:order] + :walk"
    sequence = f"({_array([row[1] for row in rows], 'bigint')})[:order] + :walk + 1"
    load = {1: f"'{team.id}'::uuid", 2: f"array[{order}]", 3: status, 4: "false"}
    move = {
        **dict(
            enumerate(_state(order, status, before, version, sequence, team.workflow_ids[0], rows[0][2]), 2)
        ),
        1: f"'{team.id}'::uuid",
        14: "now()",
        15: "'api_key'",
        16: f"'{team.id}'::uuid",
        17: "'bench'",
        **dict(enumerate(_event(order, sequence), 18)),
    }
    steps = f"\\set order :client_id * {walks} + :step % {walks} + 1\n\\set walk :step / {walks}\n"
    sql = statements()
    return steps + "\\set step :step + 1\n" + filled(sql.load, load) + filled(sql.move, move, one_row=True)


def _state(
    order: str, status: str, before: str, version: str, sequence: str, workflow: str, lifecycle: str
) -> tuple[str, ...]:
    """Parameters 2 to 13 of the move."""
    return (
        f"array[{order}]",
        f"array[{version}]",
        f"array[{sequence}]",
        f"array[{status}]",
        "array[null]",
        f"array['{workflow}']",
        f"array[{status}]",
        "array[now()]",
        "array[now() + interval '2 days']",
        f"array['{lifecycle}']",
        f"array[{before}]",
        f"array['{workflow}']",
    )


def _event(order: str, sequence: str) -> tuple[str, ...]:
    """Parameters 18 to 26 of the move."""
    status = (
        '{"custom_status": {"id": "01KXXXXXXXXXXXXXXXXXXXXXXX", "name": "In cutting", "color": "#0099CC"}}'
    )
    facts = '{"order_number": "#100001", "order_type": "PURCHASE_ORDER"}'
    return (
        "array[gen_random_uuid()]",
        f"array[{order}]",
        f"array[{sequence}]",
        "array['order.status.changed']",
        "array[null]",
        "array[now()]",
        f"array['{status}']",
        f"array['{status}']",
        f"array['{facts}']",
    )


def filled(sql: str, parameters: Mapping[int, str], *, one_row: bool = False) -> str:
    """The statement with its parameters. `one_row`: the run fails when it does not return exactly one row."""
    text = re.sub(r"\$([0-9]+)", lambda found: parameters[int(found[1])], sql).strip()
    return text + ("\n\\gset\n" if one_row else ";\n")


def _array(values: list, kind: str) -> str:
    return f"array[{','.join(repr(value) for value in values)}]::{kind}[]"
