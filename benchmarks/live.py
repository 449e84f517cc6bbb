"""Live sessions with the bundled model: `python benchmarks/live.py [--repeat N] [--seconds S]`.

First, from a text to the first frame of its speech at a client on this machine, by MP4 and by
WebRTC in turn (the bytes of its fragment, a decoded frame; players add their buffers). Then
sessions at once in one process, encoder included, which rest and speak in turn: late frames,
processor time and memory. The load of the machine stands beside each. Needs aiortc.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
import ttsf  # noqa: E402
from tests.serve.test_webrtc import Caller, caller  # noqa: E402
from tests.support.server_process import serving  # noqa: E402
from ttsf.serve.process.live_outputs import Mp4Output  # noqa: E402

PORTRAIT = ROOT / "src/ttsf/serve/page/astronaut.jpg"
SENTENCE = "The weather will be cold and dry tomorrow, I am afraid."
SPEECH_S, WARM_S = 8.0, 3.0


async def first_frame(url: str, portrait: str, size: int, called: bool) -> float:
    """Seconds from a text to the first frame of its speech."""
    async with caller(url, portrait_id=portrait, size=size) as one:
        if called:
            await one.call()
        await asyncio.sleep(WARM_S)
        began = time.monotonic()
        await one.send("say", text=SENTENCE)
        at = (await one.of_type("speech", what="begun"))["at"]
        before = one.bytes
        await one.until(lambda: _shown_s(one) >= at if called else one.bytes > before)
        took = time.monotonic() - began
        await one.send("end")
        return took


def _shown_s(one: Caller) -> float:
    return max((float(last.pts * last.time_base) for last in one.pictures[-1:]), default=-1.0)


def hold(pipeline: ttsf.Pipeline, size: int, seconds: float, found: Counter) -> None:
    """One session: its frames and those that were late, by state."""
    session = pipeline.live(PORTRAIT, ttsf.GenerateOptions(size=size))
    output, said = Mp4Output(session), -1
    with closing(output), closing(session.frames()) as frames:
        for frame in frames:
            turn = frame.number // round(25 * SPEECH_S)
            if turn > said:
                said = turn
                session.say(SENTENCE)
            output.add(frame)
            state = "speaking" if frame.state == "speaking" else "resting"
            found[state] += 1
            found[f"{state}, late"] += frame.picture is None
            if frame.number >= 25 * seconds:
                break
    session.close()


def at_once(pipeline: ttsf.Pipeline, sessions: int, size: int, seconds: float) -> dict[str, Any]:
    """Several sessions in threads."""
    counts = [Counter[str]() for _ in range(sessions)]
    threads = [threading.Thread(target=hold, args=(pipeline, size, seconds, one)) for one in counts]
    began, used = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    share = (time.process_time() - used) / (time.monotonic() - began)
    return {
        "sessions": sessions,
        "size": size,
        "frames": [dict(sorted(one.items())) for one in counts],
        "processors": round(share, 2),
        "memory, MB": _memory_mb(),
        "load": load(),
    }


def _memory_mb() -> int:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return round(int(status["VmRSS"].split()[0]) / 1000)


def load() -> float:
    """The machine's, of the last minute."""
    return round(os.getloadavg()[0], 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--size", type=int, default=256)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), None) as server:
        files = {"picture": PORTRAIT.read_bytes()}
        portrait = httpx.post(f"{server.url}/v1/portraits", files=files, timeout=60).json()["id"]
        took = {"mp4": list[float](), "webrtc": list[float]()}
        for k in range(2 * given.repeat):
            way = ("mp4", "webrtc")[k % 2]
            one = first_frame(server.url, portrait, given.size, way == "webrtc")
            took[way].append(round(asyncio.run(one), 3))
        for way, all_s in took.items():
            median = round(statistics.median(all_s), 3)
            print(json.dumps({way: sorted(all_s), "median, s": median, "load": load()}))
    pipeline = ttsf.load()
    for sessions in (1, 2):
        print(json.dumps(at_once(pipeline, sessions, given.size, given.seconds)), flush=True)


if __name__ == "__main__":
    main()
