"""How much of anything one connection, and all of them together, may ask of the server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of the HTTP server. Times are in seconds."""

    header_seconds: float = 10
    """From the connection, or a request's first byte, to the end of its headers."""
    body_seconds: float = 30
    """From the headers to the end of the body."""
    body_tick_seconds: float = 5
    """How often a body that is still coming is looked at."""
    body_tick_bytes: int = 512
    """What must have come since the last look."""
    write_seconds: float = 30
    """How long a client may leave an answer unread."""
    keep_alive_seconds: int = 65
    """Longer than the 60 seconds of common load balancers, so that they close first."""
    shutdown_seconds: int = 30
    """How long running requests may take to finish once the server stops."""
    header_bytes: int = 1_048_576
    """Request line and headers together."""
    headers: int = 500
    framing_bytes: int = 1_048_576
    """What of a body is not body: chunk sizes, chunk extensions, trailers."""
    connections: int = 1_000
    """More are answered 503; a tenth beyond that, they are closed unheard."""
