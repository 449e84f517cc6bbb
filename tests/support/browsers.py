"""Browsers as Debian packs them: Chromium by Playwright, Firefox by WebDriver BiDi."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

START_S = 60
FIND = "const $ = (id) => document.getElementById(id);"
"""For scripts: $`stop` is the element of that id."""
PLAIN = """
(_, value) => {
  if (value instanceof Node) throw new TypeError("an element has no value");
  return value;
}
"""
"""For JSON.stringify, which else writes an element as {}: false to Python, true to a script."""
NAMES = {"Tab": "\ue004", "Enter": "\ue006", "Space": " "}
"""Keys as WebDriver writes them."""
FAKE_MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
PREFERENCES: dict[str, Any] = {
    "browser.download.folderList": 2,
    "browser.download.alwaysOpenPanel": False,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.helperApps.neverAsk.saveToDisk": "video/mp4,audio/wav,text/vtt,application/json",
    "focusmanager.testmode": True,
    "media.autoplay.default": 0,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
}


class Browser(Protocol):
    """One page."""

    def goto(self, url: str) -> None: ...

    def run(self, script: str) -> Any:
        """The value of the body of an asynchronous function, as JSON; an element is an error."""

    def press(self, *keys: str) -> None:
        """Names of keys, or texts to type."""

    def save(self, script: str) -> Path:
        """The file that a script downloads, under its name."""

    def resize(self, width: int, height: int) -> None: ...

    def screenshot(self, path: Path) -> None: ...


def expression_of(script: str) -> str:
    """An expression of the promise of a script's value in JSON."""
    return f"(async () => JSON.stringify(await (async () => {{ {FIND} {script} }})(), {PLAIN}))()"


def value_of(text: str | None) -> Any:
    return None if text is None else json.loads(text)


class Chromium:
    def __init__(self, page: Any, downloads: Path) -> None:
        self.page, self.downloads = page, downloads

    def goto(self, url: str) -> None:
        self.page.goto(url)

    def run(self, script: str) -> Any:
        return value_of(self.page.evaluate(expression_of(script)))

    def press(self, *keys: str) -> None:
        for key in keys:
            if key in NAMES:
                self.page.keyboard.press(key)
            else:
                self.page.keyboard.type(key)

    def save(self, script: str) -> Path:
        with self.page.expect_download() as coming:
            self.run(script)
        path = self.downloads / coming.value.suggested_filename
        coming.value.save_as(path)
        return path

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path, full_page=True)


class Firefox:
    def __init__(self, socket: Any, downloads: Path) -> None:
        self._socket, self._numbers, self.downloads = socket, count(1), downloads
        self._ask("session.new", {"capabilities": {}})
        self.tab = self._ask("browsingContext.create", {"type": "window"})["context"]

    def goto(self, url: str) -> None:
        self._ask("browsingContext.navigate", {"context": self.tab, "url": url, "wait": "complete"})

    def run(self, script: str) -> Any:
        asked = {
            "expression": expression_of(script),
            "target": {"context": self.tab},
            "awaitPromise": True,
            "userActivation": True,
        }
        answer = self._ask("script.evaluate", asked)
        assert answer["type"] == "success", answer
        return value_of(answer["result"].get("value"))

    def press(self, *keys: str) -> None:
        letters = [NAMES[key]] if (key := keys[0]) in NAMES else list(key)
        actions = [
            {"type": kind, "value": letter} for letter in letters for kind in ("keyDown", "keyUp")
        ]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self._ask("input.performActions", {"context": self.tab, "actions": [source]})
        if keys[1:]:
            self.press(*keys[1:])

    def save(self, script: str) -> Path:
        before = set(self.downloads.iterdir())
        self.run(script)
        for _ in range(200):
            new = set(self.downloads.iterdir()) - before
            if len(new) == 1 and next(iter(new)).suffix != ".part":
                time.sleep(0.5)
                return new.pop()
            time.sleep(0.1)
        raise AssertionError("nothing was downloaded")

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self._ask("browsingContext.setViewport", {"context": self.tab, "viewport": viewport})

    def screenshot(self, path: Path) -> None:
        asked = {"context": self.tab, "origin": "document"}
        answer = self._ask("browsingContext.captureScreenshot", asked)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


@contextmanager
def chromium(downloads: Path) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", *FAKE_MICROPHONE]
        )
        page = program.new_page()
        yield Chromium(page, downloads)
        program.close()


@contextmanager
def firefox(downloads: Path) -> Iterator[Browser]:
    import websocket

    profile = downloads / "profile"
    profile.mkdir()
    chosen = {**PREFERENCES, "browser.download.dir": str(downloads)}
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in chosen.items())
    (profile / "user.js").write_text("\n".join(lines))
    words = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    program = subprocess.Popen(
        [shutil.which("firefox-esr") or "firefox", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert program.stderr is not None
        url = next(line.split()[-1] for line in program.stderr if "BiDi listening" in line)
        socket = websocket.create_connection(
            f"{url}/session", timeout=START_S, suppress_origin=True
        )
        yield Firefox(socket, downloads)
        socket.close()
    finally:
        program.kill()
        program.wait()


def wait_for(browser: Browser, condition: str, seconds: float = 60) -> Any:
    """The first true value of an expression."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := browser.run(f"return {condition}"):
            return found
        time.sleep(0.1)
    raise AssertionError(f"never: {condition}; {browser.run('return $`status`.textContent')}")
