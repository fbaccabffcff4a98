"""Which things of a workspace may point at which: the faults seen when a wish meets the rest of the team."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from milepost.model.workflow import MilestoneType, Status, Workflow, WorkflowMilestone, Workspace
from milepost.model.workspace_rules import MOST_MILESTONES, MOST_OF_A_KIND
from milepost.model.workspace_wish import Fault, MilestoneWish, WorkspaceWish

_ONCE: tuple[MilestoneType, ...] = ("production_start", "shipment", "delivery")
_SHOWN = 12


def reference_faults(wish: WorkspaceWish, now: Workspace, target: Workspace) -> list[Fault]:
    """Every fault that shows only beside what stays: names that lead nowhere, broken sequences."""
    found: list[Fault] = [*_statuses(wish, target), *_chains(wish, target), *_milestones(wish, target)]
    places = {workflow.name: workflow.where for workflow in wish.workflows}
    for workflow in target.workflows:
        place = places.get(workflow.name)
        subject = "" if place is not None else f"workflow {workflow.name!r}, which stays: "
        where = "workflows" if place is None else f"{place}.milestones"
        found += [(where, subject + fault) for fault in sequence_faults(workflow.milestones)]
    found += _left_behind(wish, target)
    found += _replacements(wish, now, target)
    if len(target.statuses) > MOST_OF_A_KIND:
        found.append(
            ("statuses", f"the team would have {len(target.statuses)}; the most is {MOST_OF_A_KIND}")
        )
    return found


def sequence_faults(milestones: Sequence[WorkflowMilestone]) -> list[str]:
    """What breaks the rule of Milestones API 8.2, of a workflow's milestones by position."""
    if not milestones:
        return []
    found = []
    acceptances = [one for one in milestones if one.type == "acceptance"]
    if not acceptances:
        found.append("has no acceptance; the first milestone must be one")
    elif milestones[0].type != "acceptance":
        found.append(f"the acceptance {acceptances[0].name!r} must be the first milestone")
    found += [_too_many("acceptance", acceptances)] if len(acceptances) > 1 else []
    positions = []
    for kind in _ONCE:
        ones = [one for one in milestones if one.type == kind]
        found += [_too_many(kind, ones)] if len(ones) > 1 else []
        positions += [ones[0].position] if ones else []
    if positions != sorted(positions):
        found.append("production_start, shipment and delivery must stand in this order")
    if len(milestones) > MOST_MILESTONES:
        found.append(f"has {len(milestones)} milestones; the most is {MOST_MILESTONES}")
    return found


