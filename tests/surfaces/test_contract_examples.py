"""The examples of the contract (sections 6 to 20 and 22.9), letter by letter: a team is set up so that its
answers must be the examples, but for the ids. Where an example tells of messages that were sent, which this
release cannot do, members and types are compared."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.surfaces.world import NO_ID, NOTHING_SENT, Customer, Stop, Team, World, item

ORDER = "019df1ae-f7c8-7a41-9c2e-5b70d3f81e64"
BUILD, REFIT = "019bb16f-0a38-744d-be04-7fc05a192346", "019bb16f-19d8-7aa3-940a-d526b07f89ac"
HULL, VARNISH = "019bb16e-fa98-70f9-8a00-3b8c16d5ef02", "019bb16e-fe80-711a-8b01-4c9d27e6f013"
PLATE, COATS = "019bb16f-0650-733c-ad03-6ebf49081235", "019bb16f-0e20-755e-8f05-80d16b2a3457"
FIRST, SECOND = "019bb16f-1208-766f-9006-91e27c3b4568", "019bb16f-15f0-7770-a107-a2f38d4c5679"
KAYAK, PADDLE = "019df1ae-f7c8-7881-b208-b3049e5d678a", "019df1ae-f7c8-7992-8309-c415af6e789b"
PO_77 = "019df7cd-e880-7b03-8f17-c24e9a60d5b8"

HARBOUR = {
    "team": {"time_zone": "Europe/Lisbon", "currency": "EUR"},
    "settings": {"workflows_enabled": True},
    "sub_status_groups": [{"name": "Varnish coats", "options": ["First coat", "Second coat"]}],
    "workflows": [
        {
            "name": "Build",
            "description": "From bare hull to launch",
            "color": "#24527A",
            "order": 10,
            "default": True,
        },
        {"name": "Refit", "color": "#8A4F7D", "order": 20},
    ],
    "statuses": [
        {"name": "Hull laid", "color": "#5B8DB8", "order": 10},
        {
            "name": "Varnish",
            "color": "#B5651D",
            "order": 20,
            "public_name": "Finishing",
            "use_public_name": True,
            "workflow": "Build",
            "sub_status_group": "Varnish coats",
            "notifications": {"email": True, "sms": False, "whatsapp": True},
            "max_duration": {"seconds": 172800, "skip_weekends": True, "show_public_overdue_date": True},
        },
        {
            "name": "Engraved plate",
            "color": "#2E8B57",
            "order": 90,
            "addon": True,
            "public_name": "",
            "use_public_name": True,
            "notifications": {"whatsapp": True},
        },
    ],
}
FRIDAY = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)
TOME = Customer("Tomé", "Reis", "tome@reis.example", None)
CAIS = Stop(
    company_name="Reis Náutica",
    line_1="Rua do Cais 8",
    locality="Olhão",
    region="Faro",
    postal_code="8700-304",
    country="Portugal",
    latitude_text="37.0260",
    longitude_text="-7.8410",
)


class Harbour:
    """The team of the examples; `ids` has the real id of each example id."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.ids: dict[str, str] = {}

    async def build(self) -> "Harbour":
        await self.team.apply(HARBOUR, prune=True)
        known = await self.team.ids()
        groups = await self.team.world.pool.fetch(
            "select id from sub_status_groups where team_id = $1", self.team.id
        )
        self.ids = {
            BUILD: known["workflow:Build"],
            REFIT: known["workflow:Refit"],
            HULL: known["Hull laid"],
            VARNISH: known["Varnish"],
            PLATE: known["Engraved plate"],
            COATS: str(groups[0][0]),
            FIRST: known["Varnish coats/First coat"],
            SECOND: known["Varnish coats/Second coat"],
        }
        await self.add_kayak()
        return self

    async def add_kayak(self) -> None:
        order = self.ids[ORDER] = await self.team.order(
            "#K-204",
            shopify_kind="Order",
            shopify_id=7730412,
            placed_at=datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC),
            customer=TOME,
            ship_to=CAIS,
            total_price=Decimal("2140"),
            note="Call before delivery",
            items=(
                item("Sea kayak 5.2 m", shopify_line_item_id=66120),
                item("Ash paddle", "2", shopify_line_item_id=66121),
            ),
        )
        self.ids[KAYAK], self.ids[PADDLE] = await self.team.line_items(order)
        with self.team.world.clock.at(FRIDAY):
            await self.team.moved(order, self.ids[VARNISH], self.ids[FIRST])
            await self.team.moved(order, self.ids[PLATE])

    def real(self, example: str, **more: str) -> Any:
        """The example with this team's ids."""
        for old, new in {**self.ids, **more}.items():
            example = example.replace(old, new)
        return json.loads(example)

    async def has(self, example: str, path: str, version: str, **query: Any) -> None:
        assert (await self.team.get(path, version, **query)).ok() == self.real(example)


