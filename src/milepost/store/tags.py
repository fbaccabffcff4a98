"""Tags, written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from milepost.model.order import Tag
from milepost.store.db import Database
from milepost.store.deliveries import json_rows

ADD_TAG = """
insert into tags (team_id, id, slug, name, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning id
"""

ADD_TAGS = """
insert into tags (team_id, id, slug, name, created_at)
select $1, r.id, r.slug, r.name, $3 from json_populate_recordset(null::tags, $2) r
on conflict do nothing returning id
"""

SLUGS_LIKE = """
select slug from tags where team_id = $1 and (slug = $2 or slug like left($2, 60) || '%')
"""

TAGS_LIKE = """
select id, slug, name from tags
where team_id = $1 and (name = any($2::text[]) or slug = any($3::text[]) or slug like any($4::text[])) order by id
"""


async def add_tag(db: Database, team_id: str, tag: Tag, now: datetime) -> bool:
    """Adds the tag; False when its slug is taken."""
    return await db.fetchrow(ADD_TAG, team_id, tag.id, tag.slug, tag.name, now) is not None


async def add_tags(db: Database, team_id: str, tags: Sequence[Tag], now: datetime) -> bool:
    """Adds the tags, inside the caller's transaction; False when the slug of one is taken."""
    return len(await db.fetch(ADD_TAGS, team_id, json_rows(tags), now)) == len(tags)


async def slugs_like(db: Database, team_id: str, base: str) -> frozenset[str]:
    """The slugs that are taken of those that begin like `base`, which has no character that LIKE reads."""
    return frozenset(row["slug"] for row in await db.fetch(SLUGS_LIKE, team_id, base))


async def tags_like(db: Database, team_id: str, bases: Mapping[str, str]) -> list[Tag]:
    """The tags that bear one of these names (several may bear the same), and those whose slug begins like the one that
    a name makes, as they are at one moment; oldest first."""
    slugs = list(bases.values())
    rows = await db.fetch(TAGS_LIKE, team_id, list(bases), slugs, [f"{slug[:60]}%" for slug in slugs])
    return [Tag(*tuple(row)) for row in rows]
