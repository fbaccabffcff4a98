"""model.transitions: which status may be entered from where (Status API, sections 22.1 to 22.8)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.kit.errors import Conflict, Invalid
from milepost.model.calendar import Calendar
from milepost.model.standing import HeldStatus
from milepost.model.transitions import (
    Target,
    check_specificity,
    choose,
    due_messages,
    enter,
    enter_addon,
    legal_statuses,
    product_chain_of,
    reachable,
)
from milepost.model.workflow import (
    CHANNELS,
    MaxDuration,
    Status,
    SubStatusGroup,
    SubStatusOption,
    Switches,
    Team,
    Workflow,
    Workspace,
)

NOW = datetime(2026, 5, 8, 14, 0, 0, 250_000, tzinfo=UTC)
NOTHING = HeldStatus()


def workspace_of(
    statuses: Sequence[Status],
    workflows: Sequence[Workflow] = (),
    *,
    product_chains: dict[str, tuple[str, ...]] | None = None,
    **settings: object,
) -> Workspace:
    """A workspace as the store loads it: sorted by order, then id."""
    groups = {status.group.id: status.group for status in statuses if status.group}
    return Workspace(
        team=msgspec.convert({"id": "team", "name": "Harbour Works", **settings}, Team),
        version=1,
        calendar=Calendar(),
        statuses=tuple(sorted(statuses, key=lambda status: (status.order, status.id))),
        workflows=tuple(sorted(workflows, key=lambda workflow: (workflow.order, workflow.id))),
        groups=tuple(groups.values()),
        product_chains=product_chains or {},
    )


def status_of(name: str, order: int, **more) -> Status:
    return Status(id=name, name=name, color="#5B8DB8", order=order, **more)


def workflow_of(name: str, order: int) -> Workflow:
    return Workflow(id=name, name=name, color="#24527A", order=order)


def move(
    workspace: Workspace,
    held: HeldStatus,
    name: str,
    option: str | None = None,
    *,
    override=False,
    chain=None,
    order_workflow=None,
    line_item=False,
    now=NOW,
) -> HeldStatus | None:
    target = choose(workspace, name, option, sent_option=option is not None)
    return enter(
        workspace,
        held,
        target,
        now=now,
        override_chain=override,
        product_chain=chain,
        order_workflow_id=order_workflow,
        for_line_item=line_item,
    )


def moved(workspace: Workspace, held: HeldStatus, name: str, option: str | None = None, **more) -> HeldStatus:
    """A move that is a change."""
    after = move(workspace, held, name, option, **more)
    assert after is not None
    return after


def refusal(workspace: Workspace, held: HeldStatus, name: str, **more) -> tuple[str, dict[str, object]]:
    """Code and facts of the refusal of a move."""
    with pytest.raises(Conflict) as refused:
        move(workspace, held, name, **more)
    texts = {
        "workflow_order": "Status change not allowed by the workflow order",
        "status_chain": "Status change not allowed by the status chain",
    }
    assert refused.value.sentence == texts[refused.value.code]
    return refused.value.code, dict(refused.value.facts)


# choose ---------------------------------------------------------------------------------------------------

COATS = SubStatusGroup(
    "coats", "Varnish coats", (SubStatusOption("o1", "First", 1), SubStatusOption("o2", "Second", 2))
)
WOODS = SubStatusGroup("woods", "Woods", (SubStatusOption("w1", "Ash", 1),))
EMPTY = SubStatusGroup("empty", "Empty")
SHOP = workspace_of(
    [
        status_of("plain", 10),
        status_of("varnish", 20, group=COATS),
        status_of("carve", 30, group=WOODS),
        status_of("bare", 40, group=EMPTY),
        status_of("plate", 50, is_addon=True),
        status_of("stamp", 60, is_addon=True, group=WOODS),
    ]
)


@pytest.mark.parametrize(
    ("status_id", "option_id", "sent", "code", "field"),
    [
        ("nothing", None, False, "unknown_status", "status_id"),
        (None, None, False, "unknown_status", "status_id"),
        ("nothing", "o1", True, "unknown_status", "status_id"),
        ("varnish", None, False, "sub_status_required", "sub_status_option_id"),
        ("stamp", None, False, "sub_status_required", "sub_status_option_id"),
        ("varnish", "w1", True, "unknown_sub_status", "sub_status_option_id"),
        ("varnish", "nothing", True, "unknown_sub_status", "sub_status_option_id"),
        ("varnish", None, True, "unknown_sub_status", "sub_status_option_id"),
        ("plain", "o1", True, "unknown_sub_status", "sub_status_option_id"),
        ("plain", None, True, "unknown_sub_status", "sub_status_option_id"),
        ("bare", "o1", True, "unknown_sub_status", "sub_status_option_id"),
    ],
)
@pytest.mark.parametrize("line_item", [False, True])
def test_s29_s30_a_wish_that_names_nothing(status_id, option_id, sent, code, field, line_item) -> None:
    if line_item and status_id == "stamp":
        code, field = "addon_not_supported", "status_id"
    with pytest.raises(Invalid) as refused:
        choose(SHOP, status_id, option_id, sent_option=sent, for_line_item=line_item)
    assert (refused.value.code, refused.value.facts) == (code, {"field": field})


@pytest.mark.parametrize(
    ("status_id", "option_id"),
    [("plain", None), ("bare", None), ("varnish", "o2"), ("carve", "w1"), ("plate", None), ("stamp", "w1")],
)
def test_a_wish_that_names_something(status_id, option_id) -> None:
    target = choose(SHOP, status_id, option_id, sent_option=option_id is not None)
    assert target.status is SHOP.status[status_id]
    assert target.option_id == option_id
    assert target.option is None or target.option is SHOP.option[option_id]


def test_s48_a_line_item_takes_no_addon() -> None:
    for sent, option_id in ((False, None), (True, "w1"), (True, "nothing")):
        with pytest.raises(Invalid) as refused:
            choose(SHOP, "plate", option_id, sent_option=sent, for_line_item=True)
        assert (refused.value.code, refused.value.facts["field"]) == ("addon_not_supported", "status_id")


# What holds afterwards ------------------------------------------------------------------------------------


def test_the_first_status_without_any_rule() -> None:
    limited = MaxDuration(enabled=True, seconds=172_800, skip_weekends=True)
    workspace = workspace_of(
        [status_of("a", 10, workflow_id="w", max_duration=limited)], [workflow_of("w", 1)]
    )
    assert moved(workspace, NOTHING, "a") == HeldStatus(
        status_id="a",
        sub_status_id=None,
        workflow_id="w",
        anchor_status_id="a",
        entered_at=NOW,
        deadline_at=datetime(2026, 5, 12, 14, tzinfo=UTC),
    )


@pytest.mark.parametrize("enforced", [False, True])
def test_s31_the_same_again_is_no_change(enforced) -> None:
    """22.3: also under enforcement, also where the rules would refuse the held status."""
    workspace = workspace_of(
        [status_of("a", 10, workflow_id="w1"), status_of("b", 20, workflow_id="w2", group=COATS)],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        workflows_enabled=enforced,
        enforce_workflow_order=enforced,
        enforce_product_chain=enforced,
    )
    # Neither the workflow nor the anchor would let b be entered from here.
    held = HeldStatus("b", "o1", "w1", "a", NOW, NOW)
    assert move(workspace, held, "b", "o1", now=NOW + timedelta(days=1)) is None
    after = moved(workspace, held, "b", "o2", now=NOW + timedelta(days=1))
    assert after == HeldStatus("b", "o2", "w1", "a", NOW, NOW)


def test_a_new_status_without_options_clears_the_sub_status_and_without_duration_the_deadline() -> None:
    limited = MaxDuration(enabled=True, seconds=60)
    workspace = workspace_of([status_of("a", 10, group=COATS, max_duration=limited), status_of("b", 20)])
    held = moved(workspace, NOTHING, "a", "o1")
    assert (held.sub_status_id, held.deadline_at) == ("o1", datetime(2026, 5, 8, 14, 1, tzinfo=UTC))
    later = NOW + timedelta(hours=1)
    assert moved(workspace, held, "b", now=later) == HeldStatus("b", None, None, "b", later, None)


def test_the_deadline_runs_from_the_latest_entry() -> None:
    limited = MaxDuration(enabled=True, seconds=60)
    workspace = workspace_of(
        [status_of("a", 10, max_duration=limited), status_of("b", 20, max_duration=limited)]
    )
    later = datetime(2026, 5, 9, tzinfo=UTC)
    after = moved(workspace, moved(workspace, NOTHING, "a"), "b", now=later)
    assert (after.entered_at, after.deadline_at) == (later, later + timedelta(seconds=60))


@pytest.mark.parametrize("enabled", [False, True])
def test_a_status_with_a_workflow_assigns_and_one_without_leaves(enabled) -> None:
    """22.4: whatever `workflows_enabled` says."""
    workspace = workspace_of(
        [status_of("a", 10, workflow_id="w1"), status_of("b", 20, workflow_id="w2"), status_of("c", 30)],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        workflows_enabled=enabled,
    )
    held = HeldStatus(workflow_id="w2")  # an administrator's hand
    assert [
        (held := moved(workspace, held, name)).workflow_id for name in ("c", "a", "c", "b", "c", "a")
    ] == ["w2", "w1", "w1", "w2", "w2", "w1"]


def test_an_addon_is_no_primary_status() -> None:
    with pytest.raises(ValueError, match="addon"):
        move(SHOP, NOTHING, "plate")


def test_s32_an_addon_is_entered_once() -> None:
    plate, stamp = (choose(SHOP, "plate", sent_option=False), choose(SHOP, "stamp", "w1", sent_option=True))
    held = enter_addon(None, plate, now=NOW)
    assert held == HeldStatus(status_id="plate", entered_at=NOW)
    later = NOW + timedelta(hours=1)
    assert enter_addon(held, plate, now=later) is None
    stamped = HeldStatus(status_id="stamp", sub_status_id="old", entered_at=NOW)
    assert enter_addon(stamped, stamp, now=later) == HeldStatus("stamp", "w1", entered_at=NOW)
    assert enter_addon(HeldStatus("stamp", "w1", entered_at=NOW), stamp, now=later) is None


# The chain rule -------------------------------------------------------------------------------------------

ABC = [status_of("A", 10), status_of("B", 20), status_of("C", 30)]
CHAIN = workspace_of(ABC, enforce_product_chain=True)


def chain_refusal(current: str | None, *allowed: str) -> tuple[str, dict[str, object]]:
    return "status_chain", {"current_status_id": current, "allowed_status_ids": list(allowed)}


def workflow_refusal(current: str | None, *allowed: str) -> tuple[str, dict[str, object]]:
    return "workflow_order", {"current_workflow_id": current, "allowed_workflow_ids": list(allowed)}


def test_s50_one_step_forward_at_a_time() -> None:
    assert refusal(CHAIN, NOTHING, "B") == chain_refusal(None, "A")
    at_a = moved(CHAIN, NOTHING, "A")
    assert refusal(CHAIN, at_a, "C") == chain_refusal("A", "A", "B")
    at_b = moved(CHAIN, at_a, "B")
    assert refusal(CHAIN, at_b, "A") == chain_refusal("B", "B", "C")
    at_c = moved(CHAIN, at_b, "C")
    assert refusal(CHAIN, at_c, "A") == chain_refusal("C", "C")


def test_s51_an_independent_status_keeps_the_place() -> None:
    workspace = workspace_of([*ABC, status_of("wait", 15, is_independent=True)], enforce_product_chain=True)
    waiting = moved(workspace, NOTHING, "wait")
    assert (waiting.status_id, waiting.anchor_status_id) == ("wait", None)
    assert refusal(workspace, waiting, "B") == chain_refusal("wait", "A", "wait")
    at_a = moved(workspace, waiting, "A")
    waiting = moved(workspace, at_a, "wait")
    assert (waiting.status_id, waiting.anchor_status_id) == ("wait", "A")
    assert refusal(workspace, waiting, "C") == chain_refusal("wait", "A", "wait", "B")
    assert moved(workspace, waiting, "A").anchor_status_id == "A"
    assert moved(workspace, waiting, "B").anchor_status_id == "B"


def test_s47_after_clearing_the_first_is_legal_again() -> None:
    at_b = moved(CHAIN, moved(CHAIN, NOTHING, "A", line_item=True), "B", line_item=True)
    assert refusal(CHAIN, at_b, "A", line_item=True) == chain_refusal("B", "B", "C")
    assert moved(CHAIN, NOTHING, "A", line_item=True).status_id == "A"


def test_s52_the_override_skips_the_chain_rule_and_nothing_else() -> None:
    workspace = workspace_of(
        [
            status_of("A", 10, workflow_id="w1"),
            status_of("B", 20, workflow_id="w1"),
            status_of("C", 30, workflow_id="w2"),
        ],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        enforce_product_chain=True,
        enforce_workflow_order=True,
        workflows_enabled=True,
    )
    at_b = moved(workspace, NOTHING, "B", override=True)
    at_a = moved(workspace, at_b, "A", override=True)
    at_c = moved(workspace, at_a, "C", override=True)
    assert refusal(workspace, at_c, "A", override=True) == workflow_refusal("w2", "w2")


def test_s53_orders_in_one_bulk_are_judged_each_by_itself() -> None:
    at_a = moved(CHAIN, NOTHING, "A")
    assert moved(CHAIN, at_a, "B").status_id == "B"
    assert refusal(CHAIN, NOTHING, "B")[0] == "status_chain"


def test_with_workflows_each_has_its_own_chain() -> None:
    """22.6: another workflow is entered at its first chain status, and so are those without a workflow."""
    workspace = workspace_of(
        [
            status_of("A1", 10, workflow_id="w1"),
            status_of("X1", 15),
            status_of("A2", 20, workflow_id="w2"),
            status_of("B1", 30, workflow_id="w1"),
            status_of("B2", 40, workflow_id="w2"),
            status_of("X2", 50),
        ],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        workflows_enabled=True,
        enforce_product_chain=True,
    )
    at_a1 = moved(workspace, NOTHING, "A1")
    assert refusal(workspace, at_a1, "B2") == chain_refusal("A1", "A1", "X1", "A2", "B1")
    at_a2 = moved(workspace, at_a1, "A2")
    # Back to the first workflow: at its start, where it was left does not count.
    assert refusal(workspace, at_a2, "B1") == chain_refusal("A2", "A1", "X1", "A2", "B2")
    at_x1 = moved(workspace, at_a2, "X1")
    assert refusal(workspace, at_x1, "B2") == chain_refusal("X1", "A1", "X1", "A2", "X2")


def test_without_workflows_their_statuses_are_one_chain() -> None:
    workspace = workspace_of(
        [status_of("A", 10, workflow_id="w1"), status_of("B", 20), status_of("C", 30, workflow_id="w2")],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        enforce_product_chain=True,
    )
    at_a = moved(workspace, NOTHING, "A")
    assert refusal(workspace, at_a, "C") == chain_refusal("A", "A", "B")


def test_equal_positions_are_decided_by_id() -> None:
    workspace = workspace_of(
        [status_of("2", 10), status_of("3", 10), status_of("1", 10)], enforce_product_chain=True
    )
    assert refusal(workspace, NOTHING, "2") == chain_refusal(None, "1")
    assert refusal(workspace, moved(workspace, NOTHING, "1"), "3") == chain_refusal("1", "1", "2")


def test_a_product_chain_is_its_own_sequence_and_shuts_out_the_rest() -> None:
    workspace = workspace_of([*ABC, status_of("wait", 40, is_independent=True)], enforce_product_chain=True)
    chain = ("C", "A")
    assert refusal(workspace, NOTHING, "A", chain=chain) == chain_refusal(None, "C", "wait")
    at_c = moved(workspace, NOTHING, "C", chain=chain)
    assert refusal(workspace, at_c, "B", chain=chain) == chain_refusal("C", "A", "C", "wait")
    at_a = moved(workspace, at_c, "A", chain=chain)
    assert refusal(workspace, at_a, "C", chain=chain) == chain_refusal("A", "A", "wait")
    # Held from before the product had its chain: its start is legal, and the held one always is.
    at_b = HeldStatus("B", anchor_status_id="B", entered_at=NOW)
    assert refusal(workspace, at_b, "A", chain=chain) == chain_refusal("B", "B", "C", "wait")
    assert move(workspace, at_b, "B", chain=chain) is None


def test_a_product_chain_reaches_over_workflows() -> None:
    workspace = workspace_of(
        [
            status_of("A", 10, workflow_id="w1"),
            status_of("B", 20, workflow_id="w2"),
            status_of("C", 30, workflow_id="w2"),
        ],
        [workflow_of("w1", 1), workflow_of("w2", 2)],
        workflows_enabled=True,
        enforce_product_chain=True,
    )
    at_a = moved(workspace, NOTHING, "A", chain=("A", "C"))
    assert refusal(workspace, at_a, "B", chain=("A", "C")) == chain_refusal("A", "A", "C")


def test_a_product_chain_made_before_a_status_became_independent_or_went() -> None:
    workspace = workspace_of(
        [status_of("A", 10), status_of("B", 20, is_independent=True), status_of("C", 30)],
        enforce_product_chain=True,
    )
    chain = ("A", "B", "gone", "C")
    at_a = moved(workspace, NOTHING, "A", chain=chain)
    assert moved(workspace, at_a, "C", chain=chain).status_id == "C"
    assert refusal(workspace, NOTHING, "C", chain=("B", "gone")) == chain_refusal(None, "A", "B")


def test_the_current_status_is_the_anchor_once_it_is_a_chain_status() -> None:
    """B was independent when it was entered from A, and is a chain status by now; and the reverse."""
    held = HeldStatus("B", anchor_status_id="A", entered_at=NOW)
    assert moved(CHAIN, held, "C").anchor_status_id == "C"
    reverse = workspace_of(
        [ABC[0], status_of("B", 20, is_independent=True), ABC[2]], enforce_product_chain=True
    )
    held = HeldStatus("B", anchor_status_id="B", entered_at=NOW)
    assert refusal(reverse, held, "C") == chain_refusal("B", "A", "B")
    waiting = workspace_of([*ABC, status_of("wait", 40, is_independent=True)], enforce_product_chain=True)
    assert (
        moved(waiting, HeldStatus("B", anchor_status_id="A", entered_at=NOW), "wait").anchor_status_id == "B"
    )


# The workflow rule ----------------------------------------------------------------------------------------

THREE = [
    status_of("S1", 10, workflow_id="W1"),
    status_of("T1", 20, workflow_id="W1"),
    status_of("S2", 30, workflow_id="W2"),
    status_of("S3", 40, workflow_id="W3"),
    status_of("free", 50),
]
THREE_WORKFLOWS = [workflow_of("W1", 1), workflow_of("W2", 2), workflow_of("W3", 3)]
ORDERED = workspace_of(THREE, THREE_WORKFLOWS, workflows_enabled=True, enforce_workflow_order=True)


def test_s54_workflows_in_their_order() -> None:
    for name in ("S2", "S3"):
        assert refusal(ORDERED, NOTHING, name) == workflow_refusal(None, "W1")
    in_w1 = moved(ORDERED, NOTHING, "T1")
    assert in_w1.workflow_id == "W1"
    assert refusal(ORDERED, in_w1, "S3") == workflow_refusal("W1", "W1", "W2")
    assert moved(ORDERED, in_w1, "S1").workflow_id == "W1"  # inside a workflow this rule knows no direction
    in_w2 = moved(ORDERED, in_w1, "S2")
    assert in_w2.workflow_id == "W2"
    assert refusal(ORDERED, in_w2, "S1") == workflow_refusal("W2", "W2", "W3")
    free = moved(ORDERED, in_w2, "free")
    assert free.workflow_id == "W2"
    assert refusal(ORDERED, free, "S1") == workflow_refusal("W2", "W2", "W3")
    in_w3 = moved(ORDERED, free, "S3")
    assert refusal(ORDERED, in_w3, "S2") == workflow_refusal("W3", "W3")
    assert moved(ORDERED, NOTHING, "free").workflow_id is None


@pytest.mark.parametrize("settings", [{"workflows_enabled": True}, {"enforce_workflow_order": True}, {}])
def test_the_workflow_rule_needs_both_settings(settings) -> None:
    workspace = workspace_of(THREE, THREE_WORKFLOWS, **settings)
    assert moved(workspace, NOTHING, "S3").workflow_id == "W3"


def test_workflows_without_a_status_to_enter_are_passed_over() -> None:
    """W of 22.5: Empty has no status, Extras only an addon; an administrator can set either all the same."""
    workspace = workspace_of(
        [
            status_of("plate", 5, is_addon=True, workflow_id="Extras"),
            status_of("S1", 10, workflow_id="W1"),
            status_of("S2", 30, is_independent=True, workflow_id="W2"),
            status_of("S3", 40, workflow_id="W3"),
        ],
        [*THREE_WORKFLOWS, workflow_of("Empty", 0), workflow_of("Extras", 1)],
        workflows_enabled=True,
        enforce_workflow_order=True,
    )
    assert refusal(workspace, NOTHING, "S2") == workflow_refusal(None, "W1")
    assert refusal(workspace, HeldStatus(workflow_id="Empty"), "S2") == workflow_refusal("Empty", "W1")
    # Extras and W1 both stand at 1; E sorts before W.
    assert refusal(workspace, HeldStatus(workflow_id="Extras"), "S2") == workflow_refusal("Extras", "W1")
    assert refusal(workspace, HeldStatus(workflow_id="W1"), "S3") == workflow_refusal("W1", "W1", "W2")


def test_a_line_item_stands_in_its_own_workflow_or_else_in_its_orders() -> None:
    item: dict[str, Any] = {"line_item": True, "order_workflow": "W2"}
    assert refusal(ORDERED, NOTHING, "S1", **item) == workflow_refusal("W2", "W2", "W3")
    in_w3 = moved(ORDERED, NOTHING, "S3", **item)
    assert refusal(ORDERED, in_w3, "S2", **item) == workflow_refusal("W3", "W3")
    free = moved(ORDERED, NOTHING, "free", **item)
    assert free.workflow_id is None, "the order's workflow is lent for the rule, not taken over"
    assert refusal(ORDERED, free, "S1", **item) == workflow_refusal("W2", "W2", "W3")
    assert refusal(ORDERED, NOTHING, "S2", line_item=True) == workflow_refusal(None, "W1")
    assert moved(ORDERED, NOTHING, "S1", order_workflow="W2").workflow_id == "W1", "an order has only its own"


def test_a_workflow_that_is_gone_counts_as_none() -> None:
    gone = HeldStatus(workflow_id="gone")
    assert refusal(ORDERED, gone, "S2") == workflow_refusal(None, "W1")
    assert refusal(ORDERED, gone, "S1", line_item=True, order_workflow="W2") == workflow_refusal(
        "W2", "W2", "W3"
    )


def test_the_workflow_rule_speaks_before_the_chain_rule_and_both_limit_the_legal_moves() -> None:
    workspace = workspace_of(
        THREE,
        THREE_WORKFLOWS,
        workflows_enabled=True,
        enforce_workflow_order=True,
        enforce_product_chain=True,
    )
    assert refusal(workspace, NOTHING, "S3") == workflow_refusal(None, "W1")
    assert refusal(workspace, NOTHING, "T1") == chain_refusal(None, "S1", "free")
    in_w1 = moved(workspace, NOTHING, "S1")
    # S3 would be the first of its chain, but W3 is two workflows on.
    at_t1 = moved(workspace, in_w1, "T1")
    assert refusal(workspace, at_t1, "S1") == chain_refusal("T1", "T1", "S2", "free")


# By property ----------------------------------------------------------------------------------------------

IDS = [f"019bb16e-0000-7000-8000-0000000000{n:02x}" for n in range(12)]


@st.composite
def workspaces(draw) -> Workspace:
    workflows = [
        workflow_of(f"w{name}", draw(st.integers(1, 3)))
        for name in draw(st.permutations("abcd"))[: draw(st.integers(0, 4))]
    ]
    homes = st.none() | st.sampled_from([workflow.id for workflow in workflows]) if workflows else st.none()
    statuses = []
    for identifier in draw(st.permutations(IDS))[: draw(st.integers(1, 9))]:
        kind = draw(st.sampled_from(["chain", "chain", "chain", "independent", "addon"]))
        statuses.append(
            status_of(
                identifier,
                draw(st.integers(1, 4)),
                is_independent=kind == "independent",
                is_addon=kind == "addon",
                workflow_id=draw(homes),
                group=draw(st.sampled_from([None, None, COATS])),
            )
        )
    flags = ("workflows_enabled", "enforce_workflow_order", "enforce_product_chain")
    likely = st.sampled_from([True, True, False])
    return workspace_of(statuses, workflows, **{flag: draw(likely) for flag in flags})


class Judge:
    """Rules 22.5 and 22.6 told from a thing's history by their wording; shares no code with the model."""

    def __init__(
        self,
        workspace: Workspace,
        history: list[Status],
        assigned: str | None,
        chain: tuple[str, ...] | None,
        override: bool,
    ) -> None:
        self.workspace, self.chain, self.override = workspace, chain, override
        self.anchor = next(
            (status for status in reversed(history) if not (status.is_addon or status.is_independent)), None
        )
        with_workflow = [status.workflow_id for status in history if status.workflow_id is not None]
        self.current = with_workflow[-1] if with_workflow else assigned
        self.held = history[-1] if history else None

    def ordered_workflows(self) -> list[str]:
        in_use = {status.workflow_id for status in self.workspace.statuses if not status.is_addon}
        return [
            flow.id
            for flow in sorted(self.workspace.workflows, key=lambda flow: (flow.order, flow.id))
            if flow.id in in_use
        ]

    def legal_workflows(self) -> list[str]:
        ordered = self.ordered_workflows()
        if self.current is None:
            return ordered[:1]
        everything = [
            flow.id for flow in sorted(self.workspace.workflows, key=lambda flow: (flow.order, flow.id))
        ]
        after = [flow for flow in everything[everything.index(self.current) + 1 :] if flow in ordered]
        return [flow for flow in ordered if flow == self.current or flow in after[:1]]

    def verdict(self, status: Status) -> str | None:
        team = self.workspace.team
        if status == self.held:
            return None
        ordered = team.workflows_enabled and team.enforce_workflow_order and status.workflow_id is not None
        if ordered and status.workflow_id not in self.legal_workflows():
            return "workflow_order"
        if not team.enforce_product_chain or self.override or status.is_independent:
            return None
        if self.chain is not None:
            listed = list(self.chain)
        else:
            chain_statuses = [s for s in self.workspace.statuses if not s.is_addon and not s.is_independent]
            if team.workflows_enabled:
                chain_statuses = [s for s in chain_statuses if s.workflow_id == status.workflow_id]
            listed = [s.id for s in sorted(chain_statuses, key=lambda s: (s.order, s.id))]
        if status.id not in listed:
            return "status_chain"
        place = listed.index(status.id)
        if self.anchor is not None and self.anchor.id in listed:
            legal = place - listed.index(self.anchor.id) in (0, 1)
        else:
            legal = place == 0
        return None if legal else "status_chain"

    def legal(self) -> list[str]:
        candidates = sorted(self.workspace.statuses, key=lambda s: (s.order, s.id))
        return [s.id for s in candidates if not s.is_addon and self.verdict(s) is None]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_random_walk_goes_only_where_the_wording_allows(data) -> None:
    """Every step of every walk, legal and not: the verdict, its facts, and what holds afterwards. Also:
    `allowed_status_ids` is exactly the set of statuses for which `enter` does not raise."""
    workspace = data.draw(workspaces())
    primary = [status for status in workspace.statuses if not status.is_addon]
    chain_ids = [status.id for status in workspace.statuses if status.is_chain]
    line_item, override = data.draw(st.booleans()), data.draw(st.sampled_from([False, False, True]))
    assigned = data.draw(st.sampled_from([None, *(workflow.id for workflow in workspace.workflows)]))
    chain = None
    if chain_ids and data.draw(st.booleans()):
        chain = tuple(data.draw(st.permutations(chain_ids))[: data.draw(st.integers(1, len(chain_ids)))])
    held = NOTHING if line_item else HeldStatus(workflow_id=assigned)
    circumstances = {
        "override_chain": override,
        "product_chain": chain,
        "order_workflow_id": assigned if line_item else None,
        "for_line_item": line_item,
    }
    history: list[Status] = []
    for step in range(data.draw(st.integers(1, 8))):
        judge = Judge(workspace, history, assigned, chain, override)
        assert [status.id for status in legal_statuses(workspace, held, **circumstances)] == judge.legal()
        if not primary:
            break
        status = data.draw(st.sampled_from(primary))
        option = data.draw(st.sampled_from(COATS.options)) if status.group else None
        now = NOW + timedelta(hours=step)
        try:
            after = enter(workspace, held, Target(status, option), now=now, **circumstances)
        except Conflict as refused:
            assert refused.code == judge.verdict(status)
            if refused.code == "workflow_order":
                assert refused.facts == {
                    "current_workflow_id": judge.current,
                    "allowed_workflow_ids": judge.legal_workflows(),
                }
            else:
                assert refused.facts == {
                    "current_status_id": history[-1].id if history else None,
                    "allowed_status_ids": judge.legal(),
                }
                assert not override
            continue
        assert judge.verdict(status) is None
        option_id = option.id if option else None
        if history and history[-1] == status:
            expected = (
                None
                if held.sub_status_id == option_id
                else msgspec.structs.replace(held, sub_status_id=option_id)
            )
            assert after == expected
        else:
            history.append(status)
            told = Judge(workspace, history, None if line_item else assigned, chain, override)
            anchor = told.anchor.id if told.anchor else None
            assert after == HeldStatus(status.id, option_id, told.current, anchor, now, None)
        held = after or held
        if line_item and data.draw(st.integers(0, 4)) == 0:
            held, history = NOTHING, []  # cleared


