"""The reference page in a real browser, without any network but the server's own address."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

from tests.conftest import REQUIRE_ALL
from tests.openapi_check import VERSIONS

CHROMIUM = Path(os.environ.get("MILEPOST_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
async def browser():
    if not CHROMIUM.exists():
        if REQUIRE_ALL:
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"{CHROMIUM} is missing")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture
async def browsing(browser: Browser):
    """A page whose requests to anywhere but 127.0.0.1, and whose complaints, are noted and must not be."""
    wrong: list[str] = []

    async def judge(route: Route) -> None:
        if re.match(r"(http://127\.0\.0\.1:|data:|blob:)", route.request.url):
            await route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            await route.abort()

    context = await browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    await context.route("**/*", judge)
    page = await context.new_page()
    page.set_default_timeout(30_000)
    page.on("console", lambda message: wrong.extend([message.text] if message.type == "error" else []))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.extend([answer.url] if answer.status >= 400 else []))
    yield page
    await context.close()
    assert wrong == []


async def titles(page: Page) -> str:
    """The text of the reference once the operations of the chosen version are drawn."""
    await page.wait_for_selector("#reference .opblock")
    return await page.inner_text("#reference")


async def test_the_page_shows_an_operation(world, browsing: Page, tmp_path):
    await browsing.goto(f"{world.base}/")
    assert browsing.url == f"{world.base}/docs"
    assert "List orders, filtered, sorted and paged" in await titles(browsing)
    assert await browsing.input_value("#document") == "status-1.4"

    block = browsing.locator("#operations-Orders-changeOrderStatus")
    await block.locator(".opblock-summary-control").click()
    await block.locator(".opblock-body").wait_for()
    text = await block.inner_text()
    assert "Needs the permission canChangeOrderStatus" in text
    assert "status_id" in text
    assert "workflow_order" in text
    await block.scroll_into_view_if_needed()
    picture = tmp_path / "operation.png"
    await browsing.screenshot(path=picture)
    assert picture.stat().st_size > 20_000


async def test_the_chooser_changes_the_version(world, browsing: Page):
    await browsing.goto(f"{world.base}/docs")
    for version in VERSIONS:
        await titles(browsing)
        await browsing.select_option("#document", f"status-{version}")
        await browsing.wait_for_function(
            "version => document.querySelector('#reference .info .version')?.innerText.trim() === version",
            arg=version,
        )
        text = await titles(browsing)
        assert ("List the workflows" in text) == (version >= "1.3")
        assert ("Read the team's settings" in text) == (version >= "1.4")
        assert browsing.url.endswith(f"?document=status-{version}")
        assert await browsing.get_attribute("#source", "href") == f"openapi/status-{version}.json"
    await browsing.reload()
    await titles(browsing)
    assert await browsing.input_value("#document") == f"status-{VERSIONS[-1]}"


async def test_the_orders_api_is_shown_with_its_webhooks(world, browsing: Page):
    await browsing.goto(f"{world.base}/docs")
    await titles(browsing)
    await browsing.select_option("#document", "orders")
    await browsing.wait_for_selector("#operations-Orders-createOrder")
    text = await titles(browsing)
    assert "Milepost Orders API" in text
    assert "Create an order with its items" in text
    assert "A milestone of the order was confirmed." in text
    block = browsing.locator("#operations-Releases-createRelease")
    await block.locator(".opblock-summary-control").click()
    await block.locator(".opblock-body").wait_for()
    text = await block.inner_text()
    assert "Needs the permission canUpdateOrders" in text
    assert "multipart/form-data" in text
    assert "exceeds_available" in text


async def test_the_milestones_api_is_shown_with_what_is_deprecated(world, browsing: Page):
    await browsing.goto(f"{world.base}/docs?document=milestones")
    await browsing.wait_for_selector("#operations-Milestones-confirmMilestone")
    text = await titles(browsing)
    assert "Milepost Milestones API" in text
    assert await browsing.locator("#operations-Deprecated-confirmShipment.opblock-deprecated").count() == 1
    assert await browsing.locator(".opblock-deprecated").count() == 10
    block = browsing.locator("#operations-Milestones-confirmMilestone")
    await block.locator(".opblock-summary-control").click()
    await block.locator(".opblock-body").wait_for()
    text = await block.inner_text()
    assert "Needs the permission canUpdateOrders" in text
    assert "out_of_sequence" in text


async def test_an_unknown_version_in_the_address_is_ignored(world, browsing: Page):
    await browsing.goto(f"{world.base}/docs?document=https://elsewhere.example/x")
    await titles(browsing)
    assert await browsing.input_value("#document") == "status-1.4"


async def test_trying_it_out_calls_this_server(world, team, browsing: Page):
    """The key is entered, a request is sent with key and version, and the answer is shown."""
    order = await team.order("#Tried")
    await browsing.goto(f"{world.base}/docs?document=status-1.1")
    await titles(browsing)
    await browsing.click(".btn.authorize")
    await browsing.fill("#api_key_value", team.key)
    await browsing.click(".modal-ux .btn.authorize >> nth=0")
    await browsing.click(".modal-ux .btn-done >> nth=0")
    block = browsing.locator("#operations-Orders-getOrder")
    await block.locator(".opblock-summary-control").click()
    await block.locator(".try-out__btn").click()
    await block.get_by_placeholder("order_id").fill(order)
    async with browsing.expect_response(re.compile(r"/v1/orders/")) as waiting:
        await block.locator(".execute").click()
    answer: Any = await waiting.value
    assert answer.status == 200
    assert answer.headers["x-api-version"] == "1.1"
    assert "#Tried" in await block.locator(".live-responses-table").inner_text()


# Without a browser


async def test_the_page_may_load_nothing_from_elsewhere(world):
    answer = await world.call("GET", "/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.findall(r"(?:src|href)=\"(?!static/|openapi/)", answer.raw.decode()) == []


async def test_files_of_the_page(world):
    page = (await world.call("GET", "/docs")).raw.decode()
    paths = set(re.findall(r"(?:src|href)=\"(static/[^\"]+)", page))
    assert len(paths) == 5
    for path in paths:
        answer = await world.call("GET", f"/{path}")
        assert answer.status == 200, path
        forever = "immutable" in answer.headers["Cache-Control"]
        assert forever == ("/vendor/" in path), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = await world.call("GET", f"/{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304


@pytest.mark.parametrize("path", ["/static/", "/static/x.js", "/static/..%2fapp.py", "/static/../app.py"])
async def test_other_files_are_not_found(world, path):
    answer = await world.call("GET", path)
    assert (answer.status, answer.code) == (404, "not_found")


async def test_the_front_leads_to_the_page(world):
    answer = await world.call("GET", "/")
    assert (answer.status, answer.headers["Location"]) == (307, "/docs")


async def test_no_key_is_needed_and_others_methods_are_refused(world):
    assert (await world.call("HEAD", "/docs")).status == 200
    answer = await world.call("POST", "/docs")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
