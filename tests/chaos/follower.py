"""A reader of the event feed that goes on from the newest event it has seen, as the contract says (section 5)."""

import asyncio

from tests.chaos.caller import Caller, Unanswered
from tests.chaos.ledger import Ledger

_PAUSE_SECONDS = 0.2


class Follower:
    """Reads the feed until it is told to stop, and then what is left of it. To be started when the feed has its first
    events, and no more than a page of them."""

    def __init__(self, caller: Caller, ledger: Ledger) -> None:
        self.seen: list[str] = []
        """Ids of events, as they were read."""
        self._caller = caller
        self._ledger = ledger
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        try:
            while not self._stop.is_set():
                if not await self._read():
                    await asyncio.sleep(_PAUSE_SECONDS)
            while await self._read():
                pass
        except Unanswered as never:
            self._ledger.find(f"never answered: {never}")

    async def _read(self) -> bool:
        """One page; whether it was full."""
        after = f"&ending_before={self.seen[-1]}" if self.seen else ""
        answer = await self._caller.ask("GET", f"/events?limit=50{after}")
        assert answer is not None
        if answer.status != 200:
            self._ledger.find(f"the feed was answered {answer.status} {answer.body!r}")
            return False
        page = [event["id"] for event in answer.json["data"]]
        self.seen += reversed(page)
        return len(page) == 50
