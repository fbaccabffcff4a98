"""Where settings come from: the environment, `.env`, and the files that variables ending in `_FILE` name."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PREFIX: Final = "MILEPOST_"
_FILE: Final = "_FILE"
_LARGEST_FILE: Final = 65_536
_OF_THE_TEST_RUN: Final = ("MILEPOST_TEST_", "MILEPOST_REQUIRE_ALL")
"""Read by the tests themselves, and inherited by the servers that tests start."""


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable and the cure."""


def variable(setting: str) -> str:
    """The name of a setting's environment variable."""
    return f"{PREFIX}{setting.upper()}"


def read_variables(known: frozenset[str], folder: Path) -> dict[str, str]:
    """The values that are set, by setting; the environment comes before the `.env` of `folder`.

    Raises SettingsError for names that are no setting and for `_FILE` variables whose file cannot be read.
    """
    in_file = _ours(_dotenv(folder / ".env"))
    in_environment = _ours(os.environ)
    names = sorted({*in_file, *in_environment})
    if unknown := [name for name in names if _setting(name) not in known]:
        raise SettingsError("\n".join(_unknown(name, known) for name in unknown))
    return {**_values(in_file), **_values(in_environment)}


def _dotenv(path: Path) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.absolute()} cannot be read: {error}") from error


def _ours(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(PREFIX) and not name.startswith(_OF_THE_TEST_RUN) and value is not None
    }


def _values(variables: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, text in variables.items():
        if not text.strip():
            continue
        setting = _setting(name)
        if setting in values:
            raise SettingsError(f"{variable(setting)} and {variable(setting)}{_FILE} are both set: keep one")
        values[setting] = _read(name, text) if name.endswith(_FILE) else text.strip()
    return values


def _setting(name: str) -> str:
    return name.removeprefix(PREFIX).removesuffix(_FILE).lower()


def _read(name: str, path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{name}: {path} cannot be read: {reason}") from error
    if len(text) > _LARGEST_FILE:
        raise SettingsError(f"{name}: {path} is larger than {_LARGEST_FILE} characters")
    return text.strip()


def _unknown(name: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(_setting(name), sorted(known), n=3)
    hint = f" Did you mean {' or '.join(map(variable, near))}?" if near else ""
    return f"{name} is no setting of Milepost.{hint}"