@settings(max_examples=200)
@given(workspaces(), st.data())
def test_allowed_status_ids_are_exactly_those_not_refused_whatever_is_held(workspace, data) -> None:
    """Also with a state that no walk leads to: edited statuses, a workflow set by hand."""
    anything = st.none() | st.sampled_from([*IDS, "gone"])
    held = HeldStatus(
        status_id=data.draw(anything),
        workflow_id=data.draw(st.sampled_from([None, "wa", "wb", "wc", "gone"])),
        anchor_status_id=data.draw(anything),
        entered_at=NOW,
    )
    chain = data.draw(
        st.none() | st.lists(st.sampled_from(IDS), unique=True, min_size=1, max_size=4).map(tuple)
    )
    circumstances = {"override_chain": False, "product_chain": chain}
    entered, told = [], []
    for status in workspace.statuses:
        if status.is_addon:
            continue
        try:
            enter(
                workspace,
                held,
                Target(status, COATS.options[0] if status.group else None),
                now=NOW,
                **circumstances,
            )
            entered.append(status.id)
        except Conflict as refused:
            if refused.code == "status_chain":
                told.append(refused.facts["allowed_status_ids"])
    assert all(allowed == entered for allowed in told)
    assert [status.id for status in legal_statuses(workspace, held, **circumstances)] == entered


