"""The workspace file: what it means, and what is said of one that means nothing."""

import json
import time
from datetime import date
from pathlib import Path

import pytest
import yaml

from milepost.intake.workspace_file import WorkspaceFile, parse
from milepost.kit.errors import Faulty
from milepost.model.workflow import KeyDateRule, MaxDuration, Switches, TaskTemplate
from milepost.model.workspace_rules import value_faults
from milepost.model.workspace_wish import (
    ChainWish,
    GroupWish,
    MilestoneWish,
    StatusWish,
    SupplierWish,
    WorkflowWish,
    WorkspaceWish,
)

HARBOUR = (Path(__file__).parent / "harbour.yaml").read_bytes()
"""The example of the operator contract, section 3, to the letter."""

HARBOUR_WISH = WorkspaceWish(
    team_name="Harbour Works",
    team={
        "time_zone": "Europe/Lisbon",
        "currency": "EUR",
        "status_specificity": "combined",
        "workflows_enabled": True,
        "enforce_workflow_order": False,
        "enforce_product_chain": False,
    },
    calendar={"country": "PT", "subdivision": None, "extra_holidays": frozenset({date(2026, 6, 24)})},
    groups=(
        GroupWish(name="Varnish coats", options=("First coat", "Second coat"), where="sub_status_groups[0]"),
    ),
    statuses=(
        StatusWish(name="Hull laid", color="#5B8DB8", workflow="Build", where="statuses[0]"),
        StatusWish(
            name="Varnish",
            color="#B5651D",
            public_name="Finishing",
            use_public_name=True,
            workflow="Build",
            sub_status_group="Varnish coats",
            notifications=Switches(email=True),
            max_duration=MaxDuration(True, 259200, True, True, True),
            where="statuses[1]",
        ),
        StatusWish(name="Waiting for customer", color="#999999", independent=True, where="statuses[2]"),
        StatusWish(name="Gift wrapped", color="#2E8B57", addon=True, where="statuses[3]"),
    ),
    product_chains=(
        ChainWish(product="KAYAK-52", statuses=("Hull laid", "Varnish"), where="product_chains[0]"),
    ),
    workflows=(
        WorkflowWish(
            name="Build",
            description="From bare hull to launch",
            color="#24527A",
            default=True,
            milestones=(
                MilestoneWish(
                    name="Order accepted",
                    type="acceptance",
                    owner="supplier",
                    where="workflows[0].milestones[0]",
                ),
                MilestoneWish(
                    name="Production start",
                    type="production_start",
                    owner="supplier",
                    status="Hull laid",
                    tasks=(TaskTemplate("On track to ship", False, 7),),
                    where="workflows[0].milestones[1]",
                ),
                MilestoneWish(
                    name="Shipped", type="shipment", owner="supplier", where="workflows[0].milestones[2]"
                ),
                MilestoneWish(
                    name="Delivered", type="delivery", owner="brand", where="workflows[0].milestones[3]"
                ),
            ),
            where="workflows[0]",
        ),
    ),
    channels={"sms": "json://127.0.0.1:9000/sms"},
    suppliers=(SupplierWish(name="Estaleiro Norte", email="yard@norte.example", where="suppliers[0]"),),
)


def faults_of(text: str | bytes) -> list[tuple[str, str]]:
    """All faults of a file that need no team, located."""
    file = parse(text.encode() if isinstance(text, str) else text)
    return file.located(Faulty("", [*file.faults, *value_faults(file.wish)])).faults


def test_the_contract_example_means_what_it_says():
    file = parse(HARBOUR)
    assert file.faults == ()
    assert file.wish == HARBOUR_WISH
    assert value_faults(file.wish) == []


@pytest.mark.parametrize("indent", [None, "\t", 2])
def test_json_means_the_same(indent):
    plain = yaml.safe_load(HARBOUR)
    text = json.dumps(plain, indent=indent, default=str)
    file = parse(text.encode())
    assert (file.wish, file.faults) == (HARBOUR_WISH, ())


def test_json_knows_its_lines_and_its_escapes():
    text = (
        '{\n\t"team": {"name": "\\ud83d\\udea2 \\"Yard\\" \\/ \\u00e9"},\n\t"statuses": [\n\t\t{"tint": 1}]}'
    )
    assert parse(text.encode()).wish.team_name == '\U0001f6a2 "Yard" / é'
    assert [where for where, _ in faults_of(text)] == [
        "line 4, statuses[0].name",
        "line 4, statuses[0].tint",
    ]


@pytest.mark.parametrize(
    "text", ['{"team": {"name": "Norte"}, }', "{team: {name: Norte}}", '{"team": {"name": "Norte"}} # so']
)
def test_flow_style_yaml_is_no_broken_json(text):
    assert parse(text.encode()).wish.team_name == "Norte"


