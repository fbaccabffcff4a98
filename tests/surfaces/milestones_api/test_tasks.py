"""Tasks (sections 6.8, 7.17 and 8.6): M-22, M-39 and M-40."""

from typing import Any
from urllib.parse import unquote

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.milestones_api.followed import (
    ACCEPTANCE,
    ISSUED,
    KEY_DATES,
    SAMPLE,
    SEWING,
    SHIPMENT,
    TODAY,
    TOMORROW,
    WORKSPACE,
    YESTERDAY,
    Followed,
    days,
    faulty,
    missing,
    place,
    refused,
)
from tests.surfaces.world import NO_ID, Team, World

MOMENT = "2027-02-01T09:30:12Z"


@pytest.fixture(scope="module")
async def shop(world: World) -> Team:
    team = await world.team()
    await team.apply(WORKSPACE)
    return team


@pytest.fixture(autouse=True)
def february(world: World) -> Any:
    """Time stands still at the moment of the contract's example."""
    with world.clock.at(ISSUED):
        yield


async def me(team: Team) -> dict[str, Any]:
    """The team's key, as an actor."""
    (key,) = await team.world.pool.fetch("select id, name from api_keys where team_id = $1 limit 1", team.id)
    return {"type": "api_key", "id": str(key["id"]), "name": key["name"]}


async def test_a_task(shop: Team) -> None:
    """Section 6.8: all its members; created, read alone and in the list alike."""
    order = await place(shop)
    sample = order.id_of(SAMPLE)
    body = {
        "title": "Send swatches",
        "assignee": "studio@loom.example",
        "due_date": "2027-02-11",
        "required": True,
        "milestone_id": ulid(sample),
        "status": "completed",
        "id": NO_ID,
    }
    reply = await order.call("POST", "/tasks", body)
    assert reply.status == 201
    task = reply.json["task"]
    assert reply.json == {
        "task": {
            "id": task["id"],
            "title": "Send swatches",
            "assignee": "studio@loom.example",
            "due_date": "2027-02-11",
            "required": True,
            "status": "open",
            "milestone_id": sample,
            "late": False,
            "completed_at": None,
            "completed_by": None,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }
    }
    assert (await order.call("GET", f"/tasks/{task['id']}")).ok() == {"task": task}
    assert (await order.call("GET", f"/tasks/{ulid(task['id']).lower()}")).ok() == {"task": task}
    assert await order.tasks() == [task]
    assert await order.told() == ["order.task.created"]
    assert (await order.event())["subject_id"] == task["id"]
    assert (await order.event())["facts"]["title"] == "Send swatches"
    bare = await order.add_task(title="x")
    assert [bare[name] for name in ("assignee", "due_date", "required", "milestone_id")] == [
        None,
        None,
        False,
        None,
    ]
    wrapped = await order.call(
        "POST", "/tasks", {"task": {"title": "Wrapped", "assignee": None, "required": None}}
    )
    assert (wrapped.status, wrapped.json["task"]["title"]) == (201, "Wrapped")


async def test_a_change_of_a_task_is_one_of_its_order(shop: Team) -> None:
    """Section 6.2: `updated_at` of the order moves with every change of a task."""
    order = await place(shop)
    with shop.world.clock.at(ISSUED + days(1)):
        await order.add_task(title="x")
    assert (await order.shown())["updated_at"] == "2027-02-02T09:30:12Z"
    task = (await order.tasks())[0]
    with shop.world.clock.at(ISSUED + days(2)):
        (await order.call("PATCH", f"/tasks/{task['id']}", {"title": "y"})).ok()
    assert (await order.shown())["updated_at"] == "2027-02-03T09:30:12Z"


