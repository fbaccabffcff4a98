"""Tags, written."""

from datetime import datetime

from milepost.model.order import Tag
from milepost.store.db import Database

ADD_TAG = """
insert into tags (team_id, id, slug, name, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning id
"""

SLUGS_LIKE = """
select slug from tags where team_id = $1 and (slug = $2 or slug like left($2, 60) || '%')
"""


async def add_tag(db: Database, team_id: str, tag: Tag, now: datetime) -> bool:
    """Adds the tag; False when its slug is taken."""
    return await db.fetchrow(ADD_TAG, team_id, tag.id, tag.slug, tag.name, now) is not None


async def slugs_like(db: Database, team_id: str, base: str) -> frozenset[str]:
    """The slugs that are taken of those that begin like `base`, which has no character that LIKE reads."""
    return frozenset(row["slug"] for row in await db.fetch(SLUGS_LIKE, team_id, base))