def _too_many(kind: str, ones: Sequence[WorkflowMilestone]) -> str:
    names = ", ".join(repr(one.name) for one in ones)
    return f"has {len(ones)} milestones of type {kind} ({names}); keep one (pruning removes others)"


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    shown = ", ".join(list(known)[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
    return f"there is no {kind} {name!r}; " + (f"there are {shown}" if known else "there are none")


def _statuses(wish: WorkspaceWish, target: Workspace) -> Iterator[Fault]:
    workflows = {workflow.name for workflow in target.workflows}
    groups = {group.name for group in target.groups}
    for status in wish.statuses:
        if status.workflow is not None and status.workflow not in workflows:
            yield f"{status.where}.workflow", _unknown("workflow", status.workflow, sorted(workflows))
        group = status.sub_status_group
        if group is not None and group not in groups:
            yield f"{status.where}.sub_status_group", _unknown("sub-status group", group, sorted(groups))


def _chains(wish: WorkspaceWish, target: Workspace) -> Iterator[Fault]:
    statuses = {status.name: status for status in target.statuses}
    for chain in wish.product_chains:
        for index, name in enumerate(chain.statuses):
            if name not in statuses:
                yield f"{chain.where}.statuses[{index}]", _unknown("status", name, list(statuses))
            elif not statuses[name].is_chain:
                kind = "an addon" if statuses[name].is_addon else "independent"
                fault = f"{name!r} is {kind}; a product chain has only statuses that are neither"
                yield f"{chain.where}.statuses[{index}]", fault


def _milestones(wish: WorkspaceWish, target: Workspace) -> Iterator[Fault]:
    statuses = {status.name: status for status in target.statuses}
    for workflow in wish.workflows:
        for milestone in workflow.milestones:
            yield from _link(milestone, statuses)


def _link(milestone: MilestoneWish, statuses: Mapping[str, Status]) -> Iterator[Fault]:
    if milestone.status is None:
        return
    status = statuses.get(milestone.status)
    if status is None:
        yield f"{milestone.where}.status", _unknown("status", milestone.status, list(statuses))
        return
    if status.is_addon:
        yield f"{milestone.where}.status", f"{status.name!r} is an addon; a milestone cannot enter it"
    options = [option.name for option in status.options.values()]
    if milestone.sub_status is None and options:
        yield f"{milestone.where}.sub_status", f"{status.name!r} needs one of {', '.join(options)}; add it"
    elif milestone.sub_status is not None and not options:
        yield f"{milestone.where}.sub_status", f"{status.name!r} has no sub-statuses; remove it"
    elif milestone.sub_status is not None and milestone.sub_status not in options:
        fault = f"{status.name!r} has no sub-status {milestone.sub_status!r}; it has {', '.join(options)}"
        yield f"{milestone.where}.sub_status", fault


def _left_behind(wish: WorkspaceWish, target: Workspace) -> Iterator[Fault]:
    """Things that the wish does not name, but whose statuses it changes under them."""
    named = {chain.product for chain in wish.product_chains}
    for product, ids in target.product_chains.items():
        for status_id in ids if product not in named else ():
            status = target.status.get(status_id)
            if status is not None and not status.is_chain:
                fault = f"the chain of {product!r}, which stays, holds {status.name!r}, now no chain status"
                yield "statuses", f"{fault}; name that chain too"
    for workflow in target.workflows:
        wished = [one.milestones for one in wish.workflows if one.name == workflow.name]
        kept = {milestone.name for milestones in wished for milestone in milestones}
        for milestone in workflow.milestones:
            if milestone.name not in kept and (broken := _kept_link_fault(workflow, milestone, target)):
                yield "statuses", broken


def _kept_link_fault(workflow: Workflow, milestone: WorkflowMilestone, target: Workspace) -> str | None:
    status = target.status.get(milestone.status_id or "")
    subject = f"milestone {workflow.name}/{milestone.name}, which stays,"
    if status is None:
        return None if milestone.status_id is None else f"{subject} enters a status that goes; name it too"
    if status.is_addon:
        return f"{subject} enters {status.name!r}, now an addon; name that milestone too"
    if bool(status.options) != (milestone.sub_status_id in status.options):
        return f"{subject} enters {status.name!r}, whose sub-statuses change; name that milestone too"
    return None


def _replacements(wish: WorkspaceWish, now: Workspace, target: Workspace) -> Iterator[Fault]:
    known = {status.name: status for status in now.statuses}
    statuses = {status.name: status for status in target.statuses}
    workflows = {workflow.name for workflow in target.workflows}
    for old, new in wish.replace_statuses.items():
        where = f"replace_with.statuses.{old}"
        if old in {status.name for status in wish.statuses}:
            yield where, f"{old!r} is also defined in this file; remove it from one of the two"
        if new not in statuses:
            yield where, _unknown("status", new, list(statuses))
        elif statuses[new].options:
            yield where, f"{new!r} has sub-statuses, so it cannot stand in for another; choose one without"
        elif old in known and known[old].is_addon != statuses[new].is_addon:
            which = "an addon" if known[old].is_addon else "no addon"
            yield where, f"{old!r} is {which}, so {new!r} must be {which}, too; choose another"
    for old, new in wish.replace_workflows.items():
        where = f"replace_with.workflows.{old}"
        if old in {workflow.name for workflow in wish.workflows}:
            yield where, f"{old!r} is also defined in this file; remove it from one of the two"
        if new not in workflows:
            yield where, _unknown("workflow", new, sorted(workflows))
