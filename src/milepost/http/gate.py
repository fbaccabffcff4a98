"""The gate: whose key is it, and has it a unit left. Every surface stands behind it.

Keys and workspaces are remembered in the process. They are exact all the same: every change of a team's keys,
settings or workspace raises `teams.version`, each handler's own statement returns that version, and an answer
that was decided on an older one is thrown away and made again (`Memory`).
"""

from datetime import datetime

from milepost.http.limits import Budget, Exhausted, Limits
from milepost.kit.clock import Clock
from milepost.kit.errors import Stale
from milepost.kit.tokens import is_key, key_hash
from milepost.model.actor import Actor
from milepost.model.workflow import House, Workspace
from milepost.reads import accounts, workspace
from milepost.reads.accounts import KeyRecord
from milepost.store.db import Pool

_SCHEMES = ("bearer ", "token ")
_REMEMBERED_KEYS = 10_000


class Unauthorized(Exception):
    """Missing, malformed, unknown, revoked or expired key: one refusal for all of them."""


class Memory:
    """What the process remembers of keys and teams. `house`: the settings that hold for all of them."""

    def __init__(self, db: Pool, house: House) -> None:
        self._db = db
        self._house = house
        self._keys: dict[str, tuple[KeyRecord, Actor]] = {}
        self._workspaces: dict[str, Workspace] = {}

    async def key(self, text: str) -> tuple[KeyRecord, Actor] | None:
        known = self._keys.get(text)
        if known is None and is_key(text):
            record = await accounts.find_key(self._db, key_hash(text))
            if record is not None:
                actor = Actor(record.team_id, "api_key", record.id, record.name, record.permissions)
                known = (record, actor)
                if len(self._keys) >= _REMEMBERED_KEYS:
                    self._keys.clear()
                self._keys[text] = known
        return known

    async def workspace(self, team_id: str) -> Workspace:
        known = self._workspaces.get(team_id)
        if known is None:
            known = self._workspaces[team_id] = await workspace.load(self._db, team_id, self._house)
        return known

    async def confirm(self, key: KeyRecord, known: Workspace | None = None) -> None:
        """Raises Stale when the team's keys or workspace changed since these two were remembered."""
        compare(key, known, await workspace.version(self._db, key.team_id))

    def forget(self, team_id: str) -> None:
        self._workspaces.pop(team_id, None)
        self._keys = {text: known for text, known in self._keys.items() if known[0].team_id != team_id}


def compare(key: KeyRecord, known: Workspace | None, version: int | None) -> None:
    """Raises Stale unless key and workspace are of this version of the team."""
    if key.team_version != version or (known is not None and known.version != version):
        raise Stale


class Gate:
    """Lets a request in, or raises Unauthorized or limits.Exhausted."""

    def __init__(self, memory: Memory, limits: Limits, clock: Clock) -> None:
        self._memory = memory
        self._limits = limits
        self._clock = clock

    async def identify(self, headers: dict[bytes, bytes]) -> tuple[KeyRecord, Actor]:
        """The key of the request. Raises Unauthorized."""
        text = key_text(headers)
        known = await self._memory.key(text) if text else None
        if known is None or not _alive(known[0], self._clock()):
            raise Unauthorized
        return known

    async def count(self, key: KeyRecord) -> Budget:
        """Takes one unit of the key's windows. Raises limits.Exhausted, and Stale instead when the team's keys
        changed since they were remembered: the key may be revoked, or have other limits by now."""
        try:
            return await self._limits.take(key.team_id, key.id, key.rate_minute, key.rate_day, self._clock())
        except Exhausted:
            await self._memory.confirm(key)
            raise


def key_text(headers: dict[bytes, bytes]) -> str:
    """The key as sent, empty when none was: `X-API-Key` decides when both headers are there; the scheme word of
    `Authorization` may be Bearer, Token or left out."""
    sent = headers.get(b"x-api-key", b"").strip()
    if sent:
        return sent.decode("latin-1")
    text = headers.get(b"authorization", b"").strip().decode("latin-1")
    for scheme in _SCHEMES:
        if text[: len(scheme)].lower() == scheme:
            return text[len(scheme) :].strip()
    return text


def _alive(key: KeyRecord, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
