"""By property: a random workspace applied, exported and applied back is the same workspace."""

import json
from datetime import UTC, date, datetime
from uuid import uuid4

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milepost.core import workspace
from milepost.intake import workspace_export
from milepost.intake.workspace_file import parse
from milepost.model.workspace_difference import facts
from milepost.reads import accounts as teams
from milepost.reads import workspace as read

NOW = datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC)

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

TRICKY = [
    "null",
    "~",
    "Yes",
    "1.5",
    "0x1f",
    "2026-06-24",
    "a: b",
    "#1",
    "- x",
    "&a",
    "*a",
    "!t",
    "%",
    "@",
    "é/ü",
    "🚢",
    "'\"",
    "{a}",
]
NAMES = st.one_of(
    st.sampled_from(TRICKY),
    st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12
    ).filter(lambda name: name == name.strip() and name.isprintable()),
)
TEXT = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
    st.text("a \t\r\n\x85\u2028\u2029\ufeff\x1b:#-", max_size=8),
)
COLORS = st.from_regex(r"#[0-9A-Fa-f]{6}", fullmatch=True)
BOOLEANS = st.booleans()
DAYS = st.integers(-60, 60)
NAME_LISTS = st.lists(NAMES, max_size=4, unique=True)


def maybe(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def milestone_lists(draw, statuses):
    """Milestones by the rule of Milestones API 8.2, some entering a status."""
    names = draw(NAME_LISTS)
    if not names:
        return []
    typed = sorted(draw(st.sets(st.sampled_from(["1 production_start", "2 shipment", "3 delivery"]))))
    kinds = ["acceptance", *(kind.split()[1] for kind in typed)][: len(names)]
    while len(kinds) < len(names):
        kinds.insert(draw(st.integers(1, len(kinds))), "custom")
    return [draw(milestones(name, kind, statuses)) for name, kind in zip(names, kinds, strict=True)]


@st.composite
def milestones(draw, name, kind, statuses):
    found = {"name": name, "type": kind, "owner": draw(maybe(st.sampled_from(["brand", "supplier"])))}
    found["prompt_offset_days"] = draw(maybe(DAYS))
    if kind not in ("shipment", "delivery") and draw(BOOLEANS):
        anchor = draw(st.sampled_from(["issued_at", "ships_on", "delivered_on"]))
        found["key_date"] = {"relative_to": anchor, "offset_days": draw(DAYS)}
    if kind != "acceptance":
        task = st.fixed_dictionaries(
            {"title": NAMES, "required": BOOLEANS, "days_before": maybe(st.integers(0, 60))}
        )
        found["tasks"] = draw(st.lists(task, max_size=2))
    enterable = [status for status in statuses if not status["addon"]]
    if enterable and draw(BOOLEANS):
        status = draw(st.sampled_from(enterable))
        found["status"] = status["name"]
        if status["options"]:
            found["sub_status"] = draw(st.sampled_from(status["options"]))
    return found


@st.composite
def status_documents(draw, name, groups, workflows):
    kind = draw(st.sampled_from(["chain", "chain", "independent", "addon"]))
    return {
        "name": name,
        "color": draw(COLORS),
        "order": draw(maybe(st.integers(0, 100))),
        "public_name": draw(maybe(NAMES)),
        "use_public_name": draw(BOOLEANS),
        "independent": kind == "independent",
        "addon": kind == "addon",
        "workflow": draw(maybe(st.sampled_from(workflows))) if workflows else None,
        "sub_status_group": draw(maybe(st.sampled_from(groups))) if groups else None,
        "notifications": draw(st.dictionaries(st.sampled_from(["email", "sms", "whatsapp"]), BOOLEANS)),
        "max_duration": draw(
            st.fixed_dictionaries(
                {"seconds": st.integers(1, 10**8)},
                optional={"enabled": BOOLEANS, "skip_weekends": BOOLEANS, "skip_holidays": BOOLEANS},
            )
        ),
        "shopify_order_effect": draw(st.sampled_from(["NONE", "MARKS_ORDER_FULFILLED"])),
    }


@st.composite
def documents(draw):
    """A workspace file, as plain values."""
    groups = [{"name": name, "options": draw(NAME_LISTS)} for name in draw(NAME_LISTS)]
    options = {group["name"]: group["options"] for group in groups}
    workflow_names = draw(NAME_LISTS)
    names = draw(NAME_LISTS)
    statuses = [draw(status_documents(name, list(options), workflow_names)) for name in names]
    linkable = [{**one, "options": options.get(one["sub_status_group"], [])} for one in statuses]
    default = draw(maybe(st.sampled_from(workflow_names))) if workflow_names else None
    chain = [one["name"] for one in statuses if not (one["addon"] or one["independent"])]
    zone = draw(st.sampled_from(["UTC", "Europe/Lisbon", "Asia/Kolkata"]))
    country = draw(st.sampled_from([None, {"country": "NO"}, {"country": "DE", "subdivision": "BY"}]))
    days = draw(st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=3))
    return {
        "team": {"time_zone": zone, "currency": draw(st.sampled_from(["EUR", "USD"]))},
        "settings": {
            "status_specificity": draw(st.sampled_from(["order", "line_item", "combined"])),
            "workflows_enabled": draw(BOOLEANS),
            "enforce_workflow_order": draw(BOOLEANS),
            "enforce_product_chain": draw(BOOLEANS),
        },
        "calendar": {"holidays": country, "extra_holidays": [str(day) for day in days]},
        "sub_status_groups": groups,
        "statuses": statuses,
        "product_chains": [
            {"product": name, "statuses": draw(st.permutations(chain))} for name in draw(NAME_LISTS) if chain
        ],
        "workflows": [
            {
                "name": name,
                "description": draw(maybe(TEXT)),
                "color": draw(COLORS),
                "order": draw(maybe(st.integers(0, 100))),
                "default": name == default,
                "milestones": draw(milestone_lists(linkable)),
            }
            for name in workflow_names
        ],
        "channels": draw(
            st.dictionaries(st.sampled_from(["email", "sms"]), st.just("json://me:pa$$@h/x?a=b#c"))
        ),
        "suppliers": [
            {"name": name, "email": draw(maybe(st.just("yard@norte.example")))} for name in draw(NAME_LISTS)
        ],
    }


