"""The kinds of values that settings have, and the sentences that refuse others."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

SECRET_KEY_MINIMUM: Final = 32
_NO_LINE_BREAKS = re.compile(r"[^\x00-\x1f\x7f]*")


def _parts(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _networks(value: object) -> object:
    parts = _parts(value)
    if not isinstance(parts, tuple):
        return parts
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError as error:
        raise ValueError(f"must be networks like 10.20.0.0/16, comma-separated: {error}") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _url(value: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(value)
        # PostgreSQL's address may leave the host to its query (`?host=/run/postgresql`).
        whole = parts.hostname or parts.scheme.startswith("postgres")
        usable = parts.scheme in schemes and whole and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not _NO_LINE_BREAKS.fullmatch(value):
        # The value is not repeated: it may hold a password.
        raise ValueError(f"must be a URL like {schemes[0]}://host:port")
    return value


def _web_address(value: str) -> str:
    if "?" in value or "#" in value:
        raise ValueError("must not have a query or a fragment")
    return _url(value, ("https", "http")).rstrip("/")


def _secret_url(*schemes: str) -> AfterValidator:
    return AfterValidator(lambda value: SecretStr(_url(value.get_secret_value(), schemes)))


def _mail_address(value: str) -> str:
    if "@" not in value or not _NO_LINE_BREAKS.fullmatch(value):
        raise ValueError("must be a mail address, like orders@example.com or Orders <orders@example.com>")
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SECRET_KEY_MINIMUM:
        raise ValueError(f"must have at least {SECRET_KEY_MINIMUM} characters")
    return value


def _for_ever_or_long(value: int) -> int:
    if 0 < value < 60:
        raise ValueError("must be 0 (for ever) or at least 60")
    return value


_Delay = Annotated[float, Field(ge=0, le=604_800, allow_inf_nan=False)]

DatabaseAddress = Annotated[SecretStr, _secret_url("postgresql", "postgres")]
MailServer = Annotated[SecretStr, _secret_url("smtp", "smtps")]
Proxy = Annotated[SecretStr, _secret_url("http")]
WebAddress = Annotated[str, AfterValidator(_web_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Key = Annotated[SecretStr, AfterValidator(_long_enough)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
Seconds = Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)]
Schedule = Annotated[tuple[_Delay, ...], BeforeValidator(_parts), Field(min_length=1, max_length=50)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks), Field(max_length=100)]
EventDays = Annotated[int, AfterValidator(_for_ever_or_long), Field(ge=0, le=36_500)]
