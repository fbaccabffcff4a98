"""The secret key that is made once and kept in the data folder, readable by its owner alone."""

import contextlib
import os
import secrets
from pathlib import Path

from milepost.settings.kinds import SECRET_KEY_MINIMUM
from milepost.settings.variables import PREFIX, SettingsError


def read_or_make(data_dir: Path) -> bytes:
    """The key kept in the folder. Raises SettingsError when it can neither be read nor made."""
    path = data_dir / "secret.key"
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        return _read(path)
    except OSError as error:
        raise SettingsError(
            f"the secret key cannot be kept in {path}: {error.strerror}. "
            f"Set {PREFIX}SECRET_KEY or {PREFIX}DATA_DIR"
        ) from error


def _read(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < SECRET_KEY_MINIMUM:
        raise SettingsError(f"{path} holds no secret key: restore it, or remove it to have a new one made")
    return key


def _make(path: Path) -> None:
    # Written beside its place and linked: processes that start together keep one key, and a whole one.
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
