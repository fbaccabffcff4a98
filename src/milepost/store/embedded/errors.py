"""What the embedded PostgreSQL says when it cannot serve."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; the message names the thing and the cure."""
