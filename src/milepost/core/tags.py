"""Tags: labels that a team puts on orders (Orders API, section 12)."""

import re
from collections.abc import Collection, Sequence

from milepost.core.order_changes import PERMISSION
from milepost.kit.clock import Clock
from milepost.kit.errors import Invalid
from milepost.kit.ids import new_id, parse_id, ulid
from milepost.model.actor import Actor
from milepost.model.order import Tag
from milepost.store import order_loads
from milepost.store import tags as store
from milepost.store.db import Database

LONGEST_SLUG = 64
_OTHERS = re.compile(r"[^a-z0-9]+")
_TRIES = 20


async def create_tag(db: Database, actor: Actor, name: str, slug: str | None, *, clock: Clock) -> Tag:
    """A new tag. Without a slug it gets one made of its name, numbered while that is taken.

    Raises Forbidden, Invalid `not_unique` when the given slug is taken.
    """
    actor.require(PERMISSION)
    tag_id, now = new_id(), clock()
    if slug is not None:
        if not await store.add_tag(db, actor.team_id, Tag(tag_id, slug, name), now):
            raise Invalid("not_unique", "slug", f"The slug {slug} is already used")
        return Tag(tag_id, slug, name)
    base = slug_of(name, tag_id)
    for _ in range(_TRIES):
        slug = free_slug(base, await store.slugs_like(db, actor.team_id, base))
        if await store.add_tag(db, actor.team_id, Tag(tag_id, slug, name), now):
            return Tag(tag_id, slug, name)
    raise RuntimeError(f"the slug {base} stayed contended over {_TRIES} tries")


def slug_of(name: str, tag_id: str) -> str:
    """The slug that a name makes: lower case, other characters as single hyphens; the id when nothing is left."""
    slug = _OTHERS.sub("-", name.lower()).strip("-")[:LONGEST_SLUG].rstrip("-")
    return slug or ulid(tag_id).lower()


def free_slug(base: str, taken: Collection[str]) -> str:
    """`base`, or the first of `base-2`, `base-3`, ... that is not taken, cut to the length of a slug."""
    slug, number = base, 1
    while slug in taken:
        number += 1
        ending = f"-{number}"
        slug = base[: LONGEST_SLUG - len(ending)].rstrip("-") + ending
    return slug


async def resolve_tags(
    db: Database, team_id: str, names: Sequence[str], known: Sequence[Tag] = ()
) -> list[Tag]:
    """The tags that ids or slugs name, by slug and each once; an id wins over an equal slug.

    Raises Invalid `not_found` naming the place in `tags`.
    """
    if not names:
        return []
    ids = {name: parse_id(name) for name in names}
    found = {tag.id: tag for tag in known}
    slugs = {tag.slug: tag for tag in known}
    if any(ids[name] not in found and name not in slugs for name in names):
        wanted = [identifier for identifier in ids.values() if identifier is not None]
        for one in await order_loads.find_tags(db, team_id, wanted, list(names)):
            found[one.id] = slugs[one.slug] = one
    named: dict[str, Tag] = {}
    for place, name in enumerate(names):
        tag: Tag | None = found.get(ids[name] or "") or slugs.get(name)
        if tag is None:
            raise Invalid("not_found", f"tags.{place}", f"There is no tag {name}")
        named[tag.id] = tag
    return sorted(named.values(), key=lambda tag: tag.slug)


async def named_tags(
    db: Database, team_id: str, names: Sequence[str], known: Sequence[Tag] = ()
) -> tuple[list[Tag], list[Tag]]:
    """The tags of these names, by slug and each once; and those of them that are still to be made (Milestones API,
    section 7.3). Of several tags of one name a `known` one is meant, else the oldest."""
    found = {tag.name: tag for tag in reversed(known)}
    unknown = [name for name in dict.fromkeys(names) if name not in found]
    new = list[Tag]()
    if unknown:
        ids = {name: new_id() for name in unknown}
        bases = {name: slug_of(name, ids[name]) for name in unknown}
        like = await store.tags_like(db, team_id, bases)
        found = {tag.name: tag for tag in reversed(like)} | found
        taken = {tag.slug for tag in like}
        for name in (one for one in unknown if one not in found):
            new.append(Tag(ids[name], free_slug(bases[name], taken), name))
            taken.add(new[-1].slug)
    found |= {tag.name: tag for tag in new}
    return sorted({found[name] for name in names}, key=lambda tag: tag.slug), new
