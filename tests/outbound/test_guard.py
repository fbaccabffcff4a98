"""The address guard at work (section 18): what a name leads to is judged before a socket is opened. The resolver
lies as it likes; listeners count who came."""

import asyncio
import base64
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from milepost.model.receiver import Receiver as Target
from milepost.model.receiver_address import Reach
from milepost.outbound.guard import Proxy
from milepost.outbound.sender import Limits, Sender
from tests.outbound.receivers import Listener, listening, receiving, status
from tests.outbound.test_sender import tls_receiver

SECRET = "whsec_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="
PUBLIC_ONLY = Reach(allow_http=True)
LOOPBACK = Reach(cidrs=(ip_network("127.0.0.1/32"),), allow_http=True)
PUBLIC = "8.8.8.8"


def now() -> datetime:
    return datetime.now(UTC)


def answers(*addresses: str) -> Any:
    """A resolver for which every name has these addresses."""

    def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in addresses
        ]

    return look_up


async def error(url: str, reach: Reach, **options: Any) -> str | None:
    async with Sender(reach, now, limits=Limits(whole=1, connecting=0.5), **options) as sender:
        sent = await sender.send(Target(webhook_id="w", url=url, secrets=(SECRET,)), b"{}", "01K", 1)
    assert (sent.result.response_status is None) or sent.result.error is None
    return sent.result.error


_connected: list[Any] | None = None


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connected is not None:
        _connected.append(args[1])


sys.addaudithook(_hear)


@pytest.fixture
def connects() -> Iterator[list[Any]]:
    """The addresses to which this process begins to connect, by the interpreter's own audit."""
    global _connected
    _connected = []
    yield _connected
    _connected = None


@pytest.mark.parametrize(
    "addresses",
    [
        (PUBLIC, "10.0.0.1"),
        ("10.0.0.1", PUBLIC),
        (PUBLIC, "127.0.0.1"),
        ("::ffff:10.0.0.1",),
        ("64:ff9b::ac10:105",),
        ("2002:c0a8:101::",),
        ("::1",),
        ("::127.0.0.1",),
        ("fe80::1%1",),
        ("169.254.169.254",),
        ("no address at all",),
    ],
)
async def test_a_refused_address_opens_nothing(addresses, connects):
    """O-60: one address that is refused is enough, whichever it is."""
    async with listening() as listener:
        url = f"http://hooks.example.com:{listener.port}/"
        assert await error(url, PUBLIC_ONLY, look_up=answers(*addresses)) == "blocked_address"
        assert listener.connections == 0
    assert connects == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0"])  # noqa: S104
async def test_an_address_in_the_url_is_judged_too(host, connects):
    """Nobody resolves it, so it comes to the guard's second gate."""
    async with listening() as listener:
        assert await error(f"http://{host}:{listener.port}/", PUBLIC_ONLY) == "blocked_address"
        assert listener.connections == 0
    assert connects == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_other_spellings_of_an_address_lead_nowhere(host, connects):
    async with listening() as listener:
        found = await error(f"http://{host}:{listener.port}/", PUBLIC_ONLY)
        assert found in {"connection", "blocked_address"}
        assert listener.connections == 0
    assert connects == []


async def test_what_is_allowed_is_reached_and_the_rest_is_not(connects):
    """O-59: with 127.0.0.1 allowed it is reached by name and by address; 10.0.0.1 beside it is not."""
    async with receiving() as receiver:
        here = f"http://hooks.example.com:{receiver.port}/"
        assert await error(here, LOOPBACK, look_up=answers("127.0.0.1")) is None
        assert await error(f"http://127.0.0.1:{receiver.port}/", LOOPBACK) is None
        assert await error(here, LOOPBACK, look_up=answers("127.0.0.1", "10.0.0.1")) == "blocked_address"
        assert await error(here, LOOPBACK, look_up=answers("127.0.0.2")) == "blocked_address"
        assert [one.headers["Host"] for one in receiver.received] == [
            f"hooks.example.com:{receiver.port}",  # the name stays
            f"127.0.0.1:{receiver.port}",
        ]
    assert connects == [("127.0.0.1", receiver.port)] * 2


async def test_the_connection_goes_to_what_was_judged():
    """The name is never asked for again: who answers well first and badly then reaches nothing new."""
    asked = []

    def changing(host: str, port: int) -> Sequence[tuple[Any, ...]]:
        asked.append(host)
        found: Sequence[tuple[Any, ...]] = answers("127.0.0.1" if len(asked) == 1 else "127.0.0.2")(
            host, port
        )
        return found

    async with receiving() as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert await error(url, LOOPBACK, look_up=changing) is None
        assert asked == ["hooks.example.com"]
        assert await error(url, LOOPBACK, look_up=changing) == "blocked_address"
        assert len(receiver.received) == 1


