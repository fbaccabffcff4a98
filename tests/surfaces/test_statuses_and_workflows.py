"""What a team defined, as it is read: statuses, workflows, settings (contract, sections 14 to 16 and 20; S-41
to S-43, S-49)."""

import pytest

from tests.surfaces.world import Team, World

VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
HARBOUR = {
    "settings": {"workflows_enabled": True, "enforce_product_chain": True},
    "team": {"time_zone": "Europe/Lisbon"},
    "sub_status_groups": [
        {"name": "Varnish coats", "options": ["First coat", "Second coat"]},
        {"name": "Bare"},
    ],
    "workflows": [
        {"name": "Build", "description": "From bare hull to launch", "color": "#24527A", "order": 20},
        {"name": "Refit", "color": "#8A4F7D", "order": 30},
        {"name": "Early", "color": "#000000", "order": 5},
    ],
    "statuses": [
        {"name": "Hull laid", "color": "#5B8DB8", "order": 10, "workflow": "Build"},
        {
            "name": "Varnish",
            "color": "#b5651D",
            "order": 20,
            "public_name": "Finishing",
            "use_public_name": True,
            "workflow": "Build",
            "sub_status_group": "Varnish coats",
            "notifications": {"email": True, "whatsapp": True},
            "max_duration": {
                "seconds": 172800,
                "skip_weekends": True,
                "skip_holidays": True,
                "show_public_overdue_date": True,
            },
            "shopify_order_effect": "MARKS_ORDER_FULFILLED",
        },
        {"name": "Waiting", "color": "#999999", "order": 15, "independent": True, "sub_status_group": "Bare"},
        {
            "name": "Plate",
            "color": "#2E8B57",
            "order": 90,
            "addon": True,
            "workflow": "Build",
            "public_name": "Sign",
        },
        {
            "name": "Paused",
            "color": "#222222",
            "order": 90,
            "max_duration": {"enabled": False, "seconds": 60, "skip_weekends": True},
        },
    ],
}


@pytest.fixture(scope="module")
async def harbour(world: World) -> Team:
    team = await world.team()
    await team.apply(HARBOUR)
    return team


def switches(email: bool = False, sms: bool = False, whatsapp: bool = False) -> dict:
    return {"email": email, "sms": sms, "whatsapp": whatsapp}


DISABLED = {
    "enabled": False,
    "seconds": 0,
    "skip_weekends": False,
    "skip_holidays": False,
    "show_public_overdue_date": False,
}


def varnish(known: dict[str, str]) -> dict:
    """The status `Varnish` as 1.3 and later show it."""
    return {
        "id": known["Varnish"],
        "name": "Varnish",
        "public_name": "Finishing",
        "use_public_name": True,
        "display_name": "Finishing",
        "color": "#b5651D",
        "order": 20,
        "is_independent": False,
        "is_addon": False,
        "notifications": switches(email=True, whatsapp=True),
        "shopify_order_effect": "MARKS_ORDER_FULFILLED",
        "max_duration": {
            "enabled": True,
            "seconds": 172800,
            "skip_weekends": True,
            "skip_holidays": True,
            "show_public_overdue_date": True,
        },
        "sub_status_group": {
            "id": known["group"],
            "name": "Varnish coats",
            "options": [
                {"id": known["Varnish coats/First coat"], "name": "First coat", "order": 1},
                {"id": known["Varnish coats/Second coat"], "name": "Second coat", "order": 2},
            ],
        },
        "workflow_id": known["workflow:Build"],
        "workflow_name": "Build",
    }


def plain(known: dict[str, str], name: str, color: str, order: int, **more) -> dict:
    return {
        "id": known[name],
        "name": name,
        "public_name": None,
        "use_public_name": False,
        "display_name": name,
        "color": color,
        "order": order,
        "is_independent": False,
        "is_addon": False,
        "notifications": switches(),
        "shopify_order_effect": "NONE",
        "max_duration": DISABLED,
        "sub_status_group": None,
        "workflow_id": None,
        "workflow_name": None,
        **more,
    }


async def groups(team: Team) -> dict[str, str]:
    rows = await team.world.pool.fetch("select name, id from sub_status_groups where team_id = $1", team.id)
    return {row[0]: str(row[1]) for row in rows}


async def all_statuses(team: Team) -> list[dict]:
    """The statuses of HARBOUR as 1.3 and later list them: by order, then id."""
    by_name = await groups(team)
    known = {**team.known, "group": by_name["Varnish coats"]}
    build = {"workflow_id": known["workflow:Build"], "workflow_name": "Build"}
    last = [
        plain(known, "Plate", "#2E8B57", 90, is_addon=True, public_name="Sign", **build),
        plain(
            known,
            "Paused",
            "#222222",
            90,
            max_duration={**DISABLED, "seconds": 60, "skip_weekends": True},
        ),
    ]
    return [
        plain(known, "Hull laid", "#5B8DB8", 10, **build),
        plain(
            known,
            "Waiting",
            "#999999",
            15,
            is_independent=True,
            sub_status_group={"id": by_name["Bare"], "name": "Bare", "options": []},
        ),
        varnish(known),
        *sorted(last, key=lambda status: status["id"]),
    ]