def test_text_is_taken_as_written():
    text = "team: {name: Yes}\ncalendar: {holidays: {country: NO}}\nstatuses: [{name: 1.50}, {name: 'null'}]"
    wish = parse(text.encode()).wish
    assert wish.team_name == "Yes"
    assert wish.calendar == {"country": "NO", "subdivision": None}
    assert [status.name for status in wish.statuses] == ["1.50", "null"]


def test_what_is_empty_counts_as_left_out():
    wish = parse(b"team: {name: A, time_zone: ~}\nstatuses:\nworkflows: [{name: W, description: null}]").wish
    assert wish == WorkspaceWish(team_name="A", workflows=(WorkflowWish(name="W", where="workflows[0]"),))
    assert parse(b"calendar: {holidays: null, extra_holidays: []}").wish.calendar == {
        "country": None,
        "subdivision": None,
        "extra_holidays": frozenset(),
    }


def test_everything_that_the_example_only_mentions():
    wish = parse(
        b"""
calendar: {holidays: {country: DE, subdivision: BY}}
statuses:
  - {name: A, order: 5, max_duration: {enabled: false, seconds: 9},
     shopify_order_effect: MARKS_ORDER_FULFILLED}
workflows:
  - name: W
    order: 7
    default: false
    milestones:
      - {name: M, type: custom, status: A, sub_status: S,
         key_date: {relative_to: ships_on, offset_days: -56}, prompt_offset_days: 2}
replace_with: {statuses: {Old: A}, workflows: {Former: W}}
"""
    ).wish
    [status] = wish.statuses
    assert (status.order, status.max_duration, status.shopify_order_effect) == (
        5,
        MaxDuration(enabled=False, seconds=9),
        "MARKS_ORDER_FULFILLED",
    )
    assert wish.calendar == {"country": "DE", "subdivision": "BY"}
    [workflow] = wish.workflows
    assert (workflow.order, workflow.default) == (7, False)
    [milestone] = workflow.milestones
    assert (milestone.sub_status, milestone.key_date, milestone.prompt_offset_days) == (
        "S",
        KeyDateRule("ships_on", -56),
        2,
    )
    assert (wish.replace_statuses, wish.replace_workflows) == ({"Old": "A"}, {"Former": "W"})


