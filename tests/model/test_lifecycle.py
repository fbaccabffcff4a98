"""model.lifecycle: the derived status (Orders API, section 8; O-25 to O-27)."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.model.lifecycle import derive, further

DISPATCHED, IN_TRANSIT, OUT, DELIVERED = "DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"

legs = st.lists(st.sampled_from([None, DISPATCHED, IN_TRANSIT, OUT, DELIVERED]), max_size=5)
types = st.frozensets(st.sampled_from(["acceptance", "production_start", "shipment", "delivery", "custom"]))
rest = st.fixed_dictionaries(
    {name: st.booleans() for name in ("from_release", "supplier_blocks", "has_order_release", "all_taken")}
)


def by_the_text(
    legs: list[str | None],
    confirmed_types: frozenset[str],
    *,
    from_release: bool,
    supplier_blocks: bool,
    has_order_release: bool,
    all_taken: bool,
) -> str:
    """Rules 3 to 8 of section 8, counted out; no code in common with the model."""
    steps = ["ASSIGNED", "DISPATCHED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"]
    further = []
    if legs:
        delivered, out, transit = legs.count(DELIVERED), legs.count(OUT), legs.count(IN_TRANSIT)
        if delivered == len(legs):
            further.append(4)
        elif delivered == len(legs) - 1 and out == 1:
            further.append(3)
        elif transit + out + delivered > 0:
            further.append(2)
        elif legs.count(DISPATCHED) > 0:
            further.append(1)
        else:
            further.append(0)
    if "delivery" in confirmed_types:
        further.append(4)
    elif "shipment" in confirmed_types:
        further.append(2)
    if further:
        return steps[max(further)]
    if from_release:
        return "READY"
    if supplier_blocks or has_order_release:
        return "FILLED" if all_taken else "NOT_READY"
    return "READY"


@given(legs, types, rest)
def test_every_open_order_is_as_the_text_says(legs, confirmed_types, rest) -> None:
    derived = derive(cancelled=False, draft=False, legs=legs, confirmed_types=confirmed_types, **rest)
    assert derived == by_the_text(legs, confirmed_types, **rest)


@given(
    legs, types, rest, st.sampled_from(["acceptance", "production_start", "shipment", "delivery", "custom"])
)
def test_one_more_confirmed_milestone_can_be_told_from_the_status_alone(
    legs, confirmed_types, rest, one
) -> None:
    """O-27, for a status change that confirms a milestone: it does not read the legs."""
    before = derive(cancelled=False, draft=False, legs=legs, confirmed_types=confirmed_types, **rest)
    after = derive(cancelled=False, draft=False, legs=legs, confirmed_types=confirmed_types | {one}, **rest)
    assert further(before, one) == after


@given(legs, types, rest)
def test_cancelled_wins_over_draft_and_draft_over_all_else(legs, confirmed_types, rest) -> None:
    """Rules 1 and 2."""
    facts = {"legs": legs, "confirmed_types": confirmed_types, **rest}
    assert derive(cancelled=True, draft=True, **facts) == "CANCELED"
    assert derive(cancelled=True, draft=False, **facts) == "CANCELED"
    assert derive(cancelled=False, draft=True, **facts) == "NOT_READY"


@pytest.mark.parametrize(
    ("legs", "status"),
    [
        ((None,), "ASSIGNED"),
        ((DISPATCHED,), "DISPATCHED"),
        ((IN_TRANSIT,), "IN_TRANSIT"),
        ((OUT,), "OUT_FOR_DELIVERY"),
        ((DELIVERED,), "DELIVERED"),
        ((None, None), "ASSIGNED"),
        ((DISPATCHED, None), "DISPATCHED"),
        ((IN_TRANSIT, None), "IN_TRANSIT"),
        ((DELIVERED, None), "IN_TRANSIT"),
        ((OUT, DELIVERED), "OUT_FOR_DELIVERY"),
        ((OUT, OUT), "IN_TRANSIT"),
        ((DELIVERED, DELIVERED), "DELIVERED"),
        ((OUT, None), "IN_TRANSIT"),
        ((DELIVERED, DISPATCHED), "IN_TRANSIT"),
        ((OUT, DELIVERED, DELIVERED), "OUT_FOR_DELIVERY"),
        ((OUT, OUT, DELIVERED), "IN_TRANSIT"),
        ((IN_TRANSIT, DELIVERED, DELIVERED), "IN_TRANSIT"),
    ],
)
def test_o26_legs(legs, status) -> None:
    """O-26, in whatever sequence the legs come; a supplier and releases of goods do not matter then."""
    for sequence in permutations(legs):
        assert derive(cancelled=False, draft=False, legs=sequence, supplier_blocks=True) == status


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "READY"),
        ({"supplier_blocks": True}, "NOT_READY"),
        ({"supplier_blocks": True, "has_order_release": True}, "NOT_READY"),
        ({"supplier_blocks": True, "has_order_release": True, "all_taken": True}, "FILLED"),
        ({"has_order_release": True}, "NOT_READY"),
        ({"has_order_release": True, "all_taken": True}, "FILLED"),
        ({"supplier_blocks": True, "all_taken": True}, "FILLED"),
        ({"all_taken": True}, "READY"),  # supplier_blocks_ready is false, or there is no supplier
        ({"from_release": True, "supplier_blocks": True}, "READY"),
        ({"from_release": True, "has_order_release": True, "all_taken": True}, "READY"),
    ],
)
def test_o25_suppliers_and_releases_of_goods(facts, status) -> None:
    """O-25; a child order is released already (rule 6)."""
    assert derive(cancelled=False, draft=False, **facts) == status


@pytest.mark.parametrize(
    ("legs", "confirmed", "status"),
    [
        ((), {"shipment"}, "IN_TRANSIT"),
        ((), {"delivery"}, "DELIVERED"),
        ((), {"shipment", "delivery"}, "DELIVERED"),
        ((DISPATCHED,), {"shipment"}, "IN_TRANSIT"),
        ((OUT,), {"shipment"}, "OUT_FOR_DELIVERY"),
        ((DELIVERED,), {"shipment"}, "DELIVERED"),
        ((None,), {"delivery"}, "DELIVERED"),
        ((None,), {"acceptance"}, "ASSIGNED"),
        ((), {"acceptance", "production_start", "custom"}, "READY"),
    ],
)
def test_o27_milestones(legs, confirmed, status) -> None:
    """O-27: the further of the two views; other milestones change nothing."""
    assert derive(cancelled=False, draft=False, legs=legs, confirmed_types=confirmed) == status


def test_a_confirmed_milestone_counts_on_child_orders_too() -> None:
    """Rule 5 comes before rules 6 and 7."""
    derived = derive(
        cancelled=False, draft=False, confirmed_types={"shipment"}, from_release=True, supplier_blocks=True
    )
    assert derived == "IN_TRANSIT"
