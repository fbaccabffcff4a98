"""Every setting, its default and its sentence: read once, frozen, passed down as values.

Only `app` and `cli` may import this. A setting NAME is the environment variable `MILEPOST_NAME`, or the text
of the file that `MILEPOST_NAME_FILE` names; both may also stand in a file `.env` in the current folder, which
the environment overrules. An empty variable counts as not set.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from milepost.settings import key, kinds
from milepost.settings.variables import PREFIX, SettingsError, read_variables, variable

__all__ = [
    "GROUPS",
    "PREFIX",
    "Settings",
    "SettingsError",
    "default_data_dir",
    "effective",
    "load",
    "secret_key",
    "variable",
]

_MASK: Final = "********"
_CENTURY: Final = 3_155_760_000
_YEAR: Final = 31_536_000
_MONTH: Final = 2_592_000


def default_data_dir() -> Path:
    """The user's data folder; for root `/var/lib/milepost`."""
    if os.geteuid() == 0:
        return Path("/var/lib/milepost")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "milepost"
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "milepost"


class Settings(BaseSettings):
    """All settings of Milepost, in the order of docs/reference/settings.md."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, hide_input_in_errors=True
    )

    database_url: kinds.DatabaseAddress | None = Field(
        None,
        description="The PostgreSQL (15 or newer) to use; not set: the embedded one of the data folder.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="The folder of the embedded database and of the secret key; not set: in the user's data "
        "folder, for root `/var/lib/milepost`.",
    )
    base_url: kinds.WebAddress | None = Field(
        None,
        description="The address under which others reach this server; not set: where it listens.",
    )
    environment: str = Field(
        "selfhosted",
        min_length=1,
        max_length=100,
        description="The name of this installation, shown in the `source` of events.",
    )
    secret_key: kinds.Key | None = Field(
        None,
        description="Encrypts stored secrets (at least 32 characters); not set: made once and kept in the "
        "data folder. Servers that share a database need the same one.",
    )
    log_level: kinds.Level = Field(
        "info", description="The least important lines to log: `debug`, `info`, `warning` or `error`."
    )
    clock_offset_seconds: float = Field(
        0,
        ge=-_CENTURY,
        le=_CENTURY,
        allow_inf_nan=False,
        description="Shifts the server's clock, for rehearsals and tests; `milepost doctor` warns of it.",
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1_024, le=67_108_864, description="The largest JSON request body, in bytes."
    )
    idempotency_ttl_hours: int = Field(
        24, ge=1, le=8_760, description="How long answers to requests with an `Idempotency-Key` are kept."
    )
    default_api_version: Literal["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"] = Field(
        "1.4", description="The Status API version of requests that name none and whose key pins none."
    )
    bulk_max_orders: int = Field(
        1_000, ge=1, le=10_000, description="How many ids one bulk request of the Status API may hold."
    )
    smtp_url: kinds.MailServer | None = Field(
        None, description="The mail server, like `smtp://user:pass@host:port`; not set: no mail is sent."
    )
    mail_from: kinds.MailAddress | None = Field(
        None,
        description="The sender of mail, like `Orders <orders@example.com>`; needed when mail is sent.",
    )
    supplier_blocks_ready: bool = Field(
        True, description="Whether an order with a supplier is NOT_READY until released to the supplier."
    )
    require_if_match: bool = Field(
        False, description="Whether PUT and PATCH of an order must carry `If-Match` (else 428)."
    )
    strict_event_payloads: bool = Field(
        False,
        description="Whether `order.created` carries the published fields alone, without Milepost's own.",
    )
    release_documents_max: int = Field(
        10, ge=0, le=100, description="How many documents a release may carry."
    )
    release_document_max_bytes: int = Field(
        10_485_760, ge=1, le=104_857_600, description="The largest document of a release, in bytes."
    )
    webhook_retry_schedule: kinds.Schedule = Field(
        (0.0, 10.0, 60.0, 300.0, 1800.0),
        description="Seconds before each attempt of a delivery, by commas; as many attempts as numbers.",
    )
    webhook_retry_jitter: float = Field(
        0.2, ge=0, le=1, description="How far each wait may vary at random: 0.2 is 20 % either way."
    )
    webhook_timeout_seconds: kinds.Seconds = Field(
        10, description="The time limit of a whole delivery attempt."
    )
    webhook_connect_timeout_seconds: kinds.Seconds = Field(
        5, description="The time limit for connecting to a receiver."
    )
    webhook_retry_after_max_seconds: int = Field(
        86_400, ge=0, le=_MONTH, description="The longest `Retry-After` of a receiver that is obeyed."
    )
    webhook_disable_after_seconds: int = Field(
        432_000, ge=0, le=_YEAR, description="A webhook that fails for so long is disabled; 0: never."
    )
    webhook_secret_overlap_seconds: int = Field(
        86_400, ge=0, le=_MONTH, description="How long the old secret signs as well after a rotation."
    )
    webhook_concurrency: int = Field(
        8, ge=1, le=100, description="How many deliveries to one webhook run at a time."
    )
    webhook_max_per_team: int = Field(100, ge=1, le=10_000, description="How many webhooks a team may have.")
    webhook_allow_cidrs: kinds.Networks = Field(
        (), description="Private networks that webhooks may reach, comma-separated; empty: public ones only."
    )
    webhook_allow_http: bool = Field(False, description="Whether webhook URLs may be plain `http`.")
    webhook_proxy_url: kinds.Proxy | None = Field(
        None, description="A CONNECT proxy through which every webhook request is sent."
    )
    event_retention_days: kinds.EventDays = Field(
        0, description="How long events are kept: 0 for ever, else at least 60 days."
    )
    delivery_retention_days: int = Field(
        90, ge=1, le=36_500, description="How long deliveries and their bodies are kept."
    )
    delivery_excerpt_retention_days: int = Field(
        30, ge=0, le=36_500, description="How long the beginnings of receivers' answers are kept."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The options of the command line, then the variables."""
        return init_settings, _Variables(settings_cls)