async def test_pages_and_filters(shop: Team) -> None:
    """Section 7.17: oldest first; by status, by milestone, by both; with counts and links."""
    order = await place(shop)
    sample, sewing = order.id_of(SAMPLE), order.id_of(SEWING)
    made = [
        (await order.add_task(title=f"{number}", milestone_id=[sample, sewing, None][number % 3]))["id"]
        for number in range(7)
    ]
    for task in made[:4]:
        (await order.call("POST", f"/tasks/{task}/complete")).ok()

    async def listed(query: str) -> list[int]:
        tasks = (await order.call("GET", f"/tasks?{query}")).ok()["tasks"]
        return [made.index(task["id"]) for task in tasks]

    assert await listed("") == list(range(7))
    assert await listed("filter[status]=open") == [4, 5, 6]
    assert await listed("filter[status]=completed") == [0, 1, 2, 3]
    assert await listed(f"filter[milestone_id]={sample}") == [0, 3, 6]
    assert await listed(f"filter[milestone_id]={ulid(sample).lower()}&filter[status]=open") == [6]
    for unknown in (NO_ID, "nothing", order.id_of(SHIPMENT), order.template_of(SAMPLE)):
        assert await listed(f"filter[milestone_id]={unknown}") == []
    page = await order.call("GET", "/tasks?filter[status]=completed&per_page=3&page=2")
    assert [made.index(task["id"]) for task in page.ok()["tasks"]] == [3]
    assert [page.headers[name] for name in ("X-Page", "X-Per-Page", "X-Total", "X-Total-Pages")] == [
        "2",
        "3",
        "4",
        "2",
    ]
    assert 'rel="prev"' in page.headers["Link"]
    assert "filter[status]=completed" in unquote(page.headers["Link"])
    assert (await order.call("GET", "/tasks?page=9")).ok() == {"tasks": []}
    for query in ("filter[status]=late", "filter[status]=", "page=0", "per_page=x"):
        reply = await order.call("GET", f"/tasks?{query}")
        name = query.partition("=")[0]
        assert (reply.status, reply.json["code"], reply.json["parameter"]) == (400, "invalid_parameter", name)


async def test_what_does_not_exist(shop: Team) -> None:
    """Section 7.17: unknown orders first, then unknown tasks, before anything about the body."""
    order, other = await place(shop), await place(shop)
    task = (await other.add_task(title="x"))["id"]
    async with shop.unchanged():
        for stranger in (task, NO_ID, "x"):
            missing(await order.call("GET", f"/tasks/{stranger}"), "Task")
            missing(await order.call("PATCH", f"/tasks/{stranger}", {"title": 5}), "Task")
            missing(await order.call("PATCH", f"/tasks/{stranger}", {"title": "y"}), "Task")
            for act in ("complete", "reopen"):
                missing(await order.call("POST", f"/tasks/{stranger}/{act}"), "Task")
        for unknown in (NO_ID, "x"):
            path = f"/purchase_orders/{unknown}/tasks"
            for method, tail in (
                ("GET", ""),
                ("POST", ""),
                ("GET", f"/{task}"),
                ("POST", f"/{task}/complete"),
            ):
                missing(await shop.milestones_api(method, path + tail), "Purchase order")
            missing(await shop.milestones_api("PATCH", f"{path}/{task}", body={"title": 5}), "Purchase order")


async def test_faults_of_fields(shop: Team) -> None:
    """Section 7.17: missing, of the wrong type, too long; all faults at once."""
    order = await place(shop)
    task = (await order.add_task(title="x"))["id"]
    async with shop.unchanged():
        faulty(await order.call("POST", "/tasks"), "title")
        bad: dict[str, Any] = {
            "title": "",
            "assignee": "x" * 201,
            "due_date": "tomorrow",
            "required": "yes",
            "milestone_id": 5,
        }
        faulty(await order.call("POST", "/tasks", bad), *bad)
        faulty(await order.call("PATCH", f"/tasks/{task}", bad), *bad)
        for title in (None, "", "x" * 201, 5, ["x"]):
            faulty(await order.call("POST", "/tasks", {"title": title}), "title")
            faulty(await order.call("PATCH", f"/tasks/{task}", {"title": title}), "title")
        faulty(await order.call("PATCH", f"/tasks/{task}", {"required": None}), "required")
    longest = await order.add_task(title="x" * 200, assignee="y" * 200)
    assert (len(longest["title"]), len(longest["assignee"])) == (200, 200)


