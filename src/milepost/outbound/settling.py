"""Writing down what came of attempts: many in one statement, with what follows for their webhooks
(Orders API, sections 17.3, 17.6 and 17.7)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from milepost.core.disabling import disable_automatically
from milepost.kit.clock import Clock
from milepost.kit.ids import new_id
from milepost.model.receiver import AttemptResult
from milepost.model.webhook import DisabledReason
from milepost.model.workflow import House
from milepost.outbound.failure_mail import Failure, failure_mail
from milepost.outbound.lanes import Key, Taken
from milepost.outbound.schedule import GONE, LEAST_FAILURES, Verdict
from milepost.store import dispatch, failing_webhooks, mails
from milepost.store.db import Database
from milepost.store.dispatch import Found, Run, Settlement

MAIL_EVERY: Final = timedelta(hours=1)
GONE_ERROR: Final = f"status {GONE}"
_log: Final = structlog.get_logger("milepost.outbound")


class Ended(Struct, frozen=True):
    """An attempt that ended, and what it means."""

    taken: Taken
    result: AttemptResult
    verdict: Verdict
    ended_at: datetime

    @property
    def key(self) -> Key:
        return self.taken.due.team_id, self.taken.due.webhook_id


class Settling:
    """Settles attempts. `on_change` is called when there may be new deliveries: webhooks told of a disabled one."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        disable_after_seconds: float,
        house: House,
        on_change: Callable[[], None],
    ) -> None:
        self._db = db
        self._clock = clock
        self._disable_after = timedelta(seconds=disable_after_seconds)
        self._house = house
        self._on_change = on_change
        self._failing: set[Key] = set()
        """Webhooks whose last attempt failed: the next success is worth telling them."""

    def know_failing(self, webhooks: Iterable[Key]) -> None:
        """These have failed before, it may be under another worker."""
        self._failing.update(webhooks)

    async def settle(self, ended: Sequence[Ended]) -> tuple[set[str], list[Found]]:
        """Writes down at most one attempt of each delivery. Returns the ids of the deliveries whose attempt counted,
        and the next deliveries of their orders. All or nothing, apart from what becomes of failing webhooks."""
        rows = [_settlement(one) for one in sorted(ended, key=lambda one: one.taken.due.id)]
        runs = [run for run in _runs(ended) if self._is_worth_telling(run)]
        now = self._clock()
        failed = [one for one in ended if one.verdict.status == "FAILED"]
        if not failed:
            settled = await dispatch.settle(self._db, rows, runs, now)
        else:
            async with self._db.transaction() as tx:
                settled = await dispatch.settle(tx, rows, runs, now)
                await self._mail(tx, [one for one in failed if one.taken.due.id in settled[0]], now)
        for run in runs:
            key = run.team_id, run.webhook_id
            self._failing.add(key) if run.failures else self._failing.discard(key)
        return settled

    async def follow_up(self, ended: Sequence[Ended]) -> None:
        """Disables the webhooks that are gone or have failed for too long, going by attempts that are settled."""
        for key in {one.key for one in ended if one.verdict.is_gone}:
            await self.disable(key, "gone", GONE_ERROR)
        failing = {one.key for one in ended if one.result.error is not None and not one.verdict.is_gone}
        if failing and self._disable_after:
            since = self._clock() - self._disable_after
            for team_id, webhook_id, error in await failing_webhooks.read_failing(
                self._db, sorted(failing), LEAST_FAILURES, since
            ):
                await self.disable((team_id, webhook_id), "failing", error)

    async def disable(self, key: Key, reason: DisabledReason, last_error: str) -> None:
        team_id, webhook_id = key
        if await disable_automatically(
            self._db, team_id, webhook_id, reason, last_error, house=self._house, clock=self._clock
        ):
            _log.warning("webhook disabled", team=team_id, webhook=webhook_id, reason=reason)
            self._on_change()

    def _is_worth_telling(self, run: Run) -> bool:
        """A success after a success changes nothing of a webhook, and most are that."""
        return (
            run.failures > 0 or run.paused_until is not None or (run.team_id, run.webhook_id) in self._failing
        )

    async def _mail(self, tx: Database, failed: Sequence[Ended], now: datetime) -> None:
        """Tells of failed deliveries, or counts them for the next mail of their webhook."""
        by_key: dict[Key, list[Ended]] = {}
        for one in failed:
            by_key.setdefault(one.key, []).append(one)
        for contact in await failing_webhooks.lock_for_mail(tx, sorted(by_key)):
            told = by_key[contact.team_id, contact.webhook_id]
            if contact.mailed_at is not None and now < contact.mailed_at + MAIL_EVERY:
                await failing_webhooks.count_held_back(tx, contact.team_id, contact.webhook_id, len(told))
                continue
            first = told[0]
            failure = Failure(
                webhook_id=contact.webhook_id,
                url=contact.url,
                event_id=first.taken.due.event_id,
                event_name=first.taken.due.event_name,
                attempts=first.taken.due.attempt_count + 1,
                last_error=error_text(first.result),
                others=contact.held_back + len(told) - 1,
            )
            subject, body = failure_mail(failure, first.ended_at)
            mail = mails.NewMail(id=new_id(), recipient=contact.email, subject=subject, body=body)
            await mails.store_mail(tx, contact.team_id, mail, now)
            await failing_webhooks.mark_mailed(tx, contact.team_id, contact.webhook_id, now)