def as_version(status: dict, version: str) -> dict:
    """What the matrix of section 21 takes away from a status."""
    hidden = {"is_addon"} if version == "1.0" else set()
    if version < "1.3":
        hidden |= {"workflow_id", "workflow_name"}
    shown = {name: value for name, value in status.items() if name not in hidden}
    if version < "1.2":
        shown["max_duration"] = {
            name: v for name, v in shown["max_duration"].items() if name != "skip_holidays"
        }
    return shown


# Statuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_s41_s42_statuses(harbour, version):
    """S-41, S-42: all statuses by `order`, then id, each with the fields of the version, and their number."""
    expected = [as_version(status, version) for status in await all_statuses(harbour)]
    summary = {"total": 5} if version < "1.3" else {"total": 5, "workflows_enabled": True}
    assert (await harbour.get("/statuses", version)).ok() == {"statuses": expected, "summary": summary}
    for status in expected:
        assert (await harbour.get(f"/statuses/{status['id']}", version)).ok() == {"status": status}


@pytest.mark.parametrize(
    ("public_name", "use", "shown"),
    [
        (None, False, "N"),
        (None, True, "N"),
        ("", True, "N"),
        ("", False, "N"),
        ("P", True, "P"),
        ("P", False, "N"),
    ],
)
async def test_s41_display_name(world, public_name, use, shown):
    """S-41: `display_name` follows `use_public_name`, and falls back to `name` without a public one."""
    team = await world.team()
    wish = {
        "name": "N",
        "use_public_name": use,
        **({} if public_name is None else {"public_name": public_name}),
    }
    await team.apply({"statuses": [wish], "workflows": [{"name": "W"}]})
    (status,) = (await team.get("/statuses")).ok()["statuses"]
    assert (status["name"], status["use_public_name"], status["display_name"]) == ("N", use, shown)
    assert status["public_name"] == public_name
    await team.apply({"statuses": [{**wish, "workflow": "W"}]})
    listed = (await team.get("/workflows")).ok()["workflows"]
    (nested,) = next(one for one in listed if one["name"] == "W")["statuses"]
    assert (nested["display_name"], nested["public_name"]) == (shown, public_name)


async def test_s42_fields_by_version(harbour):
    """S-42: `is_addon` from 1.1, `skip_holidays` from 1.2, workflows from 1.3; `is_independent` always."""
    for version in VERSIONS:
        answer = (await harbour.get("/statuses", version)).ok()
        for status in answer["statuses"]:
            assert "is_independent" in status
            assert ("is_addon" in status) == (version >= "1.1")
            assert ("skip_holidays" in status["max_duration"]) == (version >= "1.2")
            assert ("workflow_id" in status) == ("workflow_name" in status) == (version >= "1.3")
        assert ("workflows_enabled" in answer["summary"]) == (version >= "1.3")


async def test_a_team_without_statuses(world):
    team = await world.team()
    for version in VERSIONS:
        summary = {"total": 0} if version < "1.3" else {"total": 0, "workflows_enabled": False}
        assert (await team.get("/statuses", version)).ok() == {"statuses": [], "summary": summary}


async def test_statuses_sort_by_order_then_id_team_wide(world):
    """`order` is a team-wide position: not dense, not restarted by workflow."""
    team = await world.team()
    wish = [("z", 30, "W"), ("y", 7, None), ("x", 30, None), ("w", 30, "V"), ("v", 1000, "W"), ("u", 1, "V")]
    await team.apply(
        {
            "workflows": [{"name": "W"}, {"name": "V"}],
            "statuses": [
                {"name": name, "order": order, **({"workflow": flow} if flow else {})}
                for name, order, flow in wish
            ],
        }
    )
    ids = await team.ids()
    listed = (await team.get("/statuses")).ok()["statuses"]
    assert [(one["order"], one["id"]) for one in listed] == sorted(
        (order, ids[name]) for name, order, _ in wish
    )


async def test_statuses_get_tens_by_position(world):
    team = await world.team()
    await team.apply({"statuses": [{"name": name} for name in "cab"]})
    listed = (await team.get("/statuses")).ok()["statuses"]
    assert [(one["name"], one["order"]) for one in listed] == [("c", 10), ("a", 20), ("b", 30)]


# Workflows ------------------------------------------------------------------------------------------------


def nested(status: dict) -> dict:
    names = (
        "id",
        "name",
        "public_name",
        "use_public_name",
        "display_name",
        "color",
        "order",
        "is_independent",
        "is_addon",
    )
    return {name: status[name] for name in names}


