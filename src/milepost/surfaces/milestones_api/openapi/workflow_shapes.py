"""What answers hold of teams and workflows (sections 6.1, 6.4, 6.5 and 6.9): each document with exactly its members."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from milepost.model.workflow import MilestoneType, Owner
from milepost.surfaces.milestones_api.openapi.scalars import Count, Id, Moment, Number

# Teams


class Team(Struct):
    """The key's team."""

    id: Id
    name: str
    time_zone: Annotated[str, Meta(description="An IANA name. Today, for this team, is the date there.")]
    created_at: Moment
    updated_at: Moment


class TeamName(Struct):
    """The team that the order belongs to."""

    id: Id
    name: str


# Workflows


class SubStatus(Struct):
    id: Id
    name: str


class LinkedStatus(Struct):
    """A status of the Status API that the order enters when the milestone is confirmed."""

    id: Id
    name: str
    sub_status: Annotated[
        SubStatus | None, Meta(description="Which of its sub-statuses; set exactly when the status has some.")
    ]


class KeyDateRule(Struct):
    """How the planned date is reckoned when an order is issued."""

    relative_to: Literal["issued_at", "ships_on", "delivered_on"]
    offset_days: int


class TaskTemplate(Struct):
    """A task that every order gets when it is issued."""

    title: str
    required: Annotated[bool, Meta(description="Whether it blocks its milestone while it is open.")]
    days_before: Annotated[Count | None, Meta(description="How many days before the key date it is due.")]


class WorkflowMilestone(Struct):
    """A milestone as a workflow has it, the same for every order of the workflow."""

    id: Annotated[
        Id,
        Meta(
            description="For `workflow_milestones/{workflow_milestone_id}` and `workflow_order_milestone_key_dates`."
        ),
    ]
    name: str
    position: Number
    type: Annotated[
        MilestoneType,
        Meta(
            description="A workflow has one `acceptance`, at position 1; of the others but `custom` at most one."
        ),
    ]
    owner: Annotated[Owner, Meta(description="Who is prompted for an answer.")]
    linked_status: LinkedStatus | None
    key_date_rule: Annotated[
        KeyDateRule | None,
        Meta(description="Null for shipment and delivery: they take `ships_on` and `delivered_on`."),
    ]
    prompt_offset_days: Annotated[
        int, Meta(description="How many days after the key date its owner is prompted; not for acceptance.")
    ]
    task_templates: list[TaskTemplate]
    created_at: Moment
    updated_at: Moment


class Workflow(Struct):
    """A named list of milestones along which orders move."""

    id: Annotated[Id, Meta(description="The same as on the Status API.")]
    name: str
    position: Annotated[int, Meta(description="The Status API's `order`.")]
    default: Annotated[bool, Meta(description="Orders take it unless they name another one.")]
    milestones: Annotated[
        list[WorkflowMilestone],
        Meta(max_length=50, description="By position; empty for a workflow that only holds statuses."),
    ]
    created_at: Moment
    updated_at: Moment


# The scheme before workflows


class ConfiguredMilestone(Struct):
    type: Literal["acceptance", "production_start", "on_track_to_ship", "shipment", "delivery"]
    enabled: bool
    offset_days: int
    relative_to: Literal["issued_at", "production_start_date", "ships_on", "delivered_on"]


class OrderMilestoneConfig(Struct):
    """A frozen record of the scheme that preceded workflows. Nothing acts on it."""

    id: Id
    name: str
    default: bool
    enabled: bool
    milestones: list[ConfiguredMilestone]
