"""How well the mark is hidden and found: attacks, false alarms, PSNR, flicker, cost.

    python benchmarks/marks.py PORTRAITS CLIPS --out marks.md

PORTRAITS: folder of pictures, each of which speaks in two forms (whole picture and face). CLIPS:
folder of videos without a mark; pictures of PORTRAITS fill them up to --unmarked. The table is
written again after every step.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import torch

import ttsf
from ttsf.compositing.framing import Framing
from ttsf.engine.options import GenerateOptions
from ttsf.errors import TtsfError
from ttsf.media.sound import write_wav
from ttsf.media.video import Chunk, new_video
from ttsf.pipeline import Pipeline
from ttsf.provenance.detect.verify import Finding, verify
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.provenance.embed.sound import SoundMark

SHORT = "Good morning, and welcome to the news."
LONG = (
    "Good morning, and welcome to the news of today. It will be sunny in the north, and there may "
    "be some rain in the south. We wish you a nice day."
)
SPEECH_S = (3, 5, 8)
"""Lengths at which the mark in sound is looked for."""
H264, VP9 = ("libx264", {"crf": "28"}), ("libvpx-vp9", {"crf": "36", "b": "0", "cpu-used": "8"})
START, EDGE, SMALLER = 13, 20, 0.75
"""Frames cut off, one part in so many cut off each side, and the smaller size."""


class Coding(NamedTuple):
    """How frames are coded after an attack."""

    codec: str
    options: dict[str, str]


Frames = np.ndarray
Attack = Callable[[Frames], Frames]


def cropped(frames: Frames) -> Frames:
    """A tenth less high and wide."""
    height, width = frames.shape[1:3]
    down, right = height // EDGE, width // EDGE
    return frames[:, down : height - down, right : width - right]


def scaled(frames: Frames, height: int, width: int) -> Frames:
    """To another size."""
    way = cv2.INTER_AREA if height < frames.shape[1] else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, (width, height), interpolation=way) for frame in frames])


def smaller(frames: Frames) -> Frames:
    """To 3/4."""
    height, width = frames.shape[1:3]
    return scaled(frames, round(height * SMALLER), round(width * SMALLER))


def there_and_back(frames: Frames) -> Frames:
    """To 3/4, and enlarged again."""
    return scaled(smaller(frames), *frames.shape[1:3])


ATTACKS: dict[str, tuple[Attack, Coding]] = {
    "H.264 crf 28": (lambda f: f, Coding(*H264)),
    "H.264 crf 33": (lambda f: f, Coding("libx264", {"crf": "33"})),
    "VP9 crf 36": (lambda f: f, Coding(*VP9)),
    "3/4 and back, H.264 crf 28": (there_and_back, Coding(*H264)),
    "crop of 10 %, H.264 crf 28": (cropped, Coding(*H264)),
    "13 frames cut off, H.264 crf 28": (lambda f: f[START:], Coding(*H264)),
    "these three together": (lambda f: cropped(there_and_back(f[START:])), Coding(*H264)),
    "left at 3/4, H.264 crf 28": (smaller, Coding(*H264)),
    "mirrored, H.264 crf 28": (lambda f: f[:, :, ::-1], Coding(*H264)),
    "one frame as JPEG of quality 75": (lambda f: f[len(f) // 2 :][:1], Coding("jpeg", {})),
}
SOUND_ATTACKS: dict[str, tuple[str, int, int, str]] = {
    "AAC 64 kbit/s, start cut": ("aac", 16_000, 64_000, "mp4"),
    "AAC 32 kbit/s, start cut": ("aac", 16_000, 32_000, "mp4"),
    "Opus 24 kbit/s, start cut": ("libopus", 48_000, 24_000, "webm"),
    "MP3 64 kbit/s at 44.1 kHz, start cut": ("libmp3lame", 44_100, 64_000, "mp3"),
}


@dataclass
class Rate:
    """How often the mark was found, and its number read rightly or wrongly."""

    tried: int = 0
    found: int = 0
    right: int = 0
    wrong: int = 0

    def add(self, finding: Finding | None, payload: Payload) -> None:
        """One more."""
        self.tried += 1
        if finding is not None and finding.found:
            self.found += 1
            self.right += finding.payload == payload
            self.wrong += finding.payload not in (None, payload)

    def row(self) -> str:
        """Of a table."""
        return f"{self.found} of {self.tried} | {self.right} | {self.wrong}"


@dataclass
class Figures:
    """All that is measured."""

    picture: dict[str, Rate] = field(default_factory=dict)
    sound: dict[str, Rate] = field(default_factory=dict)
    unmarked: list[float] = field(default_factory=list)
    unmarked_sound: list[float] = field(default_factory=list)
    false_alarms: int = 0
    psnr: list[float] = field(default_factory=list)
    flicker: list[tuple[float, float]] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    shapes: list[tuple[int, int]] = field(default_factory=list)
    cost: dict[str, float] = field(default_factory=dict)

    def table(self) -> str:
        """Markdown."""
        lines = ["| attack | picture found | number right | wrong |", "|---|---|---|---|"]
        lines += [f"| {name} | {rate.row()} |" for name, rate in self.picture.items()]
        lines += ["", "| attack | sound found | number right | wrong |", "|---|---|---|---|"]
        lines += [f"| {name} | {rate.row()} |" for name, rate in self.sound.items()]
        lines += ["", "| measure | value |", "|---|---|"]
        if self.shapes:
            areas = sorted(self.shapes, key=lambda shape: shape[0] * shape[1])
            low, high = (f"{width} x {height}" for height, width in (areas[0], areas[-1]))
            lines += [f"| videos | {len(areas)}, {low} to {high} px |"]
            lines += [f"| PSNR | {np.mean(self.psnr):.1f} dB, least {min(self.psnr):.1f} |"]
            lines += [f"| larger file | {np.mean(self.sizes):.1%}, most {max(self.sizes):.1%} |"]
        if self.flicker:
            plain, marked = np.mean(self.flicker, 0)
            lines += [f"| change a frame where nothing moves | {plain:.4f}, marked {marked:.4f} |"]
        lines += [f"| cost a frame, {name} | {ms:.2f} ms |" for name, ms in self.cost.items()]
        for name, chances in (("files", self.unmarked), ("sounds", self.unmarked_sound)):
            if chances:
                below = ((p, sum(chance < p for chance in chances)) for p in (0.1, 0.01))
                counts = ", ".join(f"{count} below {p:g}" for p, count in below)
                least = f"least {min(chances):.2g}"
                lines += [f"| unmarked {name} | {len(chances)}; bounds: {least}, {counts} |"]
        return "\n".join([*lines, f"| false alarms | {self.false_alarms} |", ""])


def decoded(file: io.BytesIO | Path) -> Frames:
    """RGB uint8 [N, H, W, 3]."""
    with av.open(str(file) if isinstance(file, Path) else file) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def written(path: Path, frames: Frames) -> Frames:
    """What `ttsf speak` would write, decoded."""
    with new_video(path) as video:
        video.add(Chunk(frames, np.zeros(640 * len(frames), np.float32)))
    return decoded(path)


def attacked(path: Path, frames: Frames, coding: Coding) -> Path:
    """A file after an attack."""
    if coding.codec == "jpeg":
        file = path.with_suffix(".jpg")
        cv2.imwrite(str(file), frames[0][..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
        return file
    file = path.with_suffix(".mp4" if coding.codec == "libx264" else ".webm")
    with av.open(str(file), "w") as container:
        stream = container.add_stream(coding.codec, rate=25, options=coding.options)
        stream.height, stream.width = (side // 2 * 2 for side in frames.shape[1:3])
        stream.pix_fmt, stream.codec_context.thread_count = "yuv420p", 1
        for frame in frames[:, : stream.height, : stream.width]:
            even = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            container.mux(stream.encode(even))
        container.mux(stream.encode(None))
    return file


def attacked_sound(path: Path, samples: np.ndarray, how: tuple[str, int, int, str]) -> Path:
    """A file of sound after an attack."""
    codec, rate, bits, kind = how
    file = path.with_suffix(f".{kind}")
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", bits
        block = np.clip(samples, -1, 1)[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(stream.format.name, "mono", rate, stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file


def hide_and_find(frames: Frames, payload: Payload, folder: Path, figures: Figures) -> None:
    """All that is measured with one video."""
    mark = PictureMark(payload, *frames.shape[1:3])
    marked = np.stack([mark.on(frame) for frame in frames])
    error = np.mean((marked.astype(np.float32) - frames) ** 2)
    figures.psnr.append(float(10 * np.log10(255**2 / error)))
    figures.shapes.append(frames.shape[1:3])
    plain_file, marked_file = folder / "plain.mp4", folder / "marked.mp4"
    shown, shown_plain = written(marked_file, marked), written(plain_file, frames)
    figures.sizes.append(marked_file.stat().st_size / plain_file.stat().st_size - 1)
    still = (frames == frames[:1]).all((0, 3))
    if still.mean() > 0.05:
        changes = (np.abs(np.diff(f[:, still].astype(int), axis=0)) for f in (shown_plain, shown))
        plain, other = (float(change.mean()) for change in changes)
        figures.flicker.append((plain, other))
    figures.picture.setdefault("as written", Rate()).add(verify(marked_file).picture, payload)
    for name, (attack, coding) in ATTACKS.items():
        file = attacked(folder / "attacked", attack(shown), coding)
        figures.picture.setdefault(name, Rate()).add(verify(file).picture, payload)


def hide_and_hear(
    samples: np.ndarray, payload: Payload, start: int, folder: Path, figures: Figures
) -> None:
    """All that is measured with one speech."""
    marked = SoundMark(payload).on(samples)[start:]
    for seconds in SPEECH_S:
        part = marked[: seconds * 16_000]
        if len(part) < seconds * 16_000:
            continue
        for name, how in SOUND_ATTACKS.items():
            file = attacked_sound(folder / "sound", part, how)
            rate = figures.sound.setdefault(f"{name}, {seconds} s", Rate())
            rate.add(verify(file).sound, payload)
    write_wav(folder / "plain.wav", samples, 16_000)
    look_at(folder / "plain.wav", figures)


def look_at(file: Path, figures: Figures) -> None:
    """An unmarked file."""
    try:
        verdict = verify(file)
    except TtsfError:
        return
    figures.false_alarms += verdict.marked
    if verdict.picture:
        figures.unmarked.append(verdict.picture.false_alarm)
    if verdict.sound:
        figures.unmarked_sound.append(verdict.sound.false_alarm)


def costs() -> dict[str, float]:
    """Milliseconds to mark a frame on one thread, the best of many."""
    found = {}
    for height, width in ((1080, 1080), (1080, 1920)):
        mark = PictureMark(Payload(1), height, width)
        frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        times = []
        for _ in range(60):
            began = time.perf_counter()
            mark.on(frame)
            times.append(1e3 * (time.perf_counter() - began))
        found[f"{width} x {height} px"] = min(times)
    return found


def videos(pipeline: Pipeline, portraits: Iterable[Path], size: int | None) -> Iterator[Frames]:
    """Unmarked frames, in two forms of each portrait."""
    for path in portraits:
        for form in ("picture", "face"):
            options = GenerateOptions(framing=Framing.parse(form), size=size, mark=False)
            try:
                yield pipeline.speak(path, SHORT, options).frames
            except TtsfError:
                break


def main() -> None:
    """Measure, and write the table again after every step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--out", type=Path, default=Path("marks.md"))
    parser.add_argument("--videos", type=int, default=50)
    parser.add_argument("--size", type=int, help="long side of the videos (default: their own)")
    parser.add_argument("--speeches", type=int, default=20)
    parser.add_argument("--unmarked", type=int, default=500)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    pipeline, figures = ttsf.load(), Figures()
    pictures = sorted(arguments.portraits.glob("*.jpg"))
    spread = pictures[:: max(len(pictures) // max(arguments.videos, 1), 1)]
    figures.cost = costs()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for k, frames in enumerate(
            islice(videos(pipeline, spread, arguments.size), arguments.videos)
        ):
            hide_and_find(frames, Payload.of(b"video", bytes([k])), folder, figures)
            arguments.out.write_text(figures.table())
        for k, path in enumerate(spread[: arguments.speeches]):
            samples = pipeline.say(path, LONG, GenerateOptions(mark=False))
            payload = Payload.of(b"speech", bytes([k]))
            hide_and_hear(samples, payload, 997 * k % 16_000, folder, figures)
            arguments.out.write_text(figures.table())
    unmarked = [*sorted(arguments.clips.glob("*.mp4")), *pictures]
    for path in unmarked[: arguments.unmarked]:
        look_at(path, figures)
        arguments.out.write_text(figures.table())


if __name__ == "__main__":
    main()
