"""`python -m bench.rls`: what row level security would cost, by pgbench with the statements of list and get.

Policies `team_id = (select current_setting('milepost.team_id')::uuid)` on the tables that these read. A
pool serves every team, so the setting has to travel with each transaction: begin, set_config, statement,
commit. Measured are that through asyncpg, which cannot send several statements with parameters in one; by
pgbench the same in one round trip, and the bare policy with a setting made once by connection; and searches,
whose trigram index a policy shuts out: LIKE is not leakproof.
"""

import argparse
import asyncio
import json
import statistics

import asyncpg

from bench import ground, pgbench, report
from bench.compare import CLIENTS
from bench.ground import Team
from bench.report import Line
from bench.statements import caught, statements
from milepost.model.order import search_pattern
from milepost.reads import order_lists

_TABLES = ("teams", "orders", "order_items", "order_addons", "order_tallies")
_ROLE = "milepost_bench_bound"
_MOST = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rls", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--orders", type=int, default=10_000)
    asked = parser.parse_args()
    with ground.server() as server_url:
        lines, facts = asyncio.run(run(server_url, asked.orders, asked.rounds, asked.seconds))
    report.show("Row level security", lines, facts, as_json=asked.json)


async def run(server_url: str, orders: int, rounds: int, seconds: float) -> tuple[list[Line], dict[str, str]]:
    async with ground.database(server_url, "milepost_bench_rls") as url:
        team = await ground.seed(url, orders)
        await bind(url, team)
        lines = []
        scripts = await pgbench.scripts(url, team)
        for name in ("list of 25", "get-one"):
            lines += _compared(name, _variants(scripts[name], team), url, rounds, seconds)
            lines.append(await _through_asyncpg(name, url, team, rounds, seconds))
        lines.append(await search(url, team))
        return lines, await report.facts(url)


async def bind(url: str, team: Team) -> None:
    """A role that the policies hold for; the owner, who seeded, is free of them."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"do $$ begin create role {_ROLE}; exception when duplicate_object then null; end $$"
        )
        await connection.execute(f"grant {_ROLE} to current_user")
        await connection.execute(f"grant select on all tables in schema public to {_ROLE}")
        for table in _TABLES:
            await connection.execute(f"alter table {table} enable row level security")
            await connection.execute(
                f"""create policy own_team on {table} to {_ROLE}
                using (team_id = (select current_setting('milepost.team_id')::uuid))"""
            )
    finally:
        await connection.close()


def _variants(script: str, team: Team) -> dict[str, str]:
    """By name: the script as it is, and under the policies in two ways."""
    choice, statement = script.split("\n", 1)
    once = f"set role {_ROLE};\nselect set_config('milepost.team_id', '{team.id}', false);\n"
    first = f"\\if :step = 0\n{once}\\set step 1\n\\endif\n"
    setting = f"select set_config('milepost.team_id', '{team.id}', true);"
    role = f"\\if :step = 0\nset role {_ROLE};\n\\set step 1\n\\endif\n"
    together = f"\\startpipeline\nbegin;\n{setting}\n{statement}commit;\n\\endpipeline\n"
    return {
        "without": f"{choice}\n{statement}",
        "pgbench, the policy alone, its setting made once": f"{first}{choice}\n{statement}",
        "pgbench, set in one round trip": f"{role}{choice}\n{together}",
    }


def _compared(name: str, variants: dict[str, str], url: str, rounds: int, seconds: float) -> list[Line]:
    rates: dict[str, list[float]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant, script in variants.items():
            rates[variant].append(pgbench.run(script, url, seconds))
    free = rates.pop("without")
    lines = []
    for variant, kept in rates.items():
        loss = statistics.median(100 - 100 * bound / base for bound, base in zip(kept, free, strict=True))
        lines.append(
            Line(
                name=f"{name}: {variant}",
                value=loss,
                unit="% slower",
                at_most=_MOST,
                note=f"{statistics.median(kept):,.0f}/s against {statistics.median(free):,.0f}/s",
            )
        )
    return lines


async def _through_asyncpg(name: str, url: str, team: Team, rounds: int, seconds: float) -> Line:
    """Begin and setting in one message, the statement, commit: three round trips instead of one."""
    plain = await _pool(url, None)
    bound = await _pool(url, _ROLE)
    try:
        pairs = []
        for _ in range(rounds):
            pairs.append([await _rate(one, name, team, seconds, one is bound) for one in (plain, bound)])
    finally:
        await plain.close()
        await bound.close()
    free, held = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Line(
        name=f"{name}: asyncpg, set in three round trips",
        value=statistics.median(100 - 100 * pair[1] / pair[0] for pair in pairs),
        unit="% slower",
        at_most=_MOST,
        note=f"{held:,.0f}/s against {free:,.0f}/s",
    )


async def _pool(url: str, role: str | None) -> asyncpg.Pool:
    settings = {"role": role} if role else {}
    return await asyncpg.create_pool(url, min_size=CLIENTS, max_size=CLIENTS, server_settings=settings)


async def _rate(pool: asyncpg.Pool, name: str, team: Team, seconds: float, bound: bool) -> float:
    sql = statements()
    list_of_25 = name == "list of 25"
    ends = asyncio.get_running_loop().time() + seconds

    async def client(first: int) -> int:
        done = first
        async with pool.acquire() as connection:
            while asyncio.get_running_loop().time() < ends:
                given = (25, done % 32 * 25) if list_of_25 else (team.order_ids[done % len(team.order_ids)],)
                if bound:
                    await connection.execute(
                        f"begin; select set_config('milepost.team_id', '{team.id}', true)"
                    )
                await connection.fetch(sql.list_orders if list_of_25 else sql.get_order, team.id, *given)
                if bound:
                    await connection.execute("commit")
                done += CLIENTS
        return (done - first) // CLIENTS

    return sum(await asyncio.gather(*(client(first) for first in range(CLIENTS)))) / seconds


async def search(url: str, team: Team) -> Line:
    """The database's time for one search with one hit, bound against free."""
    sql, given = caught(
        lambda db: order_lists.list_orders(
            db,
            team.id,
            order_lists.Filter(search=search_pattern("#100777")),
            sort="created_at",
            direction="desc",
            limit=25,
            offset=0,
        )
    )
    connection = await asyncpg.connect(url)
    try:
        free = await _milliseconds(connection, sql, given)
        await connection.execute(f"set role {_ROLE}")
        await connection.execute(f"select set_config('milepost.team_id', '{team.id}', false)")
        bound = await _milliseconds(connection, sql, given)
    finally:
        await connection.close()
    return Line(
        name="search with one hit: in the database",
        value=100 * bound / free - 100,
        unit="% slower",
        at_most=_MOST,
        note=f"{bound:.2f} ms against {free:.2f} ms",
    )


async def _milliseconds(connection: asyncpg.Connection, sql: str, given: tuple) -> float:
    explain = f"explain (analyze, timing off, format json) {sql}"
    plans = [await connection.fetchval(explain, *given) for _ in range(5)]
    return statistics.median(json.loads(plan)[0]["Execution Time"] for plan in plans)


if __name__ == "__main__":
    main()
