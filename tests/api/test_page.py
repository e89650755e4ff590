"""The page to try GraphQL on, in a real browser on a real server: no other host, no broken policy, a query that answers."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import ConsoleMessage, Page, async_playwright

from tests.api.conftest import Service
from tests.api.test_subscriptions import serving, start


async def answered(page: Page, *words: str) -> None:
    """Waits until the answer shows all of these words."""
    for word in words:
        await page.get_by_text(word).first.wait_for(timeout=60_000)


async def open_tab(page: Page, name: str) -> None:
    """Turns to another example, and gives GraphiQL the moment in which it learns the operation's name."""
    await page.get_by_role("tab", name=name).click()
    await answered(page, name)
    await page.wait_for_timeout(1_000)


async def test_a_newcomer_pastes_a_token_runs_the_examples_and_follows_a_scan(
    service: Service, chromium: str
) -> None:
    said: list[str] = []
    hosts: set[str] = set()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    async with serving(service) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-GB")
        page.on("console", note)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        await page.goto(f"http://{address}/")
        run = page.get_by_label("Execute query")
        async with page.expect_response(
            "**/graphql", timeout=60_000
        ):  # the schema: the page stands anew for somebody known
            await page.get_by_label("Token").fill(service.tokens["reviewer"])
        await run.click()
        await answered(page, "totalCount", "RECORDED", "安阳市")

        await open_tab(page, "Findings")
        await run.click()
        await answered(page, "explanationZh", "evidence")

        await page.get_by_label("Show Documentation Explorer").click()
        await answered(page, "Root Types")

        scan_id = await start(service)
        await open_tab(page, "Follow")
        await page.get_by_role("button", name="Variables").click()
        editor: Any = page.locator("section[aria-label='Variables'] .CodeMirror").first
        await editor.click()
        await page.keyboard.insert_text(f'{{"id": "{scan_id}"}}')
        await run.click()
        await answered(page, "QUEUED")
        await asyncio.gather(service.work(), answered(page, "SUCCEEDED"))
        kept = await page.evaluate("JSON.stringify(localStorage)")
        await browser.close()
    assert said == []
    assert hosts == {address}
    assert kept == "{}", "what was asked and with which token does not stay in the browser"