async def test_the_next_judged_address_is_tried():
    """One that nobody answers at does not end the attempt."""
    reach = Reach(cidrs=(ip_network("127.0.0.0/8"),), allow_http=True)
    async with receiving() as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert await error(url, reach, look_up=answers("127.0.0.9", "127.0.0.1")) is None
        assert len(receiver.received) == 1


async def test_a_name_that_does_not_resolve():
    """Section 18: resolving fails: `connection`."""

    def unknown(host: str, port: int) -> Sequence[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert await error("http://nowhere.example/", PUBLIC_ONLY, look_up=unknown) == "connection"
    assert await error("http://nowhere.example/", PUBLIC_ONLY, look_up=lambda host, port: []) == "connection"


async def test_a_resolver_that_hangs_holds_up_no_other_name():
    """And a name is asked for once, however many attempts wait for it."""
    release, asked = threading.Event(), []

    def slow(host: str, port: int) -> Sequence[tuple[Any, ...]]:
        asked.append(host)
        if host == "slow.example":
            release.wait(5)
        found: Sequence[tuple[Any, ...]] = answers("127.0.0.1")(host, port)
        return found

    async with receiving() as receiver:
        limits = Limits(whole=0.6, connecting=0.5)
        async with Sender(LOOPBACK, now, limits=limits, look_up=slow) as sender:

            def send(host: str) -> Any:
                url = f"http://{host}:{receiver.port}/"
                target = Target(webhook_id="w", url=url, secrets=(SECRET,))
                return sender.send(target, b"{}", "01K", 1)

            hanging = [asyncio.create_task(send("slow.example")) for _ in range(100)]
            await asyncio.sleep(0.05)
            began = time.monotonic()
            assert (await send("quick.example")).result.error is None
            assert time.monotonic() - began < 0.3
            assert {(await one).result.error for one in hanging} == {"timeout"}
            release.set()
    assert asked.count("slow.example") == 1


# Proxy ------------------------------------------------------------------------------------------------------


class ProxyServer:
    """A CONNECT proxy that keeps what it was asked."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.answer = answer
        self.asked: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        writer.write(self.answer)
        await writer.drain()
        if b" 200 " not in self.answer:
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        there = await asyncio.open_connection(host.strip("[]"), int(port))
        await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


def through(listener: Listener, login: str = "") -> Proxy:
    return Proxy.of(f"http://{login}127.0.0.1:{listener.port}")


async def test_everything_goes_through_the_proxy(tmp_path: Path):
    """Section 18: the tunnel is asked for by the judged address; Host and TLS name stay the host's name."""
    proxy = ProxyServer()
    async with listening(proxy) as listener, receiving() as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        options: dict[str, Any] = {"look_up": answers("127.0.0.1"), "proxy": through(listener)}
        assert await error(url, LOOPBACK, **options) is None
        assert receiver.received[0].headers["Host"] == f"hooks.example.com:{receiver.port}"
        place = f"127.0.0.1:{receiver.port}"
        assert proxy.asked == [f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode()]

        async with tls_receiver(tmp_path, "hooks.example.com") as (port, trusting):
            url = f"https://hooks.example.com:{port}/"
            assert await error(url, LOOPBACK, tls=trusting, **options) is None
            assert await error(url.replace("hooks", "other"), LOOPBACK, tls=trusting, **options) == "tls"
        assert [one.split()[1] for one in proxy.asked[1:]] == [f"127.0.0.1:{port}".encode()] * 2
        assert listener.connections == 3


async def test_the_proxy_is_told_who_we_are():
    proxy = ProxyServer()
    async with listening(proxy) as listener, receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        assert await error(url, LOOPBACK, proxy=through(listener, "mile:p%40ss@")) is None
    wanted = b"Proxy-Authorization: Basic " + base64.b64encode(b"mile:p@ss") + b"\r\n"
    assert wanted in proxy.asked[0]


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://hooks.example.com/"])
async def test_the_proxy_is_not_asked_for_refused_addresses(url):
    async with listening(ProxyServer()) as listener:
        options = {"proxy": through(listener), "look_up": answers(PUBLIC, "10.0.0.1")}
        assert await error(url, LOOPBACK, **options) == "blocked_address"
        assert listener.connections == 0


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 407 Who\r\n\r\n", b"nonsense\r\n\r\n", b"", b"x" * 20_000],
)
async def test_a_proxy_that_refuses(answer):
    async with listening(ProxyServer(answer)) as listener, receiving() as receiver:
        receiver.behaviour = status(204)
        assert await error(receiver.url, LOOPBACK, proxy=through(listener)) == "connection"
        assert receiver.received == []
        assert listener.connections == 1


async def test_a_proxy_that_hangs_or_is_not_there():
    async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(hanging) as listener:
        assert await error("http://127.0.0.1:9/", LOOPBACK, proxy=through(listener)) == "timeout"
    assert await error("http://127.0.0.1:9/", LOOPBACK, proxy=through(listener)) == "connection"
