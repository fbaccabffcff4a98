"""Mail goes out: what the table `mails` holds, by SMTP (Orders API, section 17.6)."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from msgspec import Struct

from milepost import __version__
from milepost.kit.clock import Clock
from milepost.kit.ids import ulid
from milepost.store import mail_queue
from milepost.store.db import Database
from milepost.store.dispatch import AWAY
from milepost.store.mail_queue import WaitingMail

LOOK_SECONDS: Final = 1.0
RETRY_MINUTES: Final = (1, 5, 15, 60, 180, 360, 720, 1440)
"""Before each further attempt; after them a mail is FAILED."""
_TAKEN_AT_ONCE: Final = 20
_TAKEN_FOR: Final = timedelta(minutes=10)
"""Longer than the sending of so many takes."""
_SEND_SECONDS: Final = 20
_REMIND_SECONDS: Final = 3_600
_log: Final = structlog.get_logger("milepost.mail")


class Post(Struct, frozen=True):
    """A mail server and the sender it is told."""

    url: str
    """`smtp://user:password@host:port`, or `smtps:` for TLS from the first byte. With `smtp:` the connection is
    encrypted where the server can."""
    sender: str
    """`Orders <orders@example.com>`"""


class MailWorker:
    """Sends what is due. Without a post mails are kept, and the log says so once an hour."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        post: Post | None,
        *,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._db = db
        self._clock = clock
        self._post = post
        self._tls = tls

    async def run(self) -> None:
        """Works until it is cancelled; survives whatever goes wrong."""
        pause = LOOK_SECONDS
        while True:
            try:
                sent = await self._turn()
                pause = 0.0 if sent else LOOK_SECONDS if self._post else _REMIND_SECONDS
            except Exception as error:
                away = isinstance(error, AWAY)
                _log.warning("mail was interrupted", error=str(error), exc_info=not away)
                pause = 2 * LOOK_SECONDS
            await asyncio.sleep(pause)

    async def _turn(self) -> bool:
        """Whether there was something to send."""
        if self._post is None:
            waiting = await mail_queue.count_waiting(self._db)
            if waiting:
                _log.warning("mail is kept: no mail server is set (MILEPOST_SMTP_URL)", mails=waiting)
            return False
        now = self._clock()
        mails = await mail_queue.take_mails(self._db, now, now + _TAKEN_FOR, _TAKEN_AT_ONCE)
        for mail in mails:
            await self._deliver(self._post, mail)
        return bool(mails)

    async def _deliver(self, post: Post, mail: WaitingMail) -> None:
        try:
            made = message(post, mail)
        except Exception as error:  # the library fails in many ways over what is no address
            await self._failed(mail, error, is_final=True)
            return
        try:
            await self._send(post, made)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await self._failed(mail, error, is_final=_is_final(error))
        else:
            await mail_queue.end_mail(self._db, mail, "SENT", self._clock(), None)
            _log.info("mail sent", mail=mail.id, subject=mail.subject)

    async def _failed(self, mail: WaitingMail, error: Exception, *, is_final: bool) -> None:
        text = (str(error) or type(error).__name__).replace("\0", "")[:1_000]
        last = is_final or mail.attempts > len(RETRY_MINUTES)
        wait = timedelta() if last else timedelta(minutes=RETRY_MINUTES[mail.attempts - 1])
        state = "FAILED" if last else "PENDING"
        await mail_queue.end_mail(self._db, mail, state, self._clock() + wait, text)
        _log.warning("mail was not sent", mail=mail.id, state=state, attempts=mail.attempts, error=text)

    async def _send(self, post: Post, made: EmailMessage) -> None:
        parts = urlsplit(post.url)
        implicit = parts.scheme == "smtps"
        await aiosmtplib.send(
            made,
            hostname=parts.hostname,
            port=parts.port or (465 if implicit else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=implicit,
            tls_context=self._tls(),
            timeout=_SEND_SECONDS,
        )


def message(post: Post, mail: WaitingMail) -> EmailMessage:
    """The mail as it goes out. Raises when its recipient is no address."""
    name, address = parseaddr(post.sender)
    made = EmailMessage()
    made["From"] = Address(display_name=name, addr_spec=address)
    made["To"] = Address(addr_spec=mail.recipient)
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(mail.created_at)
    # The same on every attempt: who gets it twice can tell.
    made["Message-ID"] = f"<{ulid(mail.id)}@{address.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made["User-Agent"] = f"Milepost/{__version__}"
    made.set_content(mail.body)
    return made


def _is_final(error: Exception) -> bool:
    """Whether the server refused this mail for ever (a code from 500 on), not just now."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and not _is_login(error) and error.code >= 500


def _is_login(error: Exception) -> bool:
    """A wrong password is of the settings, and not of the mail."""
    return isinstance(error, aiosmtplib.SMTPAuthenticationError)
