"""The tags that orders of a file bear: those that are there, and those that are made for them."""

import re
from collections.abc import Iterable

from milepost.kit.errors import Invalid
from milepost.kit.ids import new_id, ulid
from milepost.model.order import Tag
from milepost.model.order_archive import WantedTag
from milepost.store import order_archive as store
from milepost.store import order_loads
from milepost.store.db import Database

LONGEST_NAME = 64
_SLUG = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)


class Tags:
    """Tags of a team by what a file calls them. An id wins over a slug."""

    def __init__(self) -> None:
        self._by_id: dict[str, Tag] = {}
        self._by_slug: dict[str, Tag] = {}
        self._to_make: dict[str, Tag] = {}

    async def find(self, db: Database, team_id: str, wanted: Iterable[WantedTag]) -> None:
        """Looks up which of them there are."""
        tags = list(wanted)
        ids = sorted({tag.id for tag in tags if tag.id is not None})
        slugs = sorted({tag.slug for tag in tags if tag.slug is not None})
        if ids or slugs:
            for tag in await order_loads.find_tags(db, team_id, ids, slugs):
                self._by_id[tag.id] = self._by_slug[tag.slug] = tag

    def resolved(self, wanted: Iterable[WantedTag]) -> list[Tag]:
        """The tags, by slug and each once; those that are missing as they would be made.

        Raises Invalid `not_found` for an id alone that nothing has, `invalid_value` for what no tag can be.
        """
        tags = {tag.id: tag for tag in map(self._tag, wanted)}
        return sorted(tags.values(), key=lambda tag: tag.slug)

    async def make(self, db: Database, team_id: str, tags: Iterable[Tag]) -> None:
        """Makes those of the tags that are missing; somebody else's of the same slug counts as well."""
        missing = {tag.slug: tag for tag in tags if tag.id not in self._by_id}
        if missing:
            await store.add_tags(db, team_id, list(missing.values()))
            await self.find(db, team_id, [WantedTag(slug=slug) for slug in missing])

    def _tag(self, wanted: WantedTag) -> Tag:
        found = self._by_id.get(wanted.id or "") or self._by_slug.get(wanted.slug or "")
        if found is not None:
            return found
        if wanted.slug is None:
            raise Invalid("not_found", "tags", f"There is no tag {ulid(wanted.id or '')}")
        if wanted.slug not in self._to_make:
            self._to_make[wanted.slug] = _new(wanted.slug, wanted)
        return self._to_make[wanted.slug]


def _new(slug: str, wanted: WantedTag) -> Tag:
    if not _SLUG.fullmatch(slug):
        raise Invalid("invalid_value", "tags", f"The slug {slug!r} has not only a-z, 0-9 and -, at most 64")
    name = wanted.name or slug
    if len(name) > LONGEST_NAME:
        raise Invalid("too_long", "tags", f"The name of a tag has at most {LONGEST_NAME} characters")
    return Tag(wanted.id or new_id(), slug, name)
