"""The page in Chromium with the real engine: `python benchmarks/page.py [--repeat N | --talk S]`.

From the click on Speak to the first picture that plays, warm, with the page's own portrait of 512
px; and where a text of one minute stalls, with the end of what there was to play (far ahead: the
browser lacked a processor, not video). With --talk, that many seconds of conversation with a mock
of a chat server instead, by WebRTC and by MP4: where the living picture stands still. Only a
machine that does nothing else gives figures that mean something; three minutes on two cores. Needs
Chromium and playwright.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.serve.page.test_page import CALLS, fill  # noqa: E402
from tests.support.browsers import Browser, chromium, wait_for  # noqa: E402
from tests.support.chat_server import chat_server  # noqa: E402
from tests.support.server_process import serving  # noqa: E402

SENTENCE = "The weather will be cold and dry tomorrow, I am afraid. "
CLICK = """
const video = $`video`;
window.seen = {stalls: []};
video.addEventListener("playing", () => window.seen.playing ??= performance.now(), {once: true});
video.addEventListener("waiting", () => {
  const {currentTime, buffered, ended} = video;
  const [at, end] = [currentTime, buffered.end(buffered.length - 1)].map((s) => +s.toFixed(2));
  if (window.seen.playing && !ended) window.seen.stalls.push({at, end});
});
window.began = performance.now();
$`speak`.click();
"""


STANDS_S = 0.4
"""From then on a picture that does not change has stalled; players run at every second frame."""
TALK = f"""
const video = $`living`;
window.seen = {{stalls: [], longest: 0, frames: 0, waiting: 0}};
video.addEventListener("waiting", () => window.seen.waiting++);
let last = performance.now();
const see = (now) => {{
  const gap = (now - last) / 1000;
  if (gap > {STANDS_S}) window.seen.stalls.push(+gap.toFixed(2));
  window.seen.longest = Math.max(window.seen.longest, +gap.toFixed(2));
  window.seen.frames++;
  last = now;
  video.requestVideoFrameCallback(see);
}};
video.requestVideoFrameCallback(see);
$`tab-talk`.click();
"""


def talk(page: Browser, url: str, seconds: float, called: bool) -> dict[str, Any]:
    """Question after question, each as soon as the answer to the last one was spoken."""
    page.goto(url + CALLS if called else url)
    fill(page, "")
    wait_for(page, "!$`living`.hidden && $`living`.currentTime > 2", 60)
    page.run(TALK)
    began, questions = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        page.run("$`question`.value = 'And then?'; $`ask`.click();")
        questions += 1
        wait_for(page, f"$`log`.children.length === {2 * questions}", 60)
        wait_for(page, "$`log`.lastChild.textContent.endsWith('your turn.')", 60)
        time.sleep(2)
    took = time.monotonic() - began
    seen = page.run("return window.seen")
    return {"seconds": round(took), "questions": questions, "by WebRTC": called, **seen}


def play(page: Browser, url: str, sentences: int) -> dict[str, Any]:
    """One video from the click to its end."""
    page.goto(url)
    fill(page, SENTENCE * sentences)
    page.run(CLICK)
    wait_for(page, "window.seen.playing > 0")
    wait_for(page, "$`video`.ended", 400)
    return page.run(
        "return {first_s: (window.seen.playing - window.began) / 1000, stalls: window.seen.stalls, "
        "length_s: $`video`.duration, width: $`video`.videoWidth}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=6)
    parser.add_argument("--talk", type=float, metavar="S")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        chat_server() as chat,
        serving(
            Path(folder) / "served", None, "--chat-url", chat.url, "--chat-model", "mock"
        ) as server,
        chromium(Path(folder)) as page,
    ):
        page.resize(1280, 900)
        url = f"{server.url}/"
        if given.talk:
            for called in (True, False):
                print(json.dumps(talk(page, url, given.talk, called)), flush=True)
            return
        play(page, url, 1)
        short = [play(page, url, 3) for _ in range(given.repeat)]
        long = play(page, url, 18)
    found = {
        "request to playing, s": sorted(round(one["first_s"], 3) for one in short),
        "median": round(statistics.median(one["first_s"] for one in short), 3),
        "one minute": long,
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
