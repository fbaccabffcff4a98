"""1.3: workflows."""

from milepost.http.releases import Release

WORKFLOWS = "workflows"
"""Orders are filtered by `workflow_id`."""

RELEASE = Release(
    version="1.3",
    note="Workflows: list them, see the workflow of orders and statuses, filter orders by it.",
    fields={
        "Order": ("workflow_id", "workflow_name"),
        "Status": ("workflow_id", "workflow_name"),
        "StatusSummary": ("workflows_enabled",),
    },
    operations=("listWorkflows",),
    parameters={"listOrders": ("workflow_id",)},
    behaviours=(WORKFLOWS,),
)