async def test_m39_the_milestone_of_a_task(shop: Team) -> None:
    """M-39, section 7.17: a due date after the key date, a milestone of another order, `required` without one."""
    order, other = await place(shop), await place(shop)
    sample = order.id_of(SAMPLE)
    task = (await order.add_task(title="x", due_date="2027-02-12", milestone_id=sample))["id"]
    loose = (await order.add_task(title="x", due_date="2099-01-01"))["id"]
    async with shop.unchanged():
        for body, *places in (
            ({"due_date": "2027-02-13", "milestone_id": sample}, "due_date"),
            ({"milestone_id": other.id_of(SAMPLE)}, "milestone_id"),
            ({"milestone_id": order.template_of(SAMPLE)}, "milestone_id"),
            ({"milestone_id": "x"}, "milestone_id"),
            ({"required": True}, "required"),
            ({"required": True, "milestone_id": None}, "required"),
            ({"title": "", "milestone_id": NO_ID}, "title", "milestone_id"),
            ({"title": "", "due_date": "2027-02-13", "milestone_id": sample}, "title", "due_date"),
            ({"title": None, "required": True}, "title", "required"),
        ):
            faulty(await order.call("POST", "/tasks", {"title": "x", **body}), *places)
        for body, *places in (
            ({"due_date": "2027-02-13"}, "due_date"),
            ({"milestone_id": other.id_of(SAMPLE)}, "milestone_id"),
            ({"milestone_id": None, "required": True}, "required"),
            ({"title": "", "due_date": "2027-02-13"}, "title", "due_date"),
        ):
            faulty(await order.call("PATCH", f"/tasks/{task}", body), *places)
        faulty(await order.call("PATCH", f"/tasks/{loose}", {"milestone_id": sample}), "due_date")
        faulty(await order.call("PATCH", f"/tasks/{loose}", {"required": True}), "required")
    moved = {"milestone_id": sample, "due_date": "2027-02-12", "required": True}
    assert (await order.call("PATCH", f"/tasks/{loose}", moved)).ok()["task"]["milestone_id"] == sample


async def test_a_patch(shop: Team) -> None:
    """Section 7.17: absent is unchanged, null clears, `status` is read-only; it emits nothing; what is so already
    changes nothing."""
    order = await place(shop)
    sample = order.id_of(SAMPLE)
    task = await order.add_task(
        title="a", assignee="b", due_date="2027-02-10", milestone_id=sample, required=True
    )
    path = f"/tasks/{task['id']}"
    async with shop.unchanged():
        for body in (
            {},
            {"title": "a", "required": True, "milestone_id": ulid(sample)},
            {"status": "completed"},
        ):
            assert (await order.call("PATCH", path, body)).ok()["task"] == task
    later = "2027-02-02T09:30:12Z"
    with shop.world.clock.at(ISSUED + days(1)):
        changed = (await order.call("PATCH", path, {"task": {"assignee": None, "due_date": None}})).ok()[
            "task"
        ]
    assert changed == {**task, "assignee": None, "due_date": None, "updated_at": later}
    loosened = (await order.call("PATCH", path, {"milestone_id": None, "required": False})).ok()["task"]
    assert (loosened["milestone_id"], loosened["required"]) == (None, False)
    assert await order.told() == ["order.task.created"]


async def test_m40_complete_and_reopen(shop: Team) -> None:
    """M-40: both may be repeated; the first complete emits `order.task.completed`, a reopen nothing, and a complete
    after it again."""
    order = await place(shop)
    task = await order.add_task(title="x")
    path = f"/tasks/{task['id']}"
    async with shop.unchanged():
        assert (await order.call("POST", f"{path}/reopen")).ok()["task"] == task
    later = "2027-02-02T09:30:12Z"
    with shop.world.clock.at(ISSUED + days(1)):
        done = (await order.call("POST", f"{path}/complete", {"anything": 1})).ok()["task"]
    assert done == {
        **task,
        "status": "completed",
        "completed_at": later,
        "completed_by": await me(shop),
        "updated_at": later,
    }
    event = await order.event()
    assert (event["type"], event["subject_id"]) == ("order.task.completed", task["id"])
    assert (event["old_data"]["status"], event["new_data"]["status"]) == ("open", "completed")
    async with shop.unchanged():
        assert (await order.call("POST", f"{path}/complete")).ok()["task"] == done
    with shop.world.clock.at(ISSUED + days(2)):
        again = (await order.call("POST", f"{path}/reopen")).ok()["task"]
    assert again == {**task, "updated_at": "2027-02-03T09:30:12Z"}
    (await order.call("POST", f"{path}/complete")).ok()
    assert await order.told() == ["order.task.created", "order.task.completed", "order.task.completed"]


async def test_m40_there_is_no_delete(shop: Team) -> None:
    """M-40: DELETE is 405 on all paths of tasks, and PUT."""
    order = await place(shop)
    task = (await order.add_task(title="x"))["id"]
    async with shop.unchanged():
        for path, allowed in (
            ("/tasks", "GET, HEAD, POST"),
            (f"/tasks/{task}", "GET, HEAD, PATCH"),
            (f"/tasks/{task}/complete", "POST"),
        ):
            for method in ("DELETE", "PUT"):
                reply = await order.call(method, path)
                assert (reply.status, reply.json) == (
                    405,
                    {"error": "Method not allowed", "code": "method_not_allowed"},
                )
                assert reply.headers["Allow"] == allowed


