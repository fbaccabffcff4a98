"""What a team defines: statuses, sub-statuses, workflows with milestones, product chains, settings.

`Workspace` is one immutable snapshot of all of it, with the look-ups that rules and surfaces need.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from milepost.model.calendar import Calendar
from milepost.model.subscriptions import Subscription

Channel = Literal["email", "sms", "whatsapp"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "whatsapp")

Specificity = Literal["order", "line_item", "combined"]
MilestoneType = Literal["acceptance", "production_start", "shipment", "delivery", "custom"]
Owner = Literal["brand", "supplier"]
DateAnchor = Literal["issued_at", "ships_on", "delivered_on"]


class Switches(Struct, frozen=True):
    """Which channels tell the customer when a status is entered."""

    email: bool = False
    sms: bool = False
    whatsapp: bool = False


class MaxDuration(Struct, frozen=True):
    """How long an order may stay in a status, in counted seconds (Status API, section 22.10)."""

    enabled: bool = False
    seconds: int = 0
    skip_weekends: bool = False
    skip_holidays: bool = False
    show_public_overdue_date: bool = False


class SubStatusOption(Struct, frozen=True):
    id: str
    name: str
    order: int
    """Position inside its group, from 1."""


class SubStatusGroup(Struct, frozen=True):
    """A named set of options that one or several statuses refine themselves by."""

    id: str
    name: str
    options: tuple[SubStatusOption, ...] = ()

    def option(self, option_id: str | None) -> SubStatusOption | None:
        return next((option for option in self.options if option.id == option_id), None)


class Status(Struct, frozen=True, dict=True):
    """A status of the team. Chain status: neither independent nor addon (Status API, section 22.1)."""

    id: str
    name: str
    color: str
    order: int
    """Team-wide position; statuses sort by it, then by id."""
    public_name: str | None = None
    use_public_name: bool = False
    is_independent: bool = False
    is_addon: bool = False
    notifications: Switches = Switches()
    shopify_order_effect: str = "NONE"
    max_duration: MaxDuration = MaxDuration()
    group: SubStatusGroup | None = None
    workflow_id: str | None = None

    @property
    def display_name(self) -> str:
        return self.public_name if self.use_public_name and self.public_name else self.name

    @property
    def is_chain(self) -> bool:
        return not (self.is_independent or self.is_addon)

    @cached_property
    def options(self) -> Mapping[str, SubStatusOption]:
        return {option.id: option for option in self.group.options} if self.group else {}


class TaskTemplate(Struct, frozen=True):
    title: str
    required: bool = False
    days_before: int | None = None


class KeyDateRule(Struct, frozen=True):
    relative_to: DateAnchor
    offset_days: int


class WorkflowMilestone(Struct, frozen=True):
    """A milestone as the workflow defines it; issuing an order copies it (Milestones API, section 8.4)."""

    id: str
    name: str
    position: int
    type: MilestoneType
    owner: Owner
    status_id: str | None = None
    sub_status_id: str | None = None
    key_date_rule: KeyDateRule | None = None
    prompt_offset_days: int = 0
    task_templates: tuple[TaskTemplate, ...] = ()


class Workflow(Struct, frozen=True):
    id: str
    name: str
    color: str
    order: int
    description: str | None = None
    is_default: bool = False
    milestones: tuple[WorkflowMilestone, ...] = ()


class Team(Struct, frozen=True):
    id: str
    name: str
    time_zone: str = "UTC"
    currency: str = "USD"
    status_specificity: Specificity = "combined"
    workflows_enabled: bool = False
    enforce_workflow_order: bool = False
    enforce_product_chain: bool = False


class House(Struct, frozen=True):
    """What holds for all teams of this installation: the settings of these names, as the rules need them."""

    environment: str = "selfhosted"
    supplier_blocks_ready: bool = True
    strict_event_payloads: bool = False


class Workspace(Struct, frozen=True, dict=True):
    """All that a team has defined, at one `version` of it. Sequences are sorted by order, then id."""

    team: Team
    version: int
    calendar: Calendar
    statuses: tuple[Status, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    groups: tuple[SubStatusGroup, ...] = ()
    product_chains: Mapping[str, tuple[str, ...]] = {}
    """Status ids by SKU or product id."""
    webhooks: tuple[Subscription, ...] = ()
    """By id, disabled ones too."""
    house: House = House()

    @cached_property
    def status(self) -> Mapping[str, Status]:
        return {status.id: status for status in self.statuses}

    @cached_property
    def workflow(self) -> Mapping[str, Workflow]:
        return {workflow.id: workflow for workflow in self.workflows}

    @cached_property
    def option(self) -> Mapping[str, SubStatusOption]:
        return {option.id: option for group in self.groups for option in group.options}

    @cached_property
    def default_workflow(self) -> Workflow | None:
        return next((workflow for workflow in self.workflows if workflow.is_default), None)

    @cached_property
    def statuses_of(self) -> Mapping[str | None, tuple[Status, ...]]:
        """Statuses by workflow id; those without a workflow under None."""
        by_workflow: dict[str | None, list[Status]] = {}
        for status in self.statuses:
            by_workflow.setdefault(status.workflow_id, []).append(status)
        return {key: tuple(group) for key, group in by_workflow.items()}

    @cached_property
    def enterable_workflows(self) -> tuple[Workflow, ...]:
        """W of Status API 22.5: the workflows with at least one status that is no addon."""
        return tuple(
            workflow
            for workflow in self.workflows
            if any(not status.is_addon for status in self.statuses_of.get(workflow.id, ()))
        )