@pytest.fixture(scope="module")
async def harbour(world: World) -> Harbour:
    return await Harbour(await world.team()).build()


def shape(value: Any) -> Any:
    """The document with types in place of values."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value).__name__


K_204 = """{"orders":[{"id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","shopify_order_id":"gid://shopify/Order/7730412","name":"#K-204",
   "workflow_id":"019bb16f-0a38-744d-be04-7fc05a192346","workflow_name":"Build","created_at":"2026-05-04T06:31:09Z",
   "custom_status":{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","color":"#B5651D"},"custom_sub_status":{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat"},
   "addon_statuses":[{"id":"019bb16f-0650-733c-ad03-6ebf49081235","name":"Engraved plate","color":"#2E8B57","sub_status":null}],
   "customer":{"first_name":"Tomé","last_name":"Reis","email":"tome@reis.example","phone":null},
   "shipping_address":{"company":"Reis Náutica","address1":"Rua do Cais 8","address2":null,"city":"Olhão","province":"Faro","zip":"8700-304","country":"Portugal",
     "latitude":"37.0260","longitude":"-7.8410"},"total_price":"2140.00","currency":"EUR",
   "line_items":[{"id":"019df1ae-f7c8-7881-b208-b3049e5d678a","shopify_line_item_id":"gid://shopify/LineItem/66120","name":"Sea kayak 5.2 m","quantity":1},
     {"id":"019df1ae-f7c8-7992-8309-c415af6e789b","shopify_line_item_id":"gid://shopify/LineItem/66121","name":"Ash paddle","quantity":2}],
   "note":"Call before delivery","cancelled":false,"cancelled_at":null}],
 "pagination":{"page":1,"limit":25,"total":1,"total_pages":1}}"""  # noqa: E501


@pytest.mark.parametrize("version", ["1.3", "1.4"])
async def test_section_8_in_1_3_and_1_4(harbour, version):
    await harbour.has(K_204, "/orders", version, search="k-204")


async def test_section_8_in_1_0(world):
    team = await world.team()
    order = await team.order(
        "PO-77",
        placed_at=datetime(2026, 5, 5, 11, 2, 40, tzinfo=UTC),
        cancelled_at=datetime(2026, 5, 6, 9, tzinfo=UTC),
    )
    example = """{"orders":[{"id":"019df7cd-e880-7b03-8f17-c24e9a60d5b8","shopify_order_id":null,"name":"PO-77","created_at":"2026-05-05T11:02:40Z","custom_status":null,
   "custom_sub_status":null,"customer":null,"shipping_address":null,"total_price":"0.00","currency":"EUR","line_items":[],"note":null,"cancelled":true,
   "cancelled_at":"2026-05-06T09:00:00Z"}],"pagination":{"page":1,"limit":25,"total":1,"total_pages":1}}"""  # noqa: E501
    assert (await team.get("/orders", "1.0")).ok() == json.loads(example.replace(PO_77, order))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_section_9_in_1_1_and_1_2(harbour, version):
    team = harbour.team
    order = await team.order(
        f"#D31 {version}",
        is_draft=True,
        shopify_kind="DraftOrder",
        shopify_id=881204 + int(version[2]),
        placed_at=datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC),
        customer=Customer("Tomé", "Reis", None, "+351210000000"),
        items=(item("Sea kayak 5.2 m", price="1890"),),
    )
    await team.moved(order, harbour.ids[HULL])
    example = """{"order":{"id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","shopify_order_id":"gid://shopify/DraftOrder/881204","name":"#D31",
  "created_at":"2026-05-04T06:31:09Z","custom_status":{"id":"019bb16e-fa98-70f9-8a00-3b8c16d5ef02","name":"Hull laid","color":"#5B8DB8"},
  "custom_sub_status":null,"addon_statuses":[],"customer":{"first_name":"Tomé","last_name":"Reis","email":null,"phone":"+351210000000"},
  "shipping_address":null,"total_price":"1890.00","currency":"EUR",
  "line_items":[{"id":"019df1ae-f7c8-7881-b208-b3049e5d678a","shopify_line_item_id":null,"name":"Sea kayak 5.2 m","quantity":1}],
  "note":null,"cancelled":false,"cancelled_at":null}}"""  # noqa: E501
    mine = {ORDER: order, KAYAK: (await team.line_items(order))[0], "#D31": f"#D31 {version}"}
    mine["DraftOrder/881204"] = f"DraftOrder/{881204 + int(version[2])}"
    for old, new in mine.items():
        example = example.replace(old, new)
    assert (await team.get(f"/orders/{order}", version)).ok() == harbour.real(example)


async def test_section_9_with_extras(harbour):
    """The same plus statuses and deadlines of line items, and the order's deadline."""
    expected = harbour.real(K_204)["orders"][0]
    for line in expected["line_items"]:
        line |= {"status": None, "sub_status": None, "deadline": None}
    expected["deadline"] = {
        "entered_at": "2026-05-08T14:00:00Z",
        "deadline_at": "2026-05-12T14:00:00Z",
        "overdue": False,
    }
    with harbour.team.world.clock.at(FRIDAY):
        reply = await harbour.team.get(
            f"/orders/{harbour.ids[ORDER]}", "1.4", include="line_item_statuses,deadline"
        )
    assert reply.ok() == {"order": expected}


async def test_section_10(world):
    harbour = await Harbour(await world.team()).build()
    example = """{"message":"Order status updated successfully",
 "order":{"id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","shopify_order_id":"gid://shopify/Order/7730412","name":"#K-204",
   "status":{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","color":"#B5651D"},
   "sub_status":{"id":"019bb16f-15f0-7770-a107-a2f38d4c5679","name":"Second coat"}},
 "notifications":{"total_sent":1,"total_failed":1,"by_channel":{"email":{"sent":0,"failed":1},"whatsapp":{"sent":1,"failed":0}}}}"""
    answer = await harbour.team.moved(harbour.ids[ORDER], harbour.ids[VARNISH], harbour.ids[SECOND])
    assert answer == {**harbour.real(example), "notifications": NOTHING_SENT}
    assert shape(answer["notifications"]) == {**shape(json.loads(example)["notifications"]), "by_channel": {}}


async def test_section_11(world):
    harbour = await Harbour(await world.team()).build()
    new = """{"message":"Statuses updated successfully","updated":1,"failed":1,"updated_count":1,"success":false,
 "results":[{"order_id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","success":true,"status_id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","status_name":"Varnish"},
   {"order_id":"019df1ae-0000-7000-8000-000000000000","success":false,"error":"Order not found"}],
 "failed_entries":[{"order_id":"019df1ae-0000-7000-8000-000000000000","error":"Order not found","code":"order_not_found"}]}"""  # noqa: E501
    old = """{"message":"Statuses updated successfully","updated_count":1,
 "results":[{"order_id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","status_id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","status_name":"Varnish"}]}"""
    for example, versions in ((new, ("1.2", "1.3", "1.4")), (old, ("1.0", "1.1"))):
        for version in versions:
            body = {
                "order_ids": [harbour.ids[ORDER], NO_ID],
                "status_id": harbour.ids[VARNISH],
                "sub_status_option_id": harbour.ids[FIRST],
            }
            answer = (await harbour.team.post("/orders/status-bulk", body, version)).ok()
            assert answer == {**harbour.real(example), "notifications": NOTHING_SENT}


async def test_section_12_and_13(harbour):
    skipped = {"email": "skipped", "sms": "skipped", "whatsapp": "skipped"}
    order = harbour.ids[ORDER]
    reply = await harbour.team.post(f"/orders/{order}/notify", {"channels": ["email", "whatsapp"]})
    assert reply.ok() == {
        "message": "Notification request processed",
        "order_id": order,
        "notifications_sent": skipped,
    }
    body = {"order_ids": [order, "K-999"], "channels": ["email", "whatsapp"]}
    assert (await harbour.team.post("/orders/notify-bulk", body)).ok() == {
        "message": "Bulk notification request processed",
        "sent": 1,
        "failed": 1,
        "total_orders": 2,
        "success": False,
        "results": [
            {"order_id": order, "success": True, "notifications_sent": skipped},
            {"order_id": "K-999", "success": False, "error": "Order not found"},
        ],
        "failed_entries": [{"order_id": "K-999", "error": "Order not found", "code": "order_not_found"}],
    }
    assert (await harbour.team.post("/orders/notify-bulk", body, "1.1")).ok() == {
        "message": "Bulk notification request processed",
        "total_orders": 2,
        "results": [{"order_id": order, "notifications_sent": skipped}],
    }


async def test_section_14(harbour):
    varnish = """{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","public_name":"Finishing","use_public_name":true,
  "display_name":"Finishing","color":"#B5651D","order":20,"is_independent":false,"is_addon":false,"notifications":{"email":true,"sms":false,"whatsapp":true},"shopify_order_effect":"NONE",
  "max_duration":{"enabled":true,"seconds":172800,"skip_weekends":true,"skip_holidays":false,"show_public_overdue_date":true},
  "sub_status_group":{"id":"019bb16f-0e20-755e-8f05-80d16b2a3457","name":"Varnish coats","options":[{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat","order":1},
    {"id":"019bb16f-15f0-7770-a107-a2f38d4c5679","name":"Second coat","order":2}]},
  "workflow_id":"019bb16f-0a38-744d-be04-7fc05a192346","workflow_name":"Build"}"""  # noqa: E501
    hull = """{"id":"019bb16e-fa98-70f9-8a00-3b8c16d5ef02","name":"Hull laid","public_name":null,"use_public_name":false,
  "display_name":"Hull laid","color":"#5B8DB8","order":10,"is_independent":false,"notifications":{"email":false,"sms":false,"whatsapp":false},"shopify_order_effect":"NONE",
  "max_duration":{"enabled":false,"seconds":0,"skip_weekends":false,"show_public_overdue_date":false},"sub_status_group":null}"""  # noqa: E501
    for version in ("1.3", "1.4"):
        answer = (await harbour.team.get("/statuses", version)).ok()
        assert answer["statuses"][1] == harbour.real(varnish)
        assert answer["summary"] == {"total": 3, "workflows_enabled": True}
    answer = (await harbour.team.get("/statuses", "1.0")).ok()
    assert answer["statuses"][0] == harbour.real(hull)
    assert answer["summary"] == {"total": 3}


async def test_section_15(harbour):
    example = """{"status":{"id":"019bb16f-0650-733c-ad03-6ebf49081235","name":"Engraved plate","public_name":"","use_public_name":true,
  "display_name":"Engraved plate","color":"#2E8B57","order":90,"is_independent":false,"is_addon":true,
  "notifications":{"email":false,"sms":false,"whatsapp":true},"shopify_order_effect":"NONE",
  "max_duration":{"enabled":false,"seconds":0,"skip_weekends":false,"skip_holidays":false,"show_public_overdue_date":false},"sub_status_group":null}}"""  # noqa: E501
    path = f"/statuses/{harbour.ids[PLATE]}"
    await harbour.has(example, path, "1.2")
    await harbour.has(example.replace('"skip_holidays":false,', ""), path, "1.1")


@pytest.mark.parametrize("version", ["1.3", "1.4"])
async def test_section_16(harbour, version):
    example = """{"workflows":[
  {"id":"019bb16f-0a38-744d-be04-7fc05a192346","name":"Build","description":"From bare hull to launch","color":"#24527A","order":10,
   "statuses":[{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","public_name":"Finishing","use_public_name":true,
     "display_name":"Finishing","color":"#B5651D","order":20,"is_independent":false,"is_addon":false}],"status_count":1},
  {"id":"019bb16f-19d8-7aa3-940a-d526b07f89ac","name":"Refit","description":null,"color":"#8A4F7D","order":20,"statuses":[],"status_count":0}],
 "workflows_enabled":true,"enforce_workflow_order":false,"summary":{"total":2,"total_statuses":1}}"""  # noqa: E501
    await harbour.has(example, "/workflows", version)


async def test_sections_17_to_19_and_22_9(world):
    harbour = await Harbour(await world.team()).build()
    one = """{"success":true,"data":{"message":"Line item status updated successfully",
  "line_item":{"id":"019df1ae-f7c8-7992-8309-c415af6e789b","status":{"id":"019bb16e-fa98-70f9-8a00-3b8c16d5ef02","name":"Hull laid","color":"#5B8DB8"},"sub_status":null},
  "notifications":{"total_sent":0,"total_failed":0,"by_channel":{}}}}"""  # noqa: E501
    team, ids = harbour.team, harbour.ids
    reply = await team.post(f"/line-items/{ids[PADDLE]}/status", {"status_id": ids[HULL]})
    assert reply.ok() == harbour.real(one)

    missing = '{"success":false,"error":"Line item not found","details":{"code":"line_item_not_found"}}'
    assert (await team.post("/line-items/66121/status", {"status_id": ids[HULL]})).raw.decode() == missing

    many = """{"success":true,"data":{"message":"Line item statuses updated successfully","updated":1,"failed":1,
  "results":[{"line_item_id":"019df1ae-f7c8-7881-b208-b3049e5d678a","success":true,"status_id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","status_name":"Varnish"},
    {"line_item_id":"66121","success":false,"error":"Line item not found"}]}}"""
    body = {
        "line_item_ids": [ids[KAYAK], "66121"],
        "status_id": ids[VARNISH],
        "sub_status_option_id": ids[FIRST],
    }
    assert (await team.post("/line-items/status-bulk", body)).ok() == harbour.real(many)

    cleared = """{"success":true,"data":{"message":"Line item statuses cleared successfully","cleared":1,"failed":1,
  "results":[{"line_item_id":"019df1ae-f7c8-7881-b208-b3049e5d678a","success":true},{"line_item_id":"66121","success":false,"error":"Line item not found"}]}}"""  # noqa: E501
    body = {"line_item_ids": [ids[PADDLE], "66121"]}
    answer = (await team.post("/line-items/clear-status", body)).ok()
    assert answer == harbour.real(cleared.replace(KAYAK, PADDLE))

    metafield = """{"namespace":"milepost","key":"line_item_statuses","type":"json","value":{
  "version":1,"order_id":"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64","item_count":2,"quantity":3,
  "statuses":[{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","display_name":"Finishing","color":"#B5651D","item_count":1,"quantity":1,
    "sub_statuses":[{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat","item_count":1,"quantity":1}]}],
  "unassigned":{"item_count":1,"quantity":2},
  "line_items":[{"id":"019df1ae-f7c8-7881-b208-b3049e5d678a","shopify_line_item_id":"gid://shopify/LineItem/66120","name":"Sea kayak 5.2 m","quantity":1,
     "status":{"id":"019bb16e-fe80-711a-8b01-4c9d27e6f013","name":"Varnish","display_name":"Finishing","color":"#B5651D"},
     "sub_status":{"id":"019bb16f-1208-766f-9006-91e27c3b4568","name":"First coat"}},
    {"id":"019df1ae-f7c8-7992-8309-c415af6e789b","shopify_line_item_id":"gid://shopify/LineItem/66121","name":"Ash paddle","quantity":2,"status":null,"sub_status":null}]}}"""  # noqa: E501
    assert (await team.read(ids[ORDER], include="metafield"))["metafield"] == harbour.real(metafield)


async def test_section_20(harbour):
    example = '{"settings":{"status_specificity":"combined","workflows_enabled":true,"enforce_workflow_order":false,"enforce_product_chain":false,"time_zone":"Europe/Lisbon"}}'  # noqa: E501
    await harbour.has(example, "/settings", "1.4")
