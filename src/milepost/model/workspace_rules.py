"""Which values a workspace may hold: the faults of a wish that need no knowledge of the team."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from milepost.model.workflow import CHANNELS
from milepost.model.workspace_wish import (
    ChainWish,
    Fault,
    GroupWish,
    MilestoneWish,
    StatusWish,
    SupplierWish,
    WorkflowWish,
    WorkspaceWish,
)

LONGEST_NAME = 200
LONGEST_TEXT = 2000
MOST_OF_A_KIND = 1000
MOST_CHAINS = 20_000
MOST_MILESTONES = 50
MOST_TASKS = 50
HIGHEST_ORDER = 1_000_000
MOST_DAYS = 3660
LONGEST_DURATION = 10 * 366 * 86_400
SHOPIFY_EFFECTS = ("NONE", "MARKS_ORDER_FULFILLED")

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.ASCII)


def name_fault(name: str, longest: int = LONGEST_NAME) -> str | None:
    """What is wrong with `name` as the name of anything; None when nothing is."""
    if not name:
        return "is empty; give it a name"
    if len(name) > longest:
        return f"has {len(name)} characters; the most is {longest}"
    if name != name.strip():
        return f"{name!r} begins or ends with a space; remove it"
    if not name.isprintable():
        return f"{name!r} holds a control character; remove it"
    return None


def zone_fault(zone: str) -> str | None:
    """What is wrong with `zone` as an IANA time zone; None when nothing is."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return f"{zone!r} is no time zone; write an IANA name such as Europe/Lisbon"
    return None


def currency_fault(currency: str) -> str | None:
    """What is wrong with `currency` as an ISO 4217 code; None when nothing is."""
    if not _CURRENCY.fullmatch(currency):
        return f"{currency!r} is no currency; write three capital letters such as EUR"
    return None


def value_faults(wish: WorkspaceWish) -> list[Fault]:
    """Every fault of the wish that can be seen without the team: values, bounds, names used twice."""
    found: list[Fault] = [*_team(wish), *_calendar(wish)]
    for group in wish.groups:
        found += _group(group)
    for status in wish.statuses:
        found += _status(status)
    for chain in wish.product_chains:
        found += _chain(chain)
    for workflow in wish.workflows:
        found += _workflow(workflow)
    for supplier in wish.suppliers:
        found += _supplier(supplier)
    for channel, url in wish.channels.items():
        found += _channel(channel, url)
    return found + list(_counts(wish)) + list(_twice(wish))


def _team(wish: WorkspaceWish) -> Iterator[Fault]:
    if wish.team_name is not None and (fault := name_fault(wish.team_name)):
        yield "team.name", fault
    if (zone := wish.team.get("time_zone")) is not None and (fault := zone_fault(str(zone))):
        yield "team.time_zone", fault
    if (currency := wish.team.get("currency")) is not None and (fault := currency_fault(str(currency))):
        yield "team.currency", fault


@cache
def _countries() -> dict[str, list[str]]:
    return holidays.list_supported_countries()


def _calendar(wish: WorkspaceWish) -> Iterator[Fault]:
    country, subdivision = wish.calendar.get("country"), wish.calendar.get("subdivision")
    extra = wish.calendar.get("extra_holidays")
    if isinstance(extra, frozenset) and len(extra) > MOST_OF_A_KIND:
        yield "calendar.extra_holidays", f"has {len(extra)} dates; the most is {MOST_OF_A_KIND}"
    if country is None:
        return
    if country not in _countries():
        cure = "write a two-letter code of the holidays library such as PT"
        yield "calendar.holidays.country", f"{country!r} is no country with known holidays; {cure}"
    elif subdivision is not None and subdivision not in _countries()[str(country)]:
        known = ", ".join(_countries()[str(country)]) or "none"
        yield "calendar.holidays.subdivision", f"{subdivision!r} is no part of {country}; it has {known}"


def _group(group: GroupWish) -> Iterator[Fault]:
    yield from _named(group.where, group.name)
    seen: set[str] = set()
    for index, option in enumerate(group.options):
        if fault := name_fault(option):
            yield f"{group.where}.options[{index}]", fault
        elif option in seen:
            yield f"{group.where}.options[{index}]", f"{option!r} is in this group twice; remove one"
        seen.add(option)


def _status(status: StatusWish) -> Iterator[Fault]:
    where = status.where
    yield from _named(where, status.name)
    yield from _colored(where, status.color)
    yield from _ordered(where, status.order)
    if status.public_name is not None and len(status.public_name) > LONGEST_NAME:
        yield f"{where}.public_name", f"is longer than {LONGEST_NAME} characters; shorten it"
    if status.public_name is not None and not status.public_name.isprintable():
        yield f"{where}.public_name", "holds a control character; remove it"
    if status.addon and status.independent:
        yield f"{where}.addon", "a status is either addon or independent; remove one of the two"
    if status.shopify_order_effect not in SHOPIFY_EFFECTS:
        one_of = " or ".join(SHOPIFY_EFFECTS)
        yield f"{where}.shopify_order_effect", f"{status.shopify_order_effect!r} is unknown; write {one_of}"
    duration = status.max_duration
    least = 1 if duration.enabled else 0
    if not least <= duration.seconds <= LONGEST_DURATION:
        bounds = f"{least} to {LONGEST_DURATION} (ten years)"
        yield f"{where}.max_duration.seconds", f"is {duration.seconds}; write a number from {bounds}"


def _chain(chain: ChainWish) -> Iterator[Fault]:
    if fault := name_fault(chain.product):
        yield f"{chain.where}.product", fault
    if not chain.statuses:
        yield f"{chain.where}.statuses", "is empty; name the statuses in their order"
    seen: set[str] = set()
    for index, name in enumerate(chain.statuses):
        if name in seen:
            yield f"{chain.where}.statuses[{index}]", f"{name!r} is in this chain twice; remove one"
        seen.add(name)


