"""GET T/workflows (section 7.18): where a script reads its workflow milestone ids once."""

from collections.abc import Mapping
from typing import Any

from milepost.model.workflow import Workflow, WorkflowMilestone, Workspace
from milepost.reads.definition_times import Times, workflow_times
from milepost.surfaces.milestones_api.call import Call, Endpoint, Reply
from milepost.surfaces.milestones_api.paging import paged, part_of, read_page
from milepost.surfaces.milestones_api.shaping import shape_linked_status, shown_instant


async def list_workflows(call: Call) -> Reply:
    """GET T/workflows."""
    page = read_page(call)
    times, version = await workflow_times(call.db, call.team_id)
    call.saw(version)
    workflows = call.workspace.workflows
    shown = [_workflow(call.workspace, workflow, times) for workflow in part_of(page, workflows)]
    return paged(call, page, len(workflows), "workflows", shown)


def _workflow(workspace: Workspace, workflow: Workflow, times: Mapping[str, Times]) -> dict[str, Any]:
    return {
        "id": workflow.id,
        "name": workflow.name,
        "position": workflow.order,
        "default": workflow.is_default,
        "milestones": [
            _milestone(workspace, milestone, times[milestone.id]) for milestone in workflow.milestones
        ],
        **_shown(times[workflow.id]),
    }


def _milestone(workspace: Workspace, milestone: WorkflowMilestone, times: Times) -> dict[str, Any]:
    rule = milestone.key_date_rule
    return {
        "id": milestone.id,
        "name": milestone.name,
        "position": milestone.position,
        "type": milestone.type,
        "owner": milestone.owner,
        "linked_status": shape_linked_status(workspace, milestone.status_id, milestone.sub_status_id),
        "key_date_rule": rule and {"relative_to": rule.relative_to, "offset_days": rule.offset_days},
        "prompt_offset_days": milestone.prompt_offset_days,
        "task_templates": [
            {"title": template.title, "required": template.required, "days_before": template.days_before}
            for template in milestone.task_templates
        ],
        **_shown(times),
    }


def _shown(times: Times) -> dict[str, Any]:
    return {"created_at": shown_instant(times.created_at), "updated_at": shown_instant(times.updated_at)}


ENDPOINTS = (
    Endpoint(
        operation="listWorkflows",
        method="GET",
        path="teams/{team_id}/workflows",
        permission="canViewStatuses",
        summary="List workflows with their milestones",
        handler=list_workflows,
    ),
)
