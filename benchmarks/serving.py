"""Load and latency of one engine: `python benchmarks/serving.py [--seconds S] [--rates R ...]`.

Starts `ttsf serve`, offers streams at several rates a minute (at random moments, whether or not
earlier ones have ended), and notes the time to the first bytes of each video and how much video was
made. Prints a table; writes `serving.json` and `serving.png` beside this file, or to --out. Only a
machine that does nothing else gives figures that mean something; twenty minutes on two cores.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.support.server_process import ServerProcess, serving  # noqa: E402

TEXT = "Good morning. The weather will be cold and dry tomorrow, I am afraid."
RATES = (2.0, 4.0, 8.0, 12.0, 16.0, 24.0)
"""Streams a minute."""


class Load(NamedTuple):
    """What came of one rate."""

    offered: float
    """Streams a minute."""
    answered: int
    refused: int
    first_s: tuple[float, ...]
    """Of each that was answered: from the request to the first bytes."""
    made_s: float
    """Length of all their videos."""
    took_s: float

    @property
    def median_s(self) -> float:
        """Of the first bytes."""
        return statistics.median(self.first_s) if self.first_s else float("nan")

    @property
    def p95_s(self) -> float:
        """95 of 100 came sooner."""
        last = min(len(self.first_s) - 1, int(0.95 * len(self.first_s)))
        return sorted(self.first_s)[last] if self.first_s else float("nan")

    @property
    def throughput(self) -> float:
        """Seconds of video in each second."""
        return self.made_s / self.took_s


async def watch(client: httpx.AsyncClient, fields: dict[str, Any]) -> tuple[float, float] | None:
    """Seconds to the first bytes and length of the video; None where it was refused."""
    began = time.monotonic()
    async with client.stream("POST", "/v1/videos/stream", json=fields) as answer:
        if answer.status_code in (429, 503):
            return None
        answer.raise_for_status()
        first = None
        async for _ in answer.aiter_raw():
            first = first or time.monotonic() - began
        video = answer.headers["x-video-id"]
    shown = (await client.get(f"/v1/videos/{video}")).json()
    assert first is not None
    return first, float(shown["seconds"])


async def offer(url: str, fields: dict[str, Any], rate: float, seconds: float) -> Load:
    """Streams at one rate for so long."""
    moments, began, asked = random.Random(rate), time.monotonic(), []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=600, limits=limits) as client:
        while time.monotonic() - began < seconds:
            asked.append(asyncio.create_task(watch(client, fields)))
            await asyncio.sleep(moments.expovariate(rate / 60))
        seen = [one for one in await asyncio.gather(*asked) if one is not None]
    took = time.monotonic() - began
    first = tuple(first for first, _ in seen)
    return Load(rate, len(seen), len(asked) - len(seen), first, sum(s for _, s in seen), took)


def measure(server: ServerProcess, given: argparse.Namespace) -> list[Load]:
    """All rates, the engine warm."""
    with httpx.Client(base_url=server.url, timeout=600) as client:
        picture = given.portrait.read_bytes()
        read = client.post("/v1/portraits", files={"picture": picture}).json()
        fields = {"prompt": TEXT, "portrait_id": read["id"], "size": given.size}
        client.post("/v1/videos/sync", json=fields).raise_for_status()
    loads = []
    for rate in given.rates:
        load = asyncio.run(offer(server.url, fields, rate, given.seconds))
        loads.append(load)
        print(
            f"{rate:5.1f} a minute: {load.answered:3d} answered, {load.refused:3d} refused, first "
            f"bytes after {load.median_s:.2f} s (95 %: {load.p95_s:.2f} s), "
            f"{load.throughput:.2f} s of video a second",
            flush=True,
        )
    return loads


def draw(loads: list[Load], path: Path) -> None:
    """First bytes and throughput over offered load."""
    figure = Figure(figsize=(7, 6), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    rates = [load.offered for load in loads]
    above.plot(rates, [load.median_s for load in loads], "o-", label="median")
    above.plot(rates, [load.p95_s for load in loads], "s--", label="95 %")
    above.set_ylabel("first bytes after, s")
    above.set_yscale("log")
    above.legend()
    below.plot(rates, [load.throughput for load in loads], "o-")
    below.set_ylabel("s of video made in 1 s")
    below.set_xlabel("streams offered in a minute")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure, print, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--portrait", type=Path, default=ROOT / "docs" / "pictures" / "astronaut.jpg"
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), given.model) as server:
        loads = measure(server, given)
    given.out.mkdir(parents=True, exist_ok=True)
    content = json.dumps([load._asdict() for load in loads], indent=1)
    (given.out / "serving.json").write_text(content)
    draw(loads, given.out / "serving.png")


if __name__ == "__main__":
    main()