def _workflow(workflow: WorkflowWish) -> Iterator[Fault]:
    where = workflow.where
    yield from _named(where, workflow.name)
    yield from _colored(where, workflow.color)
    yield from _ordered(where, workflow.order)
    if workflow.description is not None and len(workflow.description) > LONGEST_TEXT:
        yield f"{where}.description", f"is longer than {LONGEST_TEXT} characters; shorten it"
    if workflow.description is not None and "\x00" in workflow.description:
        yield f"{where}.description", "holds a NUL character; remove it"
    seen: set[str] = set()
    for milestone in workflow.milestones:
        yield from _milestone(milestone)
        if milestone.name in seen:
            yield f"{milestone.where}.name", f"{milestone.name!r} is in this workflow twice; rename one"
        seen.add(milestone.name)


def _milestone(milestone: MilestoneWish) -> Iterator[Fault]:
    where = milestone.where
    yield from _named(where, milestone.name)
    offset = milestone.prompt_offset_days
    if offset is not None and abs(offset) > MOST_DAYS:
        yield f"{where}.prompt_offset_days", f"is {offset}; write days from -{MOST_DAYS} to {MOST_DAYS}"
    rule = milestone.key_date
    if rule is not None and milestone.type in ("shipment", "delivery"):
        yield f"{where}.key_date", f"a {milestone.type} takes its date from the order; remove key_date"
    if rule is not None and abs(rule.offset_days) > MOST_DAYS:
        bounds = f"-{MOST_DAYS} to {MOST_DAYS}"
        yield f"{where}.key_date.offset_days", f"is {rule.offset_days}; write days from {bounds}"
    if milestone.tasks and milestone.type == "acceptance":
        yield f"{where}.tasks", "an acceptance has no tasks; move them to a later milestone"
    if len(milestone.tasks) > MOST_TASKS:
        yield f"{where}.tasks", f"has {len(milestone.tasks)} tasks; the most is {MOST_TASKS}"
    for index, task in enumerate(milestone.tasks):
        if fault := name_fault(task.title):
            yield f"{where}.tasks[{index}].title", fault
        if task.days_before is not None and not 0 <= task.days_before <= MOST_DAYS:
            yield (
                f"{where}.tasks[{index}].days_before",
                f"is {task.days_before}; write days from 0 to {MOST_DAYS}",
            )
    if milestone.sub_status is not None and milestone.status is None:
        yield f"{where}.sub_status", "needs the status it belongs to; add status"


def _supplier(supplier: SupplierWish) -> Iterator[Fault]:
    yield from _named(supplier.where, supplier.name)
    if supplier.email is not None and (
        len(supplier.email) > LONGEST_NAME or not _EMAIL.fullmatch(supplier.email)
    ):
        yield f"{supplier.where}.email", f"{supplier.email!r} is no e-mail address; write name@host"


def _channel(channel: str, url: str) -> Iterator[Fault]:
    where = f"channels.{channel}"
    if channel not in CHANNELS:
        yield where, f"is no channel; the channels are {', '.join(CHANNELS)}"
    elif len(url) > LONGEST_TEXT or not url.isprintable() or not _URL.fullmatch(url):
        yield where, "is no Apprise URL; write one such as json://host/path"


def _named(where: str, name: str) -> Iterator[Fault]:
    if fault := name_fault(name):
        yield f"{where}.name", fault


def _colored(where: str, color: str) -> Iterator[Fault]:
    if not _COLOR.fullmatch(color):
        yield f"{where}.color", f'{color!r} is no color; write "#" and six hex digits, in quotes'


def _ordered(where: str, order: int | None) -> Iterator[Fault]:
    if order is not None and not 0 <= order <= HIGHEST_ORDER:
        yield f"{where}.order", f"is {order}; write a number from 0 to {HIGHEST_ORDER}"


def _counts(wish: WorkspaceWish) -> Iterator[Fault]:
    kinds: tuple[tuple[str, Sequence[object], int], ...] = (
        ("sub_status_groups", wish.groups, MOST_OF_A_KIND),
        ("statuses", wish.statuses, MOST_OF_A_KIND),
        ("workflows", wish.workflows, MOST_OF_A_KIND),
        ("suppliers", wish.suppliers, MOST_CHAINS),
        ("product_chains", wish.product_chains, MOST_CHAINS),
        *((f"{group.where}.options", group.options, MOST_OF_A_KIND) for group in wish.groups),
    )
    for where, things, most in kinds:
        if len(things) > most:
            yield where, f"has {len(things)} entries; the most is {most}"


def _twice(wish: WorkspaceWish) -> Iterator[Fault]:
    def repeated(field: str, things: Iterable[tuple[str, str]]) -> Iterator[Fault]:
        seen: set[str] = set()
        for where, name in things:
            if name in seen:
                yield f"{where}.{field}", f"{name!r} is named twice; rename or remove one"
            seen.add(name)

    yield from repeated("name", ((one.where, one.name) for one in wish.groups))
    yield from repeated("name", ((one.where, one.name) for one in wish.statuses))
    yield from repeated("name", ((one.where, one.name) for one in wish.workflows))
    yield from repeated("name", ((one.where, one.name) for one in wish.suppliers))
    yield from repeated("product", ((one.where, one.product) for one in wish.product_chains))
    defaults = [workflow for workflow in wish.workflows if workflow.default]
    for workflow in defaults[1:]:
        yield f"{workflow.where}.default", f"{defaults[0].name!r} is the default already; a team has one"
