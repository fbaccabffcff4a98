"""The figures of a run as a table or as JSON, each wish with its verdict."""

import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table


class Line(Struct, frozen=True, kw_only=True):
    """One figure. With `at_most` or `at_least` it is a wish, and passes or fails."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool | None:
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None


def show(title: str, lines: Sequence[Line], facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        named = [{**msgspec.structs.asdict(line), "passed": line.passed} for line in lines]
        print(json.dumps({"title": title, "facts": facts, "lines": named}, indent=1))
        return
    table = Table(title=title)
    for heading in ("", "measured", "wished", "", "by the way"):
        table.add_column(heading)
    for line in lines:
        table.add_row(line.name, _figure(line), _wish(line), _verdict(line), line.note)
    console = Console(width=150 if not os.isatty(1) else None)
    console.print(table)
    for name, value in facts.items():
        console.print(f"{name}: {value}", highlight=False)


def failed(lines: Sequence[Line]) -> bool:
    return any(line.passed is False for line in lines)


async def facts(url: str) -> dict[str, str]:
    """What the figures depend on."""
    connection = await asyncpg.connect(url)
    try:
        version = await connection.fetchval("select current_setting('server_version')")
    finally:
        await connection.close()
    names = ("asyncpg", "msgspec", "starlette", "uvicorn", "uvloop", "httptools")
    return {
        "machine": f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}",
        "versions": ", ".join(
            [
                f"Python {platform.python_version()}",
                f"PostgreSQL {version}",
                *(_version(name) for name in names),
            ]
        ),
        "load average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _version(name: str) -> str:
    return f"{name} {metadata.version(name)}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _figure(line: Line) -> str:
    digits = 0 if abs(line.value) >= 1000 else 1 if abs(line.value) >= 20 else 2
    return f"{line.value:,.{digits}f} {line.unit}".strip()


def _wish(line: Line) -> str:
    if line.at_most is not None:
        return f"at most {line.at_most:g}"
    return "" if line.at_least is None else f"at least {line.at_least:g}"


def _verdict(line: Line) -> str:
    return {True: "[green]PASS[/]", False: "[bold red]FAIL[/]", None: ""}[line.passed]
