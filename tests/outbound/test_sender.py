"""One attempt: what is sent, and what each way of failing is called (17.2, 17.3)."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from milepost import __version__
from milepost.kit.tokens import new_webhook_secret
from milepost.model.receiver import Receiver as Target
from milepost.model.receiver_address import Reach
from milepost.outbound.sender import Limits, Sender, Sent
from tests.outbound.receivers import hang, in_turn, listening, receiving, status

HERE = Reach(cidrs=(ip_network("127.0.0.0/8"),), allow_http=True)
SECRET = "whsec_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw="
OTHER = "whsec_BRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1o="
ID = "01KV5BPHJAF6Y8R5CH0DSZ0FVT"
BODY = b'{"id":"01KV5BPHJAF6Y8R5CH0DSZ0FVT","event_name":"order.updated","sequence":4}'
LIMITS = Limits(whole=0.4, connecting=0.3)


def now() -> datetime:
    return datetime.now(UTC)


def target(url: str, *secrets: str, **members: str) -> Target:
    return Target(webhook_id="w", url=url, secrets=secrets or (SECRET,), **members)


async def send(url: str, body: bytes = BODY, *, limits: Limits = LIMITS, **members: str) -> Sent:
    async with Sender(HERE, now, limits=limits) as sender:
        return await sender.send(target(url, **members), body, ID, 1)


async def test_what_is_sent():
    """17.2: the headers, exactly, and the bytes as they are."""
    async with receiving() as receiver, Sender(HERE, now, limits=LIMITS) as sender:
        sent = await sender.send(target(receiver.url + "?q=%2F&r=a%20b"), BODY, ID, 3)
        (got,) = receiver.received
    assert sent.result.error is None
    assert got.body == BODY
    stamp = got.headers["webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 3
    assert got.headers == {
        "Host": f"127.0.0.1:{receiver.port}",
        "Content-Type": "application/json",
        "User-Agent": f"Milepost/{__version__}",
        "webhook-id": ID,
        "webhook-timestamp": stamp,
        "webhook-signature": got.headers["webhook-signature"],
        "milepost-attempt": "3",
        "Content-Length": str(len(BODY)),
    }


async def test_the_vector_on_the_wire():
    """O-51: the clock of the vector gives the signatures of 17.2, newest secret first."""
    then = datetime.fromtimestamp(1_781_517_732, UTC) + timedelta(microseconds=999_999)
    async with receiving() as receiver, Sender(HERE, lambda: then) as sender:
        await sender.send(target(receiver.url, OTHER, SECRET), BODY, ID, 1)
        (got,) = receiver.received
    assert got.headers["webhook-timestamp"] == "1781517732"
    assert got.headers["webhook-signature"] == (
        "v1,KHj0H95FkTB4gN6bqJQeQGdrKgMNVKZebedZdDURHAs= v1,YzN2vmD7Fdwj1qGiav/1xkfK34tVYzGJUDG0b4P5+bk="
    )


async def test_an_independent_library_verifies():
    """O-51: and one changed byte, id or timestamp fails."""
    secret, body = new_webhook_secret(), '{"name":"Schrauben für Łódź"}'.encode()
    async with receiving() as receiver, Sender(HERE, now) as sender:
        await sender.send(target(receiver.url, secret), body, ID, 1)
        (got,) = receiver.received
    assert Webhook(secret).verify(got.body, got.headers) == json.loads(body)
    stamp = str(int(got.headers["webhook-timestamp"]) + 1)
    for other_body, changed in (
        (body.replace(b"ben", b"bem"), {}),
        (body, {"webhook-id": ID[:-1] + "S"}),
        (body, {"webhook-timestamp": stamp}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(other_body, {**got.headers, **changed})


async def test_basic_authentication_and_what_the_log_keeps():
    """17.2 and 16.6: the header goes out; the log has `redacted` for it and for the signature."""
    async with receiving() as receiver:
        sent = await send(receiver.url, username="mile", password="quiet:öttér")
        (got,) = receiver.received
    assert got.headers["Authorization"] == "Basic " + base64.b64encode("mile:quiet:öttér".encode()).decode()
    kept = dict(sent.result.request_headers)
    assert kept.pop("Authorization") == kept.pop("webhook-signature") == "redacted"
    assert kept == {
        "Content-Type": "application/json",
        "User-Agent": f"Milepost/{__version__}",
        "webhook-id": ID,
        "webhook-timestamp": got.headers["webhook-timestamp"],
        "milepost-attempt": "1",
    }


@pytest.mark.parametrize("number", [200, 201, 202, 204, 299])
async def test_every_2xx_succeeds(number):
    """O-54."""
    async with receiving() as receiver:
        receiver.behaviour = status(number)
        sent = await send(receiver.url)
    assert (sent.result.response_status, sent.result.error) == (number, None)
    assert (sent.outcome.response_status, sent.outcome.error) == (number, None)


@pytest.mark.parametrize("number", [301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_not_followed(number):
    """O-54: no second request."""
    async with receiving() as receiver:
        receiver.behaviour = status(number, Location=receiver.url + "/elsewhere")
        sent = await send(receiver.url)
        await asyncio.sleep(0.05)
        assert [one.path for one in receiver.received] == ["/hook"]
    assert (sent.result.response_status, sent.result.error) == (number, "redirect")


@pytest.mark.parametrize("number", [400, 401, 404, 410, 422, 429, 500, 503])
async def test_other_statuses_fail(number):
    async with receiving() as receiver:
        receiver.behaviour = status(number, body=b"no", Retry_After="7", webhook_delivery="abort-message")
        sent = await send(receiver.url)
    assert (sent.result.response_status, sent.result.error) == (number, "status")
    assert (sent.outcome.retry_after, sent.outcome.aborted) == ("7", True)
    assert sent.result.response_excerpt == "no"


async def test_no_answer_in_time():
    """O-54: an answer after the time limit is `timeout`."""
    async with receiving() as receiver:
        receiver.behaviour = hang()
        sent = await send(receiver.url)
    assert (sent.result.response_status, sent.result.error) == (None, "timeout")
    assert sent.result.response_excerpt is None
    assert 400 <= sent.result.duration_ms < 1_000


async def test_connecting_has_a_limit_of_its_own():
    """17.3: 5 s to connect, TLS included; here a fifth of one."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(silent) as listener:
        sent = await send(f"https://127.0.0.1:{listener.port}/", limits=Limits(whole=5, connecting=0.2))
        assert listener.connections == 1
    assert (sent.result.response_status, sent.result.error) == (None, "timeout")
    assert 200 <= sent.result.duration_ms < 1_500


