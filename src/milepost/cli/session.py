"""What every command shares: where the database is, how the work is run, and what the exit code says.

Data goes to stdout, everything else to stderr. A command's own module imports lightly; drivers and settings
are imported when the work begins, so that `--help` and completion stay quick.
"""

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from milepost.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from milepost.settings import Settings
    from milepost.store.db import Pool
    from milepost.store.embedded import EmbeddedServer

T = TypeVar("T")

OK, FAILURE, USAGE, NOT_FOUND, PERMISSION, CONFLICT = 0, 1, 2, 3, 4, 5
UNAVAILABLE, INTERRUPTED = 69, 130

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="MILEPOST_DATABASE_URL",
        show_envvar=True,
        show_default=False,
        help="The PostgreSQL (15 or newer) to use; without it the embedded one of the data folder is used.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        envvar="MILEPOST_DATA_DIR",
        show_envvar=True,
        show_default=False,
        file_okay=False,
        help="The folder of the embedded database and the secret key; by default in the user's data folder.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def run(
    work: "Callable[[Pool], Awaitable[T]]", database_url: str | None = None, data_dir: Path | None = None
) -> T:
    """Run `work` with a pool on the database that the options and settings name, and return its answer.

    Starts or joins the embedded PostgreSQL when no URL is given, and leaves it afterwards. An empty database
    is migrated; one that is behind or ahead is refused. What `work` raises ends the command as `exit_codes`
    says.
    """
    with exit_codes():
        settings = load_settings(database_url=database_url, data_dir=data_dir)
        with database(settings) as url:
            return asyncio.run(_with_pool(url, work))


@contextlib.contextmanager
def database(settings: "Settings", *, guarded: bool = False) -> Iterator[str]:
    """The URL of the database; the embedded PostgreSQL, when it is the one, runs while the block runs.

    `guarded`: when it dies it is started again, for commands that run long.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    from milepost.store import embedded

    with contextlib.ExitStack() as stack:
        with _signals_held():
            server = embedded.start(settings.data_dir, on_progress=say)
            stack.callback(_release, server)
        if guarded:
            from milepost.cli.embedded_guard import kept_running

            stack.enter_context(kept_running(settings.data_dir, server))
        yield server.url


def _release(server: "EmbeddedServer") -> None:
    with _signals_held():
        server.release()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Let signals take effect after the block: nothing half-started may be left behind."""
    held: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: held.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held:
        signal.raise_signal(held[0])


@contextlib.contextmanager
def exit_codes() -> Iterator[None]:
    """End the command with one clear line and the documented exit code instead of a traceback.

    SIGTERM is treated like Ctrl-C, so that what was started is stopped again.
    """
    previous = {signal.SIGINT: signal.getsignal(signal.SIGINT)}
    previous[signal.SIGTERM] = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # The reader of our output (`| head`) left: nothing is wrong, and the flush at exit must stay silent.
        sys.stdout = None
        raise typer.Exit(OK) from None
    except BaseException as error:
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        # The command ends anyway: nothing may come between its end and its one sentence.
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        code, sentence = _verdict(error)
        if _wants_tracebacks():
            traceback.print_exc()
        fail(sentence, code)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def load_settings(**overrides: object) -> "Settings":
    """The settings, with the options given on the command line first; None means not given."""
    from milepost import settings

    return settings.load(**{name: value for name, value in overrides.items() if value is not None})


def say(sentence: str) -> None:
    """Tell the person something that is not data."""
    print(sentence, file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Print data."""
    print(text, flush=True)


def show_json(document: object) -> None:
    """Print data as one JSON document: indented, keys as given, no colour. Decimals are numbers."""
    import msgspec

    encode = msgspec.json.Encoder(decimal_format="number").encode
    show(msgspec.json.format(encode(document), indent=2).decode())


def fail(sentence: str, code: int = FAILURE) -> NoReturn:
    """End the command with a sentence on stderr."""
    if sentence:
        say(f"milepost: {sentence}")
    raise typer.Exit(code) from None


async def _with_pool(url: str, work: "Callable[[Pool], Awaitable[T]]") -> T:
    from milepost.cli import schema
    from milepost.store import db

    await schema.make_usable(url)
    pool = await db.open_pool(url)
    try:
        return await work(pool)
    finally:
        await pool.close()


def _wants_tracebacks() -> bool:
    return os.environ.get("MILEPOST_LOG_LEVEL", "").lower() == "debug"


def _verdict(error: BaseException) -> tuple[int, str]:
    """The exit code and the sentence for an error."""
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        return INTERRUPTED, "interrupted"
    if isinstance(error, UsageError):
        return USAGE, str(error)
    if isinstance(error, CommandError):
        return FAILURE, str(error)
    from milepost.kit import errors

    if isinstance(error, errors.Refused):
        return _refusal_code(error), _refusal_text(error)
    from milepost.settings.variables import SettingsError

    if isinstance(error, SettingsError):
        return FAILURE, str(error)
    from milepost.store.embedded.errors import EmbeddedError

    if isinstance(error, EmbeddedError):
        return UNAVAILABLE, str(error)
    return _database_verdict(error) or (
        FAILURE,
        f"unexpected {type(error).__name__}: {_one_line(error)} (MILEPOST_LOG_LEVEL=debug shows where)",
    )


def _database_verdict(error: BaseException) -> tuple[int, str] | None:
    import asyncpg

    from milepost.store.db import Unavailable

    if isinstance(error, Unavailable):
        return UNAVAILABLE, str(error)
    if isinstance(
        error,
        asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.InternalClientError
        | ConnectionError,
    ):
        return UNAVAILABLE, f"the database went away: {_one_line(error)}"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError):
        return UNAVAILABLE, f"the database cannot be used: {_one_line(error)}"
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return FAILURE, f"the database refused: {_one_line(error)}"
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        return FAILURE, f"{error.strerror or error}{name}"
    return None


def _refusal_code(error: Exception) -> int:
    from milepost.kit import errors

    codes = ((errors.NotFound, NOT_FOUND), (errors.Forbidden, PERMISSION), (errors.Conflict, CONFLICT))
    return next((code for kind, code in codes if isinstance(error, kind)), FAILURE)


def _refusal_text(error: Exception) -> str:
    from milepost.kit import errors

    if isinstance(error, errors.Faulty):
        return "\n".join([error.sentence, *(f"  {where}: {what}" for where, what in error.faults)])
    return str(error)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
