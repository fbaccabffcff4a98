from tests.surfaces.world import Customer, item

WORKSPACE = {
    "settings": {"workflows_enabled": True},
    "sub_status_groups": [{"name": "Coats", "options": ["First", "Second"]}],
    "statuses": [
        {"name": "A", "color": "#111111", "workflow": "W"},
        {"name": "B", "color": "#222222", "workflow": "W", "sub_status_group": "Coats"},
        {"name": "Gift", "color": "#333333", "addon": True},
    ],
    "workflows": [{"name": "W", "color": "#444444"}],
}


async def test_walk(team):
    await team.apply(WORKSPACE)
    ids = await team.ids()
    order = await team.order(items=(item(price="2.50", quantity="3"), item("x")), customer=Customer(first_name="Jo"))
    print(await team.get(f"/orders/{order}"))
    print(await team.get("/orders"))
    print(await team.move(order, ids["A"]))
    print(await team.move(order, ids["B"]))
    print(await team.move(order, ids["B"], ids["Coats/First"]))
    print(await team.move(order, ids["Gift"]))
    print(await team.post("/orders/status-bulk", {"order_ids": [order, "x"], "status_id": ids["A"]}))
    lines = await team.line_items(order)
    print(await team.post(f"/line-items/{lines[0]}/status", {"status_id": ids["A"]}))
    print(await team.post("/line-items/status-bulk", {"line_item_ids": [*lines, "x"], "status_id": ids["A"]}))
    print(await team.post("/line-items/clear-status", {"line_item_ids": lines[:1]}))
    print(await team.get(f"/orders/{order}", include="line_item_statuses,deadline,metafield"))
    print(await team.post(f"/orders/{order}/notify", {"channels": ["email"]}))
    print(await team.post("/orders/notify-bulk", {"order_ids": [order], "channels": ["email"]}))
    for path in ("/statuses", "/workflows", "/settings", f"/statuses/{ids['A']}", "/nope", "/orders/x/y/z"):
        print(await team.get(path))
    for event in await team.events(order):
        print(event["sequence"], event["type"], event["old_data"], event["new_data"] if event["sequence"] > 1 else "")
