"""GET T/workflows (sections 6.4, 6.5 and 7.18)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.surfaces.world import Team, World

DEFINED = datetime(2027, 1, 11, 8, 0, 0, 500_000, tzinfo=UTC)
TIMES = {"created_at": "2027-01-11T08:00:00Z", "updated_at": "2027-01-11T08:00:00Z"}

WISH: dict[str, Any] = {
    "sub_status_groups": [{"name": "Seams", "options": ["Front", "Back"]}],
    "statuses": [{"name": "Sewing"}, {"name": "Hemming", "sub_status_group": "Seams"}],
    "workflows": [
        {"name": "Standard"},
        {
            "name": "Made to order",
            "default": True,
            "milestones": [
                {
                    "name": "Order accepted",
                    "type": "acceptance",
                    "key_date": {"relative_to": "issued_at", "offset_days": 3},
                },
                {
                    "name": "Sample approved",
                    "type": "custom",
                    "owner": "brand",
                    "status": "Sewing",
                    "key_date": {"relative_to": "ships_on", "offset_days": -56},
                    "tasks": [{"title": "Send swatches", "required": True, "days_before": 1}],
                },
                {
                    "name": "Hemmed",
                    "type": "custom",
                    "status": "Hemming",
                    "sub_status": "Back",
                    "prompt_offset_days": 2,
                    "tasks": [{"title": "Thread"}],
                },
                {"name": "Goods shipped", "type": "shipment"},
                {"name": "Goods delivered", "type": "delivery"},
            ],
        },
        {"name": "Statuses only", "milestones": []},
    ],
}


async def test_all_of_a_workflow(world: World) -> None:
    """Sections 6.4 and 6.5: every member, in the order of positions, times in whole seconds."""
    with world.clock.at(DEFINED):
        team = await world.team()
        await team.apply(WISH)
    body = (await team.milestones_api("GET", "/workflows")).ok()
    _, made, bare = body["workflows"]
    assert [one["position"] for one in body["workflows"]] == [10, 20, 30]
    assert [one["default"] for one in body["workflows"]] == [False, True, False]
    assert bare == {
        "id": team.known["workflow:Statuses only"],
        "name": "Statuses only",
        "position": 30,
        "default": False,
        "milestones": [],
        **TIMES,
    }
    ids = [one["id"] for one in made["milestones"]]
    assert made == {
        "id": team.known["workflow:Made to order"],
        "name": "Made to order",
        "position": 20,
        "default": True,
        "milestones": [
            {
                "id": ids[0],
                "name": "Order accepted",
                "position": 1,
                "type": "acceptance",
                "owner": "supplier",
                "linked_status": None,
                "key_date_rule": {"relative_to": "issued_at", "offset_days": 3},
                "prompt_offset_days": 0,
                "task_templates": [],
                **TIMES,
            },
            {
                "id": ids[1],
                "name": "Sample approved",
                "position": 2,
                "type": "custom",
                "owner": "brand",
                "linked_status": {"id": team.known["Sewing"], "name": "Sewing", "sub_status": None},
                "key_date_rule": {"relative_to": "ships_on", "offset_days": -56},
                "prompt_offset_days": 0,
                "task_templates": [{"title": "Send swatches", "required": True, "days_before": 1}],
                **TIMES,
            },
            {
                "id": ids[2],
                "name": "Hemmed",
                "position": 3,
                "type": "custom",
                "owner": "supplier",
                "linked_status": {
                    "id": team.known["Hemming"],
                    "name": "Hemming",
                    "sub_status": {"id": team.known["Seams/Back"], "name": "Back"},
                },
                "key_date_rule": None,
                "prompt_offset_days": 2,
                "task_templates": [{"title": "Thread", "required": False, "days_before": None}],
                **TIMES,
            },
            {
                "id": ids[3],
                "name": "Goods shipped",
                "position": 4,
                "type": "shipment",
                "owner": "supplier",
                "linked_status": None,
                "key_date_rule": None,
                "prompt_offset_days": 1,
                "task_templates": [],
                **TIMES,
            },
            {
                "id": ids[4],
                "name": "Goods delivered",
                "position": 5,
                "type": "delivery",
                "owner": "brand",
                "linked_status": None,
                "key_date_rule": None,
                "prompt_offset_days": 1,
                "task_templates": [],
                **TIMES,
            },
        ],
        **TIMES,
    }
    assert len(set(ids)) == 5
    await _and_as_it_was_changed(team, made)


async def _and_as_it_was_changed(team: Team, before: dict[str, Any]) -> None:
    """Section 7.18: an edit shows at once, ids stay, and what was edited has a new `updated_at`."""
    changed = {**WISH["workflows"][1]["milestones"][0], "owner": "brand"}
    wish = {"name": "Made to order", "milestones": [changed, *WISH["workflows"][1]["milestones"][1:]]}
    with team.world.clock.at(DEFINED + timedelta(days=1)):
        await team.apply({**WISH, "workflows": [WISH["workflows"][0], {**WISH["workflows"][1], **wish}]})
    (after,) = [
        one
        for one in (await team.milestones_api("GET", "/workflows")).ok()["workflows"]
        if one["id"] == before["id"]
    ]
    assert after["milestones"][0] == {
        **before["milestones"][0],
        "owner": "brand",
        "updated_at": "2027-01-12T08:00:00Z",
    }
    assert [one["id"] for one in after["milestones"]] == [one["id"] for one in before["milestones"]]


async def test_the_workflow_of_a_new_team(team: Team) -> None:
    """Section 6.4: `Standard`, with four milestones."""
    (standard,) = (await team.milestones_api("GET", "/workflows")).ok()["workflows"]
    assert (standard["name"], standard["default"], standard["position"]) == ("Standard", True, 10)
    assert [(one["name"], one["type"], one["owner"]) for one in standard["milestones"]] == [
        ("Order accepted", "acceptance", "supplier"),
        ("Production started", "production_start", "supplier"),
        ("Shipped", "shipment", "supplier"),
        ("Delivered", "delivery", "brand"),
    ]
    assert [one["task_templates"] for one in standard["milestones"]] == [
        *([], []),
        [{"title": "On track to ship", "required": False, "days_before": 7}],
        [],
    ]


async def test_the_same_ids_as_on_the_status_api(team: Team) -> None:
    """Section 6.4."""
    await team.apply(WISH)
    shown = (await team.milestones_api("GET", "/workflows")).ok()["workflows"]
    there = (await team.get("/workflows")).ok()["workflows"]
    assert [(one["id"], one["name"], one["position"]) for one in shown] == [
        (one["id"], one["name"], one["order"]) for one in there
    ]


async def test_pages_of_workflows(team: Team) -> None:
    """M-6, section 4: by position."""
    names = [f"W{number}" for number in range(1, 8)]
    await team.apply({"workflows": [{"name": "Standard"}, *({"name": name} for name in names)]})
    found: list[str] = []
    for page in (1, 2, 3):
        reply = await team.milestones_api("GET", f"/workflows?per_page=3&page={page}")
        found += [one["name"] for one in reply.ok()["workflows"]]
        assert (reply.headers["X-Total"], reply.headers["X-Total-Pages"]) == ("8", "3")
    assert found == ["Standard", *names]
