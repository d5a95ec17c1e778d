"""A Chromium without scripts, spoken to by its DevTools protocol: what a person sees and presses, and a picture of it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.waiting import until

NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


def chromium() -> str:
    """Raises LookupError with what to type."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise LookupError("Chromium is needed: type 'apt-get install chromium' (as root) · 需要 Chromium 浏览器")
    return found


class Tab:
    """One page. Its own scripts never run; what is asked of it here is asked from outside."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        id = next(self._ids)
        await self._socket.send_json({"id": id, "method": method, "params": params})
        async with asyncio.timeout(30):
            while True:
                message = await self._socket.receive_json()
                if message.get("id") == id:
                    assert "error" not in message, message
                    return dict(message["result"])

    async def see(self, expression: str) -> Any:
        """What an expression of the page's document is, asked from outside."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def open(self, address: str, language: str) -> None:
        await self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def until(self, condition: str) -> None:
        # Between two pages there is no document.
        await until(lambda: self.see(f"document.documentElement !== null && ({condition})"), within=30, what=condition)

    async def press(self, selector: str) -> None:
        """As a finger does it, in the middle of what is there."""
        await self.see(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box = await self.see(f"JSON.parse(JSON.stringify(document.querySelector({selector!r}).getBoundingClientRect()))")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, **at)

    async def type(self, selector: str, text: str) -> None:
        await self.press(selector)
        await self.call("Input.insertText", text=text)

    async def picture(self) -> bytes:
        """A PNG of the whole page, however long."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": PHONE["width"], "height": size["height"], "scale": 1}
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])


async def _port(told: Path) -> str | None:
    """Where the browser listens, once it has written that down."""
    lines = await asyncio.to_thread(lambda: told.read_text().splitlines() if told.exists() else [])
    return lines[0] if len(lines) > 1 else None


@asynccontextmanager
async def phone(folder: Path) -> AsyncIterator[Tab]:
    """A tab as wide as a phone, without scripts; its profile lies in `folder`."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0"]
    process = await asyncio.create_subprocess_exec(
        chromium(), *flags, f"--user-data-dir={folder}", "about:blank", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        port = await until(lambda: _port(folder / "DevToolsActivePort"), within=60, what="the browser")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                [address] = [each["webSocketDebuggerUrl"] for each in await response.json() if each["type"] == "page"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Network", "Runtime"):
                    await tab.call(f"{domain}.enable")
                await tab.call("Emulation.setScriptExecutionDisabled", value=True)
                await tab.call("Emulation.setDeviceMetricsOverride", **PHONE)
                yield tab
    finally:
        process.terminate()
        await process.wait()
