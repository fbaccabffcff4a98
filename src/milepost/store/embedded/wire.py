"""Just enough of PostgreSQL's protocol to ask a server, without a driver, whether it serves a database."""

import contextlib
import socket
import struct
from collections.abc import Callable

_PROTOCOL_3 = 196608
_SECONDS = 10.0


def ask(socket_file: str, user: str, database: str, statement: str | None = None) -> str:
    """Log in, run `statement` when there is one, and answer "" for success or the SQLSTATE of the refusal.

    Raises OSError when nobody listens or the server hangs up (as a server on its way out does).
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(_SECONDS)
        sock.connect(socket_file)
        names = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database))
        sock.sendall(struct.pack("!ii", len(names) + 9, _PROTOCOL_3) + names + b"\0")
        with sock.makefile("rb") as incoming:
            refusal = _until_ready(incoming.read)
            if not refusal and statement is not None:
                text = statement.encode() + b"\0"
                sock.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
                refusal = _until_ready(incoming.read)
        with contextlib.suppress(OSError):  # a goodbye; the answer is had
            sock.sendall(b"X" + struct.pack("!i", 4))
    return refusal


def _until_ready(read: Callable[[int], bytes]) -> str:
    """Read messages up to "ready for a query" or an error; answer the error's SQLSTATE, or ""."""
    refusal = ""
    while True:
        head = read(5)
        if len(head) < 5:
            # A refused login ends with the error and a closed connection, never with "ready".
            if refusal:
                return refusal
            raise ConnectionResetError("the server closed the connection")
        kind, length = struct.unpack("!ci", head)
        body = read(length - 4)
        if kind == b"E":
            refusal = _sqlstate(body)
        elif kind == b"Z":
            return refusal
        elif kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
            return "28000"  # it wants a password; our own clusters never do


def _sqlstate(body: bytes) -> str:
    fields = (field.decode(errors="replace") for field in body.split(b"\0") if field)
    return next((field[1:] for field in fields if field[0] == "C"), "XX000")