async def apply(pool, data: bytes, team: str, *, prune: bool = False):
    file = parse(data)
    return await workspace.apply(pool, NOW, file.wish, team_name=team, faults=file.faults, prune=prune)


async def setup_of(pool, team: str):
    found = await teams.find_team(pool, team)
    assert found is not None
    return await read.load_setup(pool, found.id)


def named(setup):
    """The facts of a set-up, whatever its team is called."""
    return {("team",) if kind == "team" else (kind, key): told for (kind, key), told in facts(setup).items()}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=SLOW,
)
@given(documents(), documents())
async def test_a_workspace_survives_its_own_export(pool, first, second):
    one, other, fresh = (f"Team {uuid4().hex}" for _ in range(3))
    await apply(pool, json.dumps(first).encode(), one, prune=True)
    setup = await setup_of(pool, one)
    version = setup.workspace.version

    for text in (workspace_export.as_yaml(setup), json.dumps(workspace_export.document(setup), default=str)):
        applied = await apply(pool, text.encode(), one)
        assert not applied.is_change, [change for change in applied.changes if change.action == "change"]
        assert applied.count("left") == 0
    assert await read.version(pool, setup.workspace.team.id) == version
    assert await setup_of(pool, one) == setup

    data = workspace_export.as_yaml(setup).encode()
    await apply(pool, data, fresh, prune=True)
    assert named(await setup_of(pool, fresh)) == named(setup)

    await apply(pool, json.dumps(second).encode(), other)
    await apply(pool, data, other, prune=True)
    assert named(await setup_of(pool, other)) == named(setup)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=SLOW,
)
@given(documents(), documents(), st.booleans())
async def test_any_file_applied_twice_changes_nothing_the_second_time(pool, first, second, prune):
    team = f"Team {uuid4().hex}"
    await apply(pool, json.dumps(first).encode(), team)
    data = json.dumps(second).encode()
    try:
        applied = await apply(pool, data, team, prune=prune)
    except Exception as refusal:
        # The second file may break what stays of the first; it is refused whole.
        assert type(refusal).__name__ == "Faulty" and not prune
        return
    setup = await setup_of(pool, team)
    assert named(setup) == named(applied.setup)
    again = await apply(pool, data, team, prune=prune)
    assert not again.is_change
    assert await setup_of(pool, team) == setup
    assert msgspec.structs.replace(again.setup, workspace=setup.workspace) == setup
