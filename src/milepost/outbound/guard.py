"""The address guard: the way from here to a receiver, on which no socket is opened to an address that may not be
reached (Orders API, section 18).

A name is resolved here, every answer is judged, and the connection goes to one of the judged addresses, never to
the name again: what a resolver says a moment later changes nothing. The request keeps the host's name, so `Host`
and TLS are about the name. Addresses written in the URL are judged as well, right before their socket is made.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from milepost.model.receiver_address import Reach, is_refused

_LOOKUPS_AT_ONCE: Final = 64
"""A look-up that hangs holds a thread. Look-ups of one host are shared, so this many names may hang at a time."""
_REMEMBERED_SECONDS: Final = 2
_KEEP_ALIVE_SECONDS: Final = 4.0
"""Shorter than servers commonly wait (Node: 5 s), so that we do not send into a connection that is being closed."""
_ANSWER_BYTES: Final = 16_384

LookUp = Callable[[str, int], Sequence[tuple[Any, ...]]]
"""What a name resolves to, as `socket.getaddrinfo` answers; blocks. Raises OSError."""


class BlockedAddress(OSError):
    """The receiver's host leads to an address that may not be reached; nothing was opened."""


class Proxy(Struct, frozen=True):
    """A CONNECT proxy: everything goes through it."""

    host: str
    port: int
    authorization: str | None = None

    @classmethod
    def of(cls, url: str) -> "Proxy":
        """The proxy that `http://user:password@host:port` names."""
        parts = urlsplit(url)
        login = None
        if parts.username is not None:
            text = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            login = "Basic " + base64.b64encode(text.encode()).decode()
        return cls(parts.hostname or "", parts.port or 80, login)


def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """All addresses of a host, by the system's resolver."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def connector(
    reach: Reach,
    *,
    seconds: float,
    proxy: Proxy | None,
    look_up: LookUp,
    tls: ssl.SSLContext,
) -> aiohttp.TCPConnector:
    """What an HTTP client connects by, within so many seconds from the look-up to the end of the TLS handshake. Must
    be made in a running loop, and be closed."""
    return _GuardedConnector(reach, seconds, proxy, look_up, tls)


class _GuardedResolver(AbstractResolver):
    def __init__(self, reach: Reach, look_up: LookUp) -> None:
        self._reach = reach
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(self._threads, self._look_up, host, port)
        if not infos:
            raise OSError(None, f"{host} has no address")
        return [self._judged(host, port, info[0], info[4][0]) for info in infos]

    def _judged(self, host: str, port: int, family: int, address: str) -> ResolveResult:
        _judge(address, self._reach)
        return ResolveResult(
            hostname=host,
            host=address,
            port=port,
            family=family,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST,
        )

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _GuardedConnector(aiohttp.TCPConnector):
    def __init__(
        self, reach: Reach, seconds: float, proxy: Proxy | None, look_up: LookUp, tls: ssl.SSLContext
    ) -> None:
        self._seconds = seconds
        self._guard = _GuardedResolver(reach, look_up)
        self._reach = reach
        self._proxy = proxy
        super().__init__(
            resolver=self._guard,
            socket_factory=self._socket,
            ssl=tls,
            family=socket.AF_UNSPEC,
            ttl_dns_cache=_REMEMBERED_SECONDS,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            limit=0,  # the workers bound what is in flight (outbound/lanes.py)
        )

    async def close(self, *, abort_ssl: bool = False) -> None:
        await super().close(abort_ssl=abort_ssl)
        await self._guard.close()

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket to a judged address. Names were judged when they were resolved; what the URL holds as an
        address comes here first."""
        family, kind, protocol, _, address = info
        _judge(address[0], self._reach)
        return socket.socket(family, kind, protocol)

    async def _create_connection(self, *args: Any, **kwargs: Any) -> Any:
        async with asyncio.timeout(self._seconds):
            return await super()._create_connection(*args, **kwargs)

    async def _wrap_create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """With a proxy: the same connection, by a tunnel. (What aiohttp itself does with a proxy would let the
        proxy resolve the name, and sends plain http without a tunnel.)"""
        if self._proxy is None:
            return await super()._wrap_create_connection(*args, **kwargs)
        request, infos = kwargs.pop("req"), kwargs.pop("addr_infos")
        client_error, _ = kwargs.pop("client_error"), kwargs.pop("timeout")
        try:
            opened = await self._tunnel(self._proxy, infos)
            try:
                return await self._loop.create_connection(*args, **kwargs, sock=opened)
            except BaseException:
                opened.close()
                raise
        except ssl.CertificateError as error:
            raise aiohttp.ClientConnectorCertificateError(request.connection_key, error) from error
        except ssl.SSLError as error:
            raise aiohttp.ClientConnectorSSLError(request.connection_key, error) from error
        except TimeoutError:
            raise
        except OSError as error:
            raise client_error(request.connection_key, error) from error

    async def _tunnel(self, proxy: Proxy, infos: Sequence[tuple[Any, ...]]) -> socket.socket:
        """A socket whose other end is the first of the judged addresses."""
        for info in infos:
            _judge(info[4][0], self._reach)
        loop = asyncio.get_running_loop()
        places = await loop.run_in_executor(None, look_up, proxy.host, proxy.port)
        family, kind, protocol, _, address = places[0]
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setblocking(False)
            await loop.sock_connect(opened, address)
            await loop.sock_sendall(opened, _connect_request(proxy, *infos[0][4][:2]))
            await _expect_tunnel(loop, opened)
        except BaseException:
            opened.close()
            raise
        return opened


def _judge(address: str, reach: Reach) -> None:
    if is_refused(address, reach):
        raise BlockedAddress(None, f"{address} may not be reached")


def _connect_request(proxy: Proxy, address: str, port: int) -> bytes:
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _expect_tunnel(loop: asyncio.AbstractEventLoop, opened: socket.socket) -> None:
    """Reads the proxy's answer up to its end and no further: what follows belongs to the receiver."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = await loop.sock_recv(opened, 1)
        answer += byte
        if not byte or len(answer) > _ANSWER_BYTES:
            raise OSError(None, "the proxy did not answer CONNECT")
    words = answer.split(b"\r\n", 1)[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].startswith(b"2"):
        raise OSError(None, f"the proxy refused: {answer[:200].decode('latin-1').splitlines()[0]}")