ONE = "workflows: [{name: A, milestones: [{name: M, type: custom, "
KEYS_OF_A_TASK = "The keys here are title, required, days_before"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("teem: {name: A}", "line 1, teem", "unknown key; did you mean team?"),
        ("team: {name: A}\nhooks: []", "line 2, hooks", "unknown key; The keys here are team, settings"),
        ("team: [A]", "line 1, team", "is a list; write a mapping with the keys name, time_zone, currency"),
        ("[a]", "line 1", "is a list; write a mapping with the keys team"),
        ("", "line 1", "the file is empty; begin with team: {name: ...}"),
        ("# nothing", "line 1", "the file is empty"),
        ("team: {name: ''}", "line 1, team.name", "is empty; give it a name"),
        ("team: {name: ' A'}", "line 1, team.name", "' A' begins or ends with a space; remove it"),
        ('team: {name: "a\\tb"}', "line 1, team.name", "'a\\tb' holds a control character; remove it"),
        ("team: {name: " + "x" * 201 + "}", "line 1, team.name", "has 201 characters; the most is 200"),
        ("team: {name: A, time_zone: Lisbon}", "line 1, team.time_zone", "'Lisbon' is no time zone"),
        ("team: {name: A, time_zone: ../x}", "line 1, team.time_zone", "'../x' is no time zone"),
        ("team: {name: A, currency: EURO}", "line 1, team.currency", "'EURO' is no currency"),
        (
            "settings: {status_specificity: both}",
            "line 1, settings.status_specificity",
            "is both; write one of order, line_item, combined",
        ),
        (
            "settings: {workflows_enabled: 'true'}",
            "line 1, settings.workflows_enabled",
            "is 'true'; write true or false, without quotes",
        ),
        ("calendar: {holidays: {}}", "line 1, calendar.holidays.country", "is missing; add it"),
        ("calendar: {holidays: {country: XX}}", "line 1, calendar.holidays.country", "'XX' is no country"),
        (
            "calendar: {holidays: {country: PT, subdivision: ZZ}}",
            "line 1, calendar.holidays.subdivision",
            "'ZZ' is no part of PT; it has",
        ),
        (
            "calendar: {extra_holidays: [2026-6-24]}",
            "line 1, calendar.extra_holidays[0]",
            "is 2026-6-24; write",
        ),
        (
            "calendar: {extra_holidays: [2026-02-30]}",
            "line 1, calendar.extra_holidays[0]",
            "2026-02-30 is not",
        ),
        (
            "sub_status_groups:\n- {name: G, options: [a, b, a]}",
            "line 2, sub_status_groups[0].options[2]",
            "'a' is",
        ),
        ("statuses: [{color: '#123456'}]", "line 1, statuses[0].name", "is missing; add it"),
        ("statuses: {A: red}", "line 1, statuses", "is a mapping; write a list"),
        ("statuses: [A]", "line 1, statuses[0]", "is A; write a mapping with the keys name, color"),
        ("statuses: [{name: A}, ~]", "line 1, statuses[1]", "is empty; fill or remove it"),
        ("statuses:\n- name: A\n  color: '#12345'", "line 3, statuses[0].color", "'#12345' is no color"),
        ("statuses:\n- name: A\n  color: #123456", "", ""),
        ("statuses:\n- name: A\n- name: A", "line 3, statuses[1].name", "'A' is named twice; rename"),
        ("statuses:\n- name: A\n  name: B", "line 3, statuses[0].name (again)", "stands in line 2 already"),
        ("statuses: [{name: A, order: 1.5}]", "line 1, statuses[0].order", "is 1.5; write a whole number"),
        ("statuses: [{name: A, order: -1}]", "line 1, statuses[0].order", "is -1; write a number from 0"),
        (
            "statuses: [{name: A, order: 9999999999999999}]",
            "line 1, statuses[0].order",
            "is 9999999999999999; w",
        ),
        (
            "statuses: [{name: A, addon: true, independent: true}]",
            "line 1, statuses[0].addon",
            "a status is either",
        ),
        (
            "statuses: [{name: A, max_duration: {skip_weekends: true}}]",
            "line 1, statuses[0].max_duration.seconds",
            "is 0; write a number from 1 to 316224000 (ten years)",
        ),
        (
            "statuses: [{name: A, shopify_order_effect: SHIPS}]",
            "line 1, statuses[0].shopify_order_effect",
            "is SHIPS; write one of NONE, MARKS_ORDER_FULFILLED",
        ),
        (
            "product_chains: [{product: K, statuses: []}]",
            "line 1, product_chains[0].statuses",
            "is empty; name",
        ),
        ("product_chains: [{product: K}]", "line 1, product_chains[0].statuses", "is missing; add it"),
        (
            "product_chains: [{product: K, statuses: [A, A]}]",
            "line 1, product_chains[0].statuses[1]",
            "'A' is in this chain twice",
        ),
        (
            "workflows: [{name: A, default: true}, {name: B, default: yes}]",
            "line 1, workflows[1].default",
            "'A' is the default already; a team has one",
        ),
        (
            "workflows:\n- name: A\n  milestones:\n  - {name: M, type: accept}",
            "line 4, workflows[0].milestones[0].type",
            "is accept; write one of acceptance, production_start, shipment, delivery, custom",
        ),
        (
            "workflows: [{name: A, milestones: [{name: M, type: acceptance, tasks: [{title: T}]}]}]",
            "line 1, workflows[0].milestones[0].tasks",
            "an acceptance has no tasks",
        ),
        (
            ONE + "tasks: [{title: T, requires: true}]}]}]",
            "line 1, workflows[0].milestones[0].tasks[0].requires",
            f"unknown key; did you mean required? {KEYS_OF_A_TASK}",
        ),
        (
            ONE + "tasks: [{title: T, days_before: -1}]}]}]",
            "line 1, workflows[0].milestones[0].tasks[0].days_before",
            "is -1; write days from 0",
        ),
        (
            "workflows: [{name: A, milestones: [{name: M, type: delivery, "
            "key_date: {relative_to: issued_at, offset_days: 1}}]}]",
            "line 1, workflows[0].milestones[0].key_date",
            "a delivery takes its date from the order",
        ),
        (
            ONE + "key_date: {relative_to: issued_at}}]}]",
            "line 1, workflows[0].milestones[0].key_date.offset_days",
            "is missing; add it",
        ),
        (
            ONE + "sub_status: S}]}]",
            "line 1, workflows[0].milestones[0].sub_status",
            "needs the status it belongs to; add status",
        ),
        (
            "channels: {fax: 'json://x'}",
            "line 1, channels.fax",
            "unknown key; The keys here are email, sms, whatsapp",
        ),
        ("channels: {sms: localhost}", "line 1, channels.sms", "is no Apprise URL"),
        (
            "suppliers: [{name: S, email: nobody}]",
            "line 1, suppliers[0].email",
            "'nobody' is no e-mail address",
        ),
        (
            "replace_with: {Old: New}",
            "line 1, replace_with.Old",
            "unknown key; The keys here are statuses, workf",
        ),
    ],
)
def test_a_fault_says_where_and_what_and_what_would_be_right(text, where, what):
    found = faults_of(text)
    if not where:
        assert found == []
        return
    assert [place for place, _ in found].count(where) == 1
    assert any(place == where and fault.startswith(what) for place, fault in found), found
    assert len(found) == 1


