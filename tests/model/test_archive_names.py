"""Names and ids of a workspace, both ways."""

import pytest

from milepost.kit.errors import Invalid, Stale
from milepost.model.archive_names import Names, Register
from milepost.model.calendar import Calendar
from milepost.model.order_archive import Gone
from milepost.model.workflow import (
    Status,
    SubStatusGroup,
    SubStatusOption,
    Team,
    Workflow,
    WorkflowMilestone,
    Workspace,
)

ONE, TWO = "019df1ae-0000-7000-8000-000000000001", "019df1ae-0000-7000-8000-000000000002"


def test_what_a_workspace_names():
    option = SubStatusOption("o", "First coat", 1)
    step = WorkflowMilestone("m", "Shipped", 1, "shipment", "supplier")
    names = Names(
        Workspace(
            team=Team("t", "Harbour"),
            version=1,
            calendar=Calendar(time_zone="UTC"),
            statuses=(Status("s", "Hull laid", "#000000", 10),),
            workflows=(Workflow("w", "Build", "#000000", 10, milestones=(step,)),),
            groups=(SubStatusGroup("g", "Varnish coats", (option,)),),
        )
    )
    registers = (names.statuses, names.options, names.workflows, names.milestones)
    told = ("Hull laid", "Varnish coats/First coat", "Build", "Build/Shipped")
    assert tuple(one.name(identifier) for one, identifier in zip(registers, "sowm", strict=True)) == told
    assert tuple(one.id(name) for one, name in zip(registers, told, strict=True)) == tuple("sowm")


def test_what_is_gone_keeps_its_id():
    register = Register("status", [(ONE, "Hull laid")])
    assert (register.named(ONE), register.named(TWO)) == ("Hull laid", Gone(TWO))
    assert (register.id("Hull laid"), register.id(Gone(TWO))) == (ONE, TWO)


def test_what_must_be_there_is_read_again():
    """Orders that hold it were read after the workspace."""
    with pytest.raises(Stale):
        Register("status", [(ONE, "Hull laid")]).name(TWO)


def test_a_name_that_nothing_has():
    with pytest.raises(Invalid) as invalid:
        Register("status", [(ONE, "Hull laid")]).id("Varnish")
    assert (invalid.value.code, invalid.value.sentence) == (
        "not_found",
        'The workspace has no status "Varnish": apply the workspace that the orders come from first '
        "(milepost export-workspace there, milepost apply FILE here)",
    )


def test_a_name_that_two_have():
    """Option B/C of group A, and option C of group A/B: nobody may guess."""
    register = Register("sub-status", [(ONE, "A/B/C"), (TWO, "A/B/C")])
    assert (register.name(ONE), register.name(TWO)) == ("A/B/C", "A/B/C")
    with pytest.raises(Invalid) as invalid:
        register.id("A/B/C")
    assert invalid.value.sentence == 'The workspace has more than one sub-status "A/B/C": rename one of them'
