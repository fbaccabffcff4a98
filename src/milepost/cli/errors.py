"""What a command raises to end with a clear line and an exit code."""


class UsageError(Exception):
    """The command was asked in a way that cannot be followed; the message says how to ask (exit code 2)."""


class CommandError(Exception):
    """The command failed for a reason that is told in the message (exit code 1)."""