@pytest.mark.parametrize("version", ["1.3", "1.4", "1.5"])
async def test_s43_workflows(harbour, version):
    """S-43: by `order`, with their statuses of exactly nine keys and their numbers; an empty one too."""
    known = harbour.known
    build = [
        nested(one) for one in await all_statuses(harbour) if one["workflow_id"] == known["workflow:Build"]
    ]

    def workflow(name: str, description: str | None, color: str, order: int, statuses: list) -> dict:
        return {
            "id": known[f"workflow:{name}"],
            "name": name,
            "description": description,
            "color": color,
            "order": order,
            "statuses": statuses,
            "status_count": len(statuses),
        }

    standard = workflow("Standard", None, "#5B6B7B", 10, [])
    assert (await harbour.get("/workflows", version)).ok() == {
        "workflows": [
            workflow("Early", None, "#000000", 5, []),
            standard,
            workflow("Build", "From bare hull to launch", "#24527A", 20, build),
            workflow("Refit", None, "#8A4F7D", 30, []),
        ],
        "workflows_enabled": True,
        "enforce_workflow_order": False,
        "summary": {"total": 4, "total_statuses": 3},
    }


async def test_a_new_team_has_the_workflow_standard(world):
    """Section 24: a new team has `Standard`, with milestones only; listed like any other."""
    answer = (await (await world.team()).get("/workflows")).ok()
    (standard,) = answer["workflows"]
    assert (standard["name"], standard["description"], standard["statuses"]) == ("Standard", None, [])
    assert answer["summary"] == {"total": 1, "total_statuses": 0}
    assert (answer["workflows_enabled"], answer["enforce_workflow_order"]) == (False, False)


async def test_workflows_of_one_order_sort_by_id(world):
    team = await world.team()
    await team.apply({"workflows": [{"name": name, "order": 7} for name in "cab"]})
    listed = (await team.get("/workflows")).ok()["workflows"]
    keys = [(one["order"], one["id"]) for one in listed]
    assert keys == sorted(keys)
    assert len(keys) == 4


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("enforced", [True, False])
async def test_workflows_show_the_settings_as_stored(world, enabled, enforced):
    team = await world.team(workflows_enabled=enabled, enforce_workflow_order=enforced)
    await team.apply({"workflows": [{"name": "W"}], "statuses": [{"name": "S", "workflow": "W"}]})
    answer = (await team.get("/workflows")).ok()
    assert (answer["workflows_enabled"], answer["enforce_workflow_order"]) == (enabled, enforced)
    assert answer["summary"] == {"total": 2, "total_statuses": 1}
    assert (await team.get("/statuses")).ok()["summary"]["workflows_enabled"] == enabled


async def test_a_team_without_workflows(world):
    """None configured: an empty list and totals of 0."""
    team = await world.team()
    for table in ("workflow_milestones", "workflows"):
        await world.pool.execute(f"delete from {table} where team_id = $1", team.id)
    await world.pool.execute("update teams set version = version + 1 where team_id = $1", team.id)
    assert (await team.get("/workflows")).ok() == {
        "workflows": [],
        "workflows_enabled": False,
        "enforce_workflow_order": False,
        "summary": {"total": 0, "total_statuses": 0},
    }


# Settings -------------------------------------------------------------------------------------------------


async def test_settings_of_a_new_team(world):
    assert (await (await world.team()).get("/settings")).ok() == {
        "settings": {
            "status_specificity": "combined",
            "workflows_enabled": False,
            "enforce_workflow_order": False,
            "enforce_product_chain": False,
            "time_zone": "UTC",
        }
    }


async def test_settings_as_they_are_set(harbour):
    for version in ("1.4", "1.5"):
        assert (await harbour.get("/settings", version)).ok() == {
            "settings": {
                "status_specificity": "combined",
                "workflows_enabled": True,
                "enforce_workflow_order": False,
                "enforce_product_chain": True,
                "time_zone": "Europe/Lisbon",
            }
        }


@pytest.mark.parametrize("mode", ["order", "line_item", "combined"])
async def test_s49_settings_show_the_mode(world, mode):
    """S-49: GET /v1/settings shows the mode, and every GET works in it."""
    team = await world.team(status_specificity=mode)
    await team.apply({"statuses": [{"name": "A"}]})
    order, ids = await team.order(), await team.ids()
    assert (await team.get("/settings")).ok()["settings"]["status_specificity"] == mode
    for path in ("/orders", f"/orders/{order}", "/statuses", f"/statuses/{ids['A']}", "/workflows"):
        assert (await team.get(path)).status == 200


async def test_a_changed_setting_is_seen_at_once(world):
    team = await world.team()
    for mode in ("order", "line_item", "combined"):
        await team.apply({"settings": {"status_specificity": mode}})
        assert (await team.get("/settings")).ok()["settings"]["status_specificity"] == mode
    await team.apply({"statuses": [{"name": "new"}]})
    assert [one["name"] for one in (await team.get("/statuses")).ok()["statuses"]] == ["new"]
