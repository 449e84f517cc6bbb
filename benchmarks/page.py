"""The page in Chromium with the real engine: `python benchmarks/page.py [--repeat N]`.

From the click on Speak to the first picture that plays, warm, with the page's own portrait of 512
px; and where a text of one minute stalls, with the end of what there was to play (far ahead: the
browser lacked a processor, not video). Only a machine that does nothing else gives figures
that mean something; three minutes on two cores. Needs Chromium and playwright.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.serve.page.test_page import fill  # noqa: E402
from tests.support.browsers import Browser, chromium, wait_for  # noqa: E402
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
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "served", None) as server,
        chromium(Path(folder)) as page,
    ):
        page.resize(1280, 900)
        url = f"{server.url}/"
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