def error_text(result: AttemptResult) -> str:
    """Why an attempt failed, as people and `last_error` read it: `timeout`, `status 503`."""
    status = "" if result.response_status is None else f" {result.response_status}"
    return f"{result.error}{status}"


def bare(ended: Ended) -> Ended:
    """The same without what a receiver or its owner wrote, should the database not take that."""
    result = msgspec.structs.replace(ended.result, response_excerpt=None, request_headers={})
    return msgspec.structs.replace(ended, result=result)


def _settlement(one: Ended) -> Settlement:
    due, result, verdict = one.taken.due, one.result, one.verdict
    return Settlement(
        team_id=due.team_id,
        id=due.id,
        webhook_id=due.webhook_id,
        event_id=due.event_id,
        number=due.attempt_count + 1,
        tries=due.tries,
        status=verdict.status,
        next_attempt_at=verdict.next_attempt_at,
        ended_at=one.ended_at,
        started_at=result.started_at,
        duration_ms=result.duration_ms,
        response_status=result.response_status,
        error=result.error,
        response_excerpt=result.response_excerpt,
        request_headers=result.request_headers,
    )


def _runs(ended: Sequence[Ended]) -> list[Run]:
    """For each webhook what its attempts tell together, in the order in which they ended."""
    runs: dict[Key, Run] = {}
    for one in ended:
        known = runs.get(one.key)
        if one.result.error is None:
            if known is None or known.failures or not known.succeeded:
                paused_until = None if known is None else known.paused_until
                runs[one.key] = _run(one.key, succeeded=True, paused_until=paused_until)
            continue
        known = known or _run(one.key)
        paused = [at for at in (known.paused_until, one.verdict.webhook_paused_until) if at is not None]
        runs[one.key] = _run(
            one.key,
            succeeded=known.succeeded,
            failures=known.failures + 1,
            failing_since=known.failing_since or one.result.started_at,
            last_error=error_text(one.result),
            paused_until=max(paused, default=None),
        )
    return list(runs.values())


def _run(
    key: Key,
    *,
    succeeded: bool = False,
    failures: int = 0,
    failing_since: datetime | None = None,
    last_error: str | None = None,
    paused_until: datetime | None = None,
) -> Run:
    return Run(
        team_id=key[0],
        webhook_id=key[1],
        succeeded=succeeded,
        failures=failures,
        failing_since=failing_since,
        last_error=last_error,
        paused_until=paused_until,
    )