@settings(max_examples=200)
@given(workspaces(), st.sampled_from([None, "wa", "wb"]), st.sampled_from(IDS))
def test_with_the_override_only_the_workflow_rule_refuses(workspace, workflow_id, anchor) -> None:
    held = HeldStatus(workflow_id=workflow_id, anchor_status_id=anchor)
    for status in workspace.statuses:
        if not status.is_addon:
            try:
                enter(workspace, held, Target(status), now=NOW, override_chain=True, product_chain=(anchor,))
            except Conflict as refused:
                assert refused.code == "workflow_order"
                team = workspace.team
                assert team.workflows_enabled and team.enforce_workflow_order


# Product chains -------------------------------------------------------------------------------------------

PRODUCTS = workspace_of(
    ABC,
    product_chains={"SKU-1": ("A", "B"), "SKU-2": ("A", "B"), "SKU-3": ("B", "A"), "P-1": ("C",), "none": ()},
)


@pytest.mark.parametrize(
    ("products", "chain"),
    [
        ([], None),
        ([("SKU-1", None)], ("A", "B")),
        ([(None, "P-1")], ("C",)),
        ([("SKU-1", "P-1")], ("A", "B")),  # the SKU wins
        ([("unknown", "P-1")], ("C",)),
        ([(None, None)], None),
        ([("", "")], None),
        ([("unknown", "unknown")], None),
        ([("none", None)], None),
        ([("none", "P-1")], ("C",)),
        ([("SKU-1", None), ("SKU-1", None)], ("A", "B")),
        ([("SKU-1", None), ("SKU-2", "P-1")], ("A", "B")),  # the same list, of another product
        ([("SKU-1", None), ("SKU-3", None)], None),
        ([("SKU-1", None), (None, "P-1")], None),
        ([("SKU-1", None), (None, None)], None),
        ([(None, None), ("SKU-1", None)], None),
        ([("SKU-1", None), ("SKU-3", None), ("SKU-1", None)], None),
    ],
)
def test_an_order_has_a_product_chain_if_all_its_items_share_it(products, chain) -> None:
    assert product_chain_of(PRODUCTS, products) == chain
    assert product_chain_of(PRODUCTS, iter(products)) == chain