def test_all_faults_are_told_at_once_in_the_order_of_lines():
    text = (
        "team: {name: A, currency: eur}\nstatus: []\nstatuses:\n- {name: A, color: red, addon: maybe}\n- {}"
    )
    assert [where for where, _ in faults_of(text)] == [
        "line 1, team.currency",
        "line 2, status",
        "line 4, statuses[0].addon",
        "line 4, statuses[0].color",
        "line 5, statuses[1].name",
    ]


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (bomb(), "line 1", "uses an anchor or alias"),
        ("a: *b", "line 1", "uses an anchor or alias"),
        ("team: {<<: {name: A}}", None, None),
        ("\n\nteam: !!python/object/apply:os.system [id]", "line 3", "uses the tag tag:yaml.org,2002:python"),
        ("team: !secret x", "line 1", "uses the tag !secret"),
        ("? [a, b]\n: c", "line 1", "a list or mapping is used as a key"),
        ("a: 1\n---\nb: 2", "line 2", "a second document begins"),
        ("team: {name: A", "line 1", "is not YAML: "),
        ("team:\n\tname: A", "line 2", "is not YAML: "),
        ("{" * 2000, "line 1", "is nested deeper than 16 levels"),
        ("[" * 100_000, "line 1", "is nested deeper than 16 levels"),
        ('{"a":' * 5000, "line 1", "is nested deeper than 16 levels"),
        ("- " * 3000 + "a", "line 1", "is nested deeper than 16 levels"),
        (b"team: {name: A}\n\xff\xfe", "line 2", "the file is not UTF-8 text; save it as UTF-8"),
        ("team: {name: A}".encode("utf-16"), "line 1", "the file is not UTF-8 text"),
        (b"team:\n  name: a\x00b", "line 2", "holds the control character U+0000; remove it"),
        (b"team: {name: \x1b[31m}", "line 1", "holds the control character U+001B; remove it"),
        ('team: {name: "a\\0b"}', "line 1", "holds an escape for NUL"),
        ('{"team": {"name": "a\\u0000b"}}', "line 1", "holds an escape for NUL"),
        ('{"team": {"name": "\\ud800"}}', "line 1", "holds an escape for NUL or for half a surrogate pair"),
        (b"#" * (4 * 1024 * 1024 + 1), "line 1", "the file has 4194305 bytes; the most is 4194304"),
        ("[" + "a," * 400_000 + "a]", "line 1", "the file has more than 300000 values"),
        ('{"a": [' + "1," * 400_000 + "1]}", "line 1", "the file has more than 300000 values"),
        ("%YAML 9.9\n---\na: 1", "line 1", "is not YAML: "),
    ],
)
def test_a_hostile_file_gets_one_clear_line_and_soon(data, where, what):
    started = time.process_time()
    if where is None:
        assert faults_of(data)
        return
    with pytest.raises(Faulty) as refusal:
        parse(data.encode() if isinstance(data, str) else data)
    [(place, fault)] = refusal.value.faults
    assert (place, fault[: len(what)]) == (where, what)
    assert "\n" not in fault
    assert time.process_time() - started < 3


def test_a_list_without_end_is_one_fault_and_no_work():
    options = ", ".join(f"o{n}" for n in range(20_001))
    [(place, fault)] = faults_of(f"sub_status_groups: [{{name: G, options: [{options}]}}]")
    assert (place, fault) == (
        "line 1, sub_status_groups[0].options",
        "has 20001 entries; the most is 20000",
    )


def test_of_very_many_faults_the_first_are_told():
    found = faults_of("statuses:\n" + "- {}\n" * 300)
    assert len(found) == 101
    assert found[0] == ("line 2, statuses[0].name", "is missing; add it")
    assert found[-1] == ("and", "200 faults more")


def test_a_byte_order_mark_is_no_character():
    assert parse(b"\xef\xbb\xbfteam: {name: A}").wish.team_name == "A"


def test_a_path_that_the_file_lacks_is_placed_at_what_is_around_it():
    file = WorkspaceFile(WorkspaceWish(), (), {"workflows": 3, "workflows[0]": 4})
    assert file.line("workflows[0].milestones[2].name") == 4
    assert file.line("workflows[1]") == 3
    assert file.line("statuses[0]") == 1