async def test_limits_over_five_seconds_are_not_rounded_up():
    """17.3: 10 s are 10 s; aiohttp by itself makes them up to 11."""
    async with receiving() as receiver:
        receiver.behaviour = hang()
        sent = await send(receiver.url, limits=Limits(whole=5.05, connecting=5))
    assert sent.result.error == "timeout"
    assert 5_050 <= sent.result.duration_ms < 5_400


async def test_nobody_listens():
    async with listening() as listener:
        port = listener.port
    sent = await send(f"http://127.0.0.1:{port}/")
    assert (sent.result.response_status, sent.result.error) == (None, "connection")


async def test_a_connection_that_is_closed_and_one_that_talks_nonsense():
    async with listening() as listener:
        sent = await send(f"http://127.0.0.1:{listener.port}/")
        assert (sent.result.error, listener.connections) == ("connection", 1)

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        await writer.drain()

    async with listening(nonsense) as listener:
        sent = await send(f"http://127.0.0.1:{listener.port}/")
    assert (sent.result.response_status, sent.result.error) == (None, "connection")


async def test_the_status_is_the_answer_whatever_comes_of_the_body():
    """17.3: a 2xx within the time limit succeeds; its body is read up to 64 KiB and ignored."""

    async def halting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(5)

    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with listening(halting) as listener:
        sent = await send(f"http://127.0.0.1:{listener.port}/")
    assert (sent.result.response_status, sent.result.error) == (200, None)
    assert sent.result.response_excerpt == "half"
    assert sent.result.duration_ms < 1_000
    async with listening(breaking) as listener:
        sent = await send(f"http://127.0.0.1:{listener.port}/")
    assert (sent.result.response_status, sent.result.error) == (500, "status")


