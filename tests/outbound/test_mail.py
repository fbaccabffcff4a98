"""Mail goes out over real SMTP (17.6)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
import structlog
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from milepost.kit.ids import new_id, ulid
from milepost.outbound.failure_mail import Failure, failure_mail
from milepost.outbound.mail import RETRY_MINUTES, MailWorker, Post
from milepost.store.mail_queue import take_mails
from milepost.store.mails import NewMail, store_mail
from tests.outbound.receivers import Receiver, status
from tests.outbound.yard import CONTACT, Yard, until

SENDER = "Örders <orders@example.com>"


class Box:
    """A mail server's handler: keeps what comes, and answers as it is told."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/word", handled=False)


class Server:
    def __init__(self, box: Box, port: int) -> None:
        self.box = box
        self.url = f"smtp://127.0.0.1:{port}"


@pytest.fixture
async def smtp() -> AsyncIterator[Server]:
    box = Box()
    logging.getLogger("mail.log").setLevel(logging.ERROR)

    def protocol() -> SMTP:
        return SMTP(box, authenticator=box.authenticate, auth_require_tls=False, hostname="mail.example.com")

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield Server(box, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def put(yard: Yard, recipient: str = CONTACT, **members: Any) -> str:
    mail = NewMail(id=new_id(), recipient=recipient, **{"subject": "A subject", "body": "Body\n", **members})
    await store_mail(yard.pool, yard.team_id, mail, yard.clock())
    return mail.id


async def turn(yard: Yard, url: str | None) -> bool:
    """One turn of the worker."""
    return await MailWorker(yard.pool, yard.clock, None if url is None else Post(url, SENDER))._turn()


async def test_a_failed_delivery_is_told_by_mail(yard: Yard, receiver: Receiver, smtp: Server):
    """O-53: from the receiver's failures to the mailbox, with the real workers."""
    receiver.behaviour = status(500)
    webhook_id = await yard.webhook(receiver.url)
    (event_id,) = await yard.queue(webhook_id)
    async with yard.working(webhook_retry_schedule="0,0.01", smtp_url=smtp.url, mail_from=SENDER):
        await until(lambda: bool(smtp.box.mails))
        await until(lambda: _sent(yard))
    (mail,) = smtp.box.mails
    assert smtp.box.recipients == [[CONTACT]]
    assert (mail["To"], mail["From"]) == (CONTACT, SENDER)
    assert mail["Subject"] == f"Webhook {ulid(webhook_id)}: a delivery failed"
    text = mail.get_content()
    for part in (ulid(webhook_id), ulid(event_id), "order.updated", "status 500", receiver.url):
        assert part in text


async def _sent(yard: Yard) -> bool:
    return [mail["state"] for mail in await yard.mails()] == ["SENT"]


async def test_what_a_mail_is(yard: Yard, smtp: Server):
    mail_id = await put(yard, subject="Fürs Erste", body="Größe: 3 µm\n\n.\nEnd\n")
    assert await turn(yard, smtp.url) is True
    assert await turn(yard, smtp.url) is False
    (mail,) = smtp.box.mails
    assert mail["Subject"] == "Fürs Erste"
    assert mail.get_content().replace("\r\n", "\n") == "Größe: 3 µm\n\n.\nEnd\n"
    assert mail["Message-ID"] == f"<{ulid(mail_id)}@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert abs((mail["Date"].datetime - datetime.now(UTC)).total_seconds()) < 10
    (row,) = await yard.mails()
    assert (row["state"], row["attempts"], row["last_error"]) == ("SENT", 1, None)


async def test_logging_in(yard: Yard, smtp: Server):
    await put(yard)
    await turn(yard, smtp.url.replace("//", "//mile%40x:p%40ss%2Fword@"))
    assert smtp.box.logins == [(b"mile@x", b"p@ss/word")]
    assert len(smtp.box.mails) == 1


async def test_a_wrong_password_is_of_the_settings(yard: Yard, smtp: Server):
    """Mail waits until they are right."""
    await put(yard)
    await turn(yard, smtp.url.replace("//", "//mile:wrong@"))
    (row,) = await yard.mails()
    assert (row["state"], row["attempts"]) == ("PENDING", 1)
    assert "535" in row["last_error"] or "uthentication" in row["last_error"]


async def test_it_is_tried_again(yard: Yard, smtp: Server):
    """After the waits, over two days, then FAILED."""
    await put(yard)
    smtp.box.answers = ["451 later"] * (len(RETRY_MINUTES) + 1)
    for number, minutes in enumerate(RETRY_MINUTES, 1):
        assert await turn(yard, smtp.url) is True
        (row,) = await yard.mails()
        assert (row["state"], row["attempts"]) == ("PENDING", number)
        assert abs((row["next_attempt_at"] - yard.clock()).total_seconds() - 60 * minutes) < 5
        assert await turn(yard, smtp.url) is False
        yard.clock.offset += timedelta(minutes=minutes)
    assert await turn(yard, smtp.url) is True
    (row,) = await yard.mails()
    assert (row["state"], row["attempts"]) == ("FAILED", len(RETRY_MINUTES) + 1)
    assert "451" in row["last_error"] or "later" in row["last_error"]
    assert sum(RETRY_MINUTES) > 24 * 60
    assert smtp.box.mails == []


async def test_what_is_refused_for_ever_is_not_tried_again(yard: Yard, smtp: Server):
    await put(yard, "nobody@example.com")
    await put(yard)
    await turn(yard, smtp.url)
    rows = await yard.mails()
    assert [row["state"] for row in rows] == ["FAILED", "SENT"]
    assert "no such user" in rows[0]["last_error"]


@pytest.mark.parametrize("recipient", ["a@example.com\r\nBcc: b@example.com", "", "no address"])
async def test_what_is_no_address_breaks_nothing(yard: Yard, smtp: Server, recipient: str):
    await put(yard, recipient)
    await put(yard)
    await turn(yard, smtp.url)
    assert [row["state"] for row in await yard.mails()] == ["FAILED", "SENT"]
    assert smtp.box.recipients == [[CONTACT]]


async def test_a_server_that_is_away(yard: Yard):
    await put(yard)
    await turn(yard, "smtp://127.0.0.1:9")
    (row,) = await yard.mails()
    assert (row["state"], row["attempts"]) == ("PENDING", 1)
    assert row["last_error"]


async def test_two_workers_do_not_send_one_mail(yard: Yard, smtp: Server):
    ids = [await put(yard, subject=f"Mail {number}") for number in range(30)]
    await asyncio.gather(*(turn(yard, smtp.url) for _ in range(4)))
    assert sorted(mail["Message-ID"] for mail in smtp.box.mails) == sorted(
        f"<{ulid(one)}@example.com>" for one in ids
    )


async def test_who_died_while_sending_leaves_it(yard: Yard, smtp: Server):
    await put(yard)
    now = yard.clock()
    await take_mails(yard.pool, now, now + timedelta(minutes=10), 20)
    assert await turn(yard, smtp.url) is False
    yard.clock.offset = timedelta(minutes=10)
    assert await turn(yard, smtp.url) is True
    assert len(smtp.box.mails) == 1


async def test_without_a_server_mail_is_kept_and_said(yard: Yard, smtp: Server):
    await put(yard)
    with structlog.testing.capture_logs() as logs:
        assert await turn(yard, None) is False
    assert [(log["log_level"], log["mails"]) for log in logs] == [("warning", 1)]
    (row,) = await yard.mails()
    assert (row["state"], row["attempts"]) == ("PENDING", 0)
    await turn(yard, smtp.url)  # set later
    assert len(smtp.box.mails) == 1


@pytest.mark.parametrize(
    ("others", "attempts", "parts"),
    [
        (0, 1, ["after 1 attempt."]),
        (1, 5, ["1 more delivery of this webhook failed", "after 5 attempts."]),
        (12, 5, ["12 more deliveries of this webhook failed"]),
    ],
)
def test_the_words(others: int, attempts: int, parts: list[str]):
    """17.6: webhook, event id, event name, last error, and what was held back."""
    failure = Failure(
        webhook_id=new_id(),
        url="https://hooks.example.com/",
        event_id=new_id(),
        event_name="order.created",
        attempts=attempts,
        last_error="timeout",
        others=others,
    )
    subject, body = failure_mail(failure, datetime(2026, 6, 15, 10, 2, 12, tzinfo=UTC))
    wanted = [
        ulid(failure.webhook_id),
        ulid(failure.event_id),
        "order.created",
        "timeout",
        "2026-06-15T10:02:12Z",
    ]
    for part in [*wanted, *parts]:
        assert part in body
    assert ("more deliver" in body) == bool(others)
    assert ulid(failure.webhook_id) in subject
    assert "\n" not in subject
