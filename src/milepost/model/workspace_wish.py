"""What someone wants a workspace to be. Things are named, not numbered: the plan finds or makes their ids.

`where` tells the writer of the wish which part of it a fault is about: a path such as `statuses[2]`.
"""

from collections.abc import Mapping

from msgspec import Struct

from milepost.model.workflow import (
    KeyDateRule,
    MaxDuration,
    MilestoneType,
    Owner,
    Switches,
    TaskTemplate,
)

Fault = tuple[str, str]
"""A path into the wish and a sentence: what is wrong there and what would be right."""

STATUS_COLOR = "#8A94A6"
WORKFLOW_COLOR = "#5B6B7B"


class GroupWish(Struct, frozen=True, kw_only=True):
    name: str
    options: tuple[str, ...] = ()
    where: str = ""


class StatusWish(Struct, frozen=True, kw_only=True):
    """A status; what is left out has its default. `order` None: ten times its position in the wish."""

    name: str
    color: str = STATUS_COLOR
    order: int | None = None
    public_name: str | None = None
    use_public_name: bool = False
    independent: bool = False
    addon: bool = False
    workflow: str | None = None
    sub_status_group: str | None = None
    notifications: Switches = Switches()
    max_duration: MaxDuration = MaxDuration()
    shopify_order_effect: str = "NONE"
    where: str = ""


class MilestoneWish(Struct, frozen=True, kw_only=True):
    """A milestone. `owner` and `prompt_offset_days` None: what is usual for the type."""

    name: str
    type: MilestoneType
    owner: Owner | None = None
    status: str | None = None
    sub_status: str | None = None
    key_date: KeyDateRule | None = None
    prompt_offset_days: int | None = None
    tasks: tuple[TaskTemplate, ...] = ()
    where: str = ""


class WorkflowWish(Struct, frozen=True, kw_only=True):
    """A workflow. `default` None: as it is, unless another one becomes the default."""

    name: str
    description: str | None = None
    color: str = WORKFLOW_COLOR
    order: int | None = None
    default: bool | None = None
    milestones: tuple[MilestoneWish, ...] = ()
    where: str = ""


class ChainWish(Struct, frozen=True, kw_only=True):
    product: str
    statuses: tuple[str, ...]
    where: str = ""


class SupplierWish(Struct, frozen=True, kw_only=True):
    name: str
    email: str | None = None
    where: str = ""


class WorkspaceWish(Struct, frozen=True, kw_only=True):
    """A workspace as it should be. What it does not name stays, unless the plan is told to prune."""

    team_name: str | None = None
    team: Mapping[str, object] = {}
    """The members of `model.workflow.Team` that are given; the others stay."""
    calendar: Mapping[str, object] = {}
    """The members of `model.calendar.Calendar` that are given; the others stay."""
    groups: tuple[GroupWish, ...] = ()
    statuses: tuple[StatusWish, ...] = ()
    product_chains: tuple[ChainWish, ...] = ()
    workflows: tuple[WorkflowWish, ...] = ()
    channels: Mapping[str, str] = {}
    suppliers: tuple[SupplierWish, ...] = ()
    replace_statuses: Mapping[str, str] = {}
    """The status that takes over the orders of a pruned one, by name."""
    replace_workflows: Mapping[str, str] = {}