async def test_an_endless_body_is_read_to_its_bound():
    """17.3: 64 KiB, of which 4,096 bytes are kept."""
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            written += 10_000
            await writer.drain()

    async with listening(endless) as listener:
        sent = await send(f"http://127.0.0.1:{listener.port}/", limits=Limits(whole=10))
        await asyncio.sleep(0.05)
    assert sent.result.error is None
    assert sent.result.response_excerpt == "x" * 4_096
    assert sent.result.duration_ms < 5_000
    assert written < 20_000_000  # what buffers take, and no more


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", ""),
        ("für Łódź".encode(), "für Łódź"),
        (b"a\0b", "a\ufffdb"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 4_095 + "ü".encode(), "x" * 4_095),  # a character that is cut
        (b"\xff" * 4_096, "\ufffd" * 1_365),  # no more than 4,096 bytes of text either
    ],
)
async def test_what_is_kept_of_an_answer(body, kept):
    async with receiving() as receiver:
        receiver.behaviour = status(200, body=body)
        sent = await send(receiver.url)
    assert sent.result.response_excerpt == kept
    assert len(kept.encode()) <= 4_096


async def test_compressed_answers_are_not_unpacked():
    """A bomb stays small."""
    async with receiving() as receiver:
        receiver.behaviour = status(200, body=b"not gzip at all", Content_Encoding="gzip")
        sent = await send(receiver.url)
    assert (sent.result.error, sent.result.response_excerpt) == (None, "not gzip at all")


async def test_no_cookies_and_no_proxy_from_the_environment(monkeypatch):
    """17.3."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with receiving() as receiver, Sender(HERE, now) as sender:
        receiver.behaviour = status(204, Set_Cookie="a=b; Path=/")
        for _ in range(2):
            sent = await sender.send(target(receiver.url), BODY, ID, 1)
            assert sent.result.error is None
    assert all("Cookie" not in one.headers for one in receiver.received)


async def test_connections_are_used_again():
    """And one that the receiver closed in between is no failure."""
    ports = set()

    def answer(_: object) -> web.Response:
        return web.Response(status=204)

    async def peers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername")[1])
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with listening(peers) as listener, Sender(HERE, now, limits=LIMITS) as sender:
        for _ in range(6):
            sent = await sender.send(target(f"http://127.0.0.1:{listener.port}/"), BODY, ID, 1)
            assert sent.result.error is None
            await asyncio.sleep(0.02)
    assert len(ports) == listener.connections == 2


async def test_large_bodies():
    async with receiving() as receiver:
        body = b"[" + b"1," * 1_000_000 + b"1]"
        sent = await send(receiver.url, body, limits=Limits(whole=10))
        assert receiver.received[0].body == body
    assert sent.result.error is None


# TLS --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def tls_receiver(folder: Path, name: str) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A receiver with a certificate for that name: its port, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pem").write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pem")
    async with receiving(ssl_context=server) as receiver:
        yield receiver.port, ssl.create_default_context(cadata=pem.decode())


def at_home(host: str, port: int) -> list[tuple[object, ...]]:
    """A resolver for which every name is this machine."""
    return [(2, 1, 6, "", ("127.0.0.1", port))]


async def test_certificates_are_verified(tmp_path):
    """17.3: by a name that the certificate has, one that it has not, and an issuer nobody knows."""
    async with tls_receiver(tmp_path, "hooks.example.com") as (port, trusting):
        errors = {}
        for name, context in (
            ("hooks.example.com", trusting),
            ("other.example.com", trusting),
            ("hooks.example.com.", ssl.create_default_context()),
        ):
            async with Sender(HERE, now, look_up=at_home, tls=context) as sender:
                sent = await sender.send(target(f"https://{name}:{port}/"), BODY, ID, 1)
            errors[name] = sent.result.error
    assert errors == {
        "hooks.example.com": None,
        "other.example.com": "tls",
        "hooks.example.com.": "tls",
    }


async def test_tls_to_one_that_speaks_none():
    async with receiving() as receiver:
        receiver.behaviour = in_turn(status(204))
        sent = await send(receiver.url.replace("http:", "https:"))
    assert (sent.result.response_status, sent.result.error) == (None, "tls")