# Specificity and messages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "wanted", "allowed"),
    [
        ("combined", "order", True),
        ("combined", "line_item", True),
        ("order", "order", True),
        ("order", "line_item", False),
        ("line_item", "order", False),
        ("line_item", "line_item", True),
    ],
)
def test_s49_specificity(mode, wanted, allowed) -> None:
    team = Team(id="team", name="Harbour Works", status_specificity=mode)
    if allowed:
        check_specificity(team, wanted)
        return
    with pytest.raises(Conflict) as refused:
        check_specificity(team, wanted)
    assert refused.value.code == "status_specificity"
    assert refused.value.sentence == "Not available in this status specificity mode"
    assert refused.value.facts == {"mode": mode}


MAIL, PHONE = "tome@reis.example", "+351210000000"
ALL = frozenset(CHANNELS)


@pytest.mark.parametrize(
    ("switches", "email", "phone", "configured", "due"),
    [
        (
            Switches(True, True, True),
            MAIL,
            PHONE,
            ALL,
            [("email", MAIL), ("sms", PHONE), ("whatsapp", PHONE)],
        ),
        (Switches(), MAIL, PHONE, ALL, []),
        (Switches(email=True), MAIL, PHONE, ALL, [("email", MAIL)]),
        (Switches(sms=True), MAIL, PHONE, ALL, [("sms", PHONE)]),
        (Switches(whatsapp=True), MAIL, PHONE, ALL, [("whatsapp", PHONE)]),
        (Switches(True, True, True), MAIL, None, ALL, [("email", MAIL)]),
        (Switches(True, True, True), None, PHONE, ALL, [("sms", PHONE), ("whatsapp", PHONE)]),
        (Switches(True, True, True), "", " ", ALL, []),
        (Switches(True, True, True), MAIL, PHONE, frozenset({"whatsapp"}), [("whatsapp", PHONE)]),
        (Switches(True, True, True), MAIL, PHONE, frozenset(), []),
    ],
)
def test_s39_messages_that_are_due(switches, email, phone, configured, due) -> None:
    """22.8: channel switched on, configured, and the customer has the address."""
    target = Target(status_of("A", 10, notifications=switches))
    assert due_messages(target, email, phone, configured) == due


def test_reachable_asks_for_channels_whatever_the_switches_say() -> None:
    assert reachable(["whatsapp", "email"], MAIL, PHONE, ALL) == [("email", MAIL), ("whatsapp", PHONE)]
    assert reachable([], MAIL, PHONE, ALL) == []
