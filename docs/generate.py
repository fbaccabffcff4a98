"""Writes docs/reference/ from the code: `python docs/generate.py` (`make docs`).

A test compares the committed pages with what this makes, so that they cannot tell of another program.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from milepost import settings
from milepost.cli import app
from milepost.surfaces.status_api.changelog import changelog

FOLDER = Path(__file__).parent / "reference"
_SOURCES = Path(settings.__file__).parents[1]
_NOTE = "<!-- Made by docs/generate.py from the code: change it there, then run `make docs`. -->"
_COMMON = ("--database-url", "--data-dir", "--json", "--help")


def pages() -> dict[str, str]:
    """The text of every page by file name."""
    return {
        "settings.md": _settings_page(),
        "cli.md": _cli_page(),
        "status-api-changelog.md": f"{_NOTE}\n\n{changelog()}",
    }


# Settings


def _settings_page() -> str:
    parts = [_NOTE, "# Settings", _SETTINGS_INTRODUCTION]
    fields = settings.Settings.model_fields
    starts = {first: heading for heading, first in settings.GROUPS.items()}
    for name, field in fields.items():
        if name in starts:
            parts.append(f"## {starts[name]}")
            parts.append("| variable | default | meaning |\n|---|---|---|")
        meaning = _cell(field.description or "") + ("" if _has_effect(name) else " *No effect yet.*")
        parts[-1] += f"\n| `{settings.variable(name)}` | {_default(name, field)} | {meaning} |"
    return "\n\n".join(parts) + "\n"


_SETTINGS_INTRODUCTION = """
Every setting is an environment variable. Any of them may instead be named with `_FILE` added
(`MILEPOST_SECRET_KEY_FILE=/run/secrets/key`): the value is then the text of that file. Both may also stand in
a file `.env` in the current folder; the environment comes before it, and options of the command line come
before both. An empty variable counts as not set. An unknown `MILEPOST_` variable is an error at start.
Booleans are `true` or `false`. `milepost doctor` prints the values in force, with secrets masked.

*No effect yet* means: read and checked, for a part of Milepost that comes with a later release.
""".strip()


def _has_effect(name: str) -> bool:
    """Whether any code uses the setting, besides what only fills in or tells settings."""
    readers = [
        path
        for path in _SOURCES.rglob("*.py")
        if path.stem not in ("doctor_checks", "serve", "serve_workers")
    ]
    return any(re.search(rf"settings\.{name}\b", path.read_text()) for path in readers)


def _default(name: str, field: Any) -> str:
    if field.default_factory is not None or field.default is None:
        return "not set"
    text = settings.effective(_DEFAULTS)[name]
    return f"`{text}`" if text else "empty"


_DEFAULTS = settings.Settings.model_construct()


# Commands


def _cli_page() -> str:
    program = get_command(app)
    parts = [_NOTE, "# Commands", _CLI_INTRODUCTION]
    for name, command in _commands(program, "milepost"):
        parts += list(_command(name, command))
    return "\n\n".join(parts) + "\n"


_CLI_INTRODUCTION = """
Data goes to stdout, everything else to stderr. Exit codes: 0 ok, 1 failure, 2 usage, 3 not found,
4 permission, 5 conflict, 69 service unavailable, 130 interrupted.

These options mean the same wherever a command has them:

| option | meaning |
|---|---|
| `--database-url URL` | The PostgreSQL (15 or newer) to use (`MILEPOST_DATABASE_URL`) |
| `--data-dir DIR` | The folder of the embedded database and secret key (`MILEPOST_DATA_DIR`) |
| `--json` | Print one JSON document instead of text |

Without a database URL the embedded PostgreSQL of the data folder is started, or joined when it runs.
""".strip()


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for below, each in command.commands.items():
        yield from _commands(each, f"{name} {below}")


def _command(name: str, command: Any) -> Iterator[str]:
    options = [each for each in command.params if each.param_type_name == "option"]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    yield f"## {name}"
    usage = [name, *(_spelling(each) + ("..." if each.nargs == -1 else "") for each in arguments)]
    usage += [_usage(each) for each in options if each.opts[0] != "--help"]
    yield "```\n" + _wrapped(usage) + "\n```"
    yield command.help
    rows = [(_spelling(each), each.help or "") for each in arguments]
    rows += [(_spelling(each), _described(each)) for each in options if each.opts[0] not in _COMMON]
    if rows:
        lines = [f"| `{_cell(spelling)}` | {_cell(meaning)} |" for spelling, meaning in rows]
        yield "| option | meaning |\n|---|---|\n" + "\n".join(lines)


def _usage(option: Any) -> str:
    text = _spelling(option)
    return text if option.required else f"[{text}]"


def _spelling(option: Any) -> str:
    if option.param_type_name == "argument":
        return str(option.metavar or option.name.upper())
    return option.opts[0] if option.is_flag else f"{option.opts[0]} {option.metavar or 'VALUE'}"


def _described(option: Any) -> str:
    shown = not option.is_flag and option.default not in (None, "", ()) and not callable(option.default)
    return f"{option.help} Default: {option.default}." if shown else option.help


def _wrapped(words: list[str], width: int = 100) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, page in pages().items():
        (FOLDER / file_name).write_text(page)