GROUPS: Final = {
    "Server": "database_url",
    "Status API": "default_api_version",
    "Mail": "smtp_url",
    "Orders API": "supplier_blocks_ready",
    "Webhooks": "webhook_retry_schedule",
    "Retention": "event_retention_days",
}
"""The headings of the reference page, each with the setting it begins at."""


class _Variables(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # never asked: `__call__` gives all values at once

    def __call__(self) -> dict[str, Any]:
        return dict(read_variables(frozenset(self.settings_cls.model_fields), Path()))


def load(**options: object) -> Settings:
    """The settings of this process; `options` (of the command line) come before the variables.

    Raises SettingsError naming every variable that is unknown or has a value that cannot be used.
    """
    try:
        return Settings(**options)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [f"  {variable(str(fault['loc'][0]))} {_sentence(fault['msg'])}" for fault in error.errors()]
        raise SettingsError("\n".join(["the settings cannot be used:", *faults])) from None


def secret_key(settings: Settings) -> bytes:
    """The secret key; when none is set, the one that is made and kept in the data folder.

    Raises SettingsError when it can neither be read nor made.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return key.read_or_make(settings.data_dir)


def effective(settings: Settings, *, masked: bool = True) -> dict[str, str]:
    """The value in force of every setting as text; passwords and keys hidden unless `masked` is off."""
    return {name: _spell(getattr(settings, name), masked) for name in type(settings).model_fields}


def _spell(value: object, masked: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(_spell(part, masked) for part in value)
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, SecretStr):
        return _mask(value.get_secret_value()) if masked else value.get_secret_value()
    return str(value)


def _mask(secret: str) -> str:
    """An address without its password; anything else not at all."""
    if "://" not in secret:
        return _MASK
    parts = urlsplit(secret)
    user, has_password, _ = parts.netloc.rpartition("@")[0].partition(":")
    login = f"{user}:{_MASK}@" if has_password else f"{user}@" if user else ""
    # A query may hold a password as well (`?password=`), so it is not shown.
    place = parts._replace(netloc=login + parts.netloc.rpartition("@")[2], query=_MASK if parts.query else "")
    return urlunsplit(place)


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Input ")