async def test_late_tasks(shop: Team) -> None:
    """Section 6.8: open and due before today."""
    order = await place(shop)
    for due, late in ((YESTERDAY, True), (TODAY, False), (TOMORROW, False), (None, False)):
        task = await order.add_task(title="x", due_date=due)
        assert task["late"] is late
        (await order.call("POST", f"/tasks/{task['id']}/complete")).ok()
    assert not any(task["late"] for task in await order.tasks())


async def test_drafts_and_canceled_orders(shop: Team) -> None:
    """Sections 7.17 and 11: drafts have tasks without a milestone; on a canceled order any write is
    `order_not_active`, repeats included, but faults come first."""
    draft: Followed = await place(shop, draft=True)
    task = (await draft.add_task(title="x"))["id"]
    async with shop.unchanged():
        faulty(await draft.call("POST", "/tasks", {"title": "x", "milestone_id": draft.id}), "milestone_id")
    (await draft.call("PATCH", f"/tasks/{task}", {"title": "y"})).ok()
    (await draft.call("POST", f"/tasks/{task}/complete")).ok()
    refused_ = await place(shop)
    (await refused_.reject(ACCEPTANCE, reason="no")).ok()
    await refused_.add_task(title="x")

    order = await place(shop)
    open_, done = [(await order.add_task(title=title))["id"] for title in "ab"]
    (await order.call("POST", f"/tasks/{done}/complete")).ok()
    await order.cancel()
    async with shop.unchanged():
        for method, tail, body in (
            ("POST", "", {"title": "x"}),
            ("PATCH", f"/{open_}", {"title": "y"}),
            ("PATCH", f"/{open_}", {}),
            ("POST", f"/{open_}/complete", None),
            ("POST", f"/{open_}/reopen", None),
            ("POST", f"/{done}/complete", None),
            ("POST", f"/{done}/reopen", None),
        ):
            reply = await order.call(method, f"/tasks{tail}", body)
            refused(reply, "order_not_active", status="canceled")
        faulty(await order.call("POST", "/tasks", {"title": ""}), "title")
        faulty(await order.call("POST", "/tasks", {"title": "x", "required": True}), "required")
    assert [task["status"] for task in await order.tasks()] == ["open", "completed"]


async def test_tasks_of_a_confirmed_milestone(shop: Team) -> None:
    """Section 7.17: a required task on it, also a reopened one, blocks nothing and un-confirms nothing."""
    order = await place(shop, "Swatches")
    swatches = (await order.tasks())[0]
    path = f"/tasks/{swatches['id']}"
    assert (swatches["due_date"], swatches["milestone_id"]) == ("2027-02-11", order.id_of(SAMPLE))
    (await order.call("POST", f"{path}/complete")).ok()
    await order.confirmed(ACCEPTANCE, SAMPLE)
    (await order.call("POST", f"{path}/reopen")).ok()
    await order.add_task(title="late", required=True, milestone_id=order.id_of(SAMPLE))
    milestone = await order.milestone(SAMPLE)
    assert (milestone["status"], milestone["blocking_task_ids"]) == ("confirmed", [])
    await order.confirmed(SEWING)
    assert await order.status() == "in_production"


async def test_a_thousand_tasks(shop: Team) -> None:
    """Section 7.17: an order has at most 1,000 tasks."""
    order = await place(shop)
    await shop.world.pool.execute(
        "insert into order_tasks (team_id, id, order_id, title, created_at, updated_at) "
        "select $1, gen_random_uuid(), $2, 'many', $3, $3 from generate_series(1, 999)",
        shop.id,
        order.id,
        ISSUED,
    )
    task = await order.add_task(title="the last")
    async with shop.unchanged():
        faulty(await order.call("POST", "/tasks", {"title": "one more"}), "tasks")
    page = await order.call("GET", "/tasks?per_page=500&page=10")
    assert (len(page.ok()["tasks"]), page.headers["X-Total"]) == (100, "1000")
    (await order.call("POST", f"/tasks/{task['id']}/complete")).ok()
    assert await order.key_dates() == list(KEY_DATES)
