"""One attempt to deliver: a signed POST within its limits, and what came of it (Orders API, section 17)."""

import base64
import contextlib
import io
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache, partial
from types import TracebackType
from typing import Final

import aiohttp
from msgspec import Struct
from yarl import URL

from milepost import __version__
from milepost.kit.clock import Clock
from milepost.model.receiver import AttemptError, AttemptResult, Receiver
from milepost.model.receiver_address import Reach
from milepost.model.signature import signature_header
from milepost.outbound.guard import BlockedAddress, LookUp, Proxy, connector, look_up
from milepost.outbound.schedule import Outcome

_WHOLE_BYTES: Final = 65_536
_READ_BYTES: Final = 65_536
_KEPT_BYTES: Final = 4_096
_USER_AGENT: Final = f"Milepost/{__version__}"
_REDACTED: Final = "redacted"
_NO_AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding")


class Limits(Struct, frozen=True):
    """Seconds that an attempt may take."""

    whole: float = 10
    connecting: float = 5


_DEFAULTS: Final = Limits()


class Sent(Struct, frozen=True):
    """What came of an attempt: for the log, and for the schedule."""

    result: AttemptResult
    outcome: Outcome


class Sender:
    """Sends to receivers. It opens nothing before its first attempt, and must be closed."""

    def __init__(
        self,
        reach: Reach,
        clock: Clock,
        *,
        limits: Limits = _DEFAULTS,
        proxy: Proxy | None = None,
        look_up: LookUp = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._limits = limits
        tls = tls or ssl.create_default_context()  # here, since it reads many certificates
        self._connect_by = partial(
            connector, reach, seconds=limits.connecting, proxy=proxy, look_up=look_up, tls=tls
        )
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Sender":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def probe(self, receiver: Receiver, body: bytes, message_id: str) -> AttemptResult:
        """One attempt by itself (model/receiver.py, Probe)."""
        return (await self.send(receiver, body, message_id, 1)).result

    async def send(self, receiver: Receiver, body: bytes, message_id: str, attempt: int) -> Sent:
        """The attempt of that number. Never raises for what a receiver or the net does."""
        started_at = self._clock()
        headers = _headers(receiver, body, message_id, attempt, started_at)
        began = time.perf_counter()
        answer = await self._post(receiver.url, body, headers)
        duration = time.perf_counter() - began
        result = AttemptResult(
            started_at=started_at,
            duration_ms=round(duration * 1000),
            response_status=answer.status,
            error=answer.error,
            response_excerpt=None if answer.status is None else _text(answer.body),
            request_headers=_redacted(headers),
        )
        outcome = Outcome(
            response_status=answer.status,
            error=answer.error,
            retry_after=answer.headers.get("Retry-After"),
            aborted=answer.headers.get("webhook-delivery", "").strip().lower() == "abort-message",
        )
        return Sent(result, outcome)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> "_Answer":
        session = self._opened()
        answer = _Answer()
        try:
            async with session.post(
                _url(url), data=_data(body), headers=headers, allow_redirects=False
            ) as response:
                answer.status, answer.headers = response.status, response.headers
                answer.error = _error_of(response.status)
                # The status is the answer. What goes wrong with its body, which nobody needs, changes nothing.
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await _read(response.content, answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if answer.status is None:
                answer.error = _word_of(error)
        return answer

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connect_by(),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                skip_auto_headers=_NO_AUTOMATIC_HEADERS,
                timeout=aiohttp.ClientTimeout(
                    total=self._limits.whole,
                    ceil_threshold=float("inf"),  # else limits over 5 s are rounded up to whole seconds
                ),
            )
        return self._session


class _Answer:
    """What is known of the answer so far."""

    __slots__ = ("body", "error", "headers", "status")

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.error: AttemptError | None = None
        self.body = b""


async def _read(content: aiohttp.StreamReader, answer: _Answer) -> None:
    """Reads the body within its bound; its beginning is kept. What is left over closes the connection."""
    read = 0
    while read < _READ_BYTES:
        part = await content.read(_READ_BYTES - read)
        if not part:
            return
        read += len(part)
        if len(answer.body) < _KEPT_BYTES:
            answer.body += part[: _KEPT_BYTES - len(answer.body)]


def _headers(receiver: Receiver, body: bytes, message_id: str, attempt: int, at: datetime) -> dict[str, str]:
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(receiver.secrets, message_id, timestamp, body),
        "milepost-attempt": str(attempt),
    }
    if receiver.username is not None:
        login = f"{receiver.username}:{receiver.password or ''}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    return headers


def _redacted(headers: dict[str, str]) -> dict[str, str]:
    shown = {**headers, "webhook-signature": _REDACTED}
    if "Authorization" in shown:
        shown["Authorization"] = _REDACTED
    return shown


def _data(body: bytes) -> bytes | io.BytesIO:
    """As the HTTP client wants it: what is large it sends in pieces."""
    return body if len(body) <= _WHOLE_BYTES else io.BytesIO(body)


@lru_cache(1_024)
def _url(text: str) -> URL:
    """As it is written: the path is the receiver's own."""
    return URL(text, encoded=True)


def _error_of(status: int) -> AttemptError | None:
    if 200 <= status < 300:
        return None
    return "redirect" if 300 <= status < 400 else "status"


def _word_of(error: BaseException) -> AttemptError:
    """The word for what kept an answer from coming."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BlockedAddress):
            return "blocked_address"
        seen = seen.__cause__
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return "tls"
    return "connection"


def _text(body: bytes) -> str:
    """The beginning of a body as text that the database takes and that is no longer than the body may be."""
    if body.isascii() and b"\0" not in body:
        return body.decode("ascii")
    text = body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode()[:_KEPT_BYTES].decode(errors="ignore")
