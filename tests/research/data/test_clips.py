import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ttsf.config import SAMPLES_PER_FRAME, AudioConfig, ModelConfig
from ttsf.errors import TtsfError
from ttsf.model.mel import mel_spectrogram
from ttsf.research.data.clip_files import read_frames, read_samples, save_frames, save_samples
from ttsf.research.data.manifest import Clip, Recorded, write_manifest
from ttsf.research.data.talking_clips import TalkingBatch, TalkingClips, held_out_clips
from ttsf.research.presets import MINI
from ttsf.text.front_end import TextFrontEnd

PER_FRAME = SAMPLES_PER_FRAME
TEXTS = {
    "long": ("ada", 70, "Every frame has its number."),
    "exact": ("bob", 32, "Thirty two frames."),
    "silent_text": ("cyd", 45, None),
    "rushed": ("bob", 33, "far too many words for so short a time. " * 6),
    "short": ("ada", 31, "One frame too few."),
}


def brightness(frame: int) -> int:
    return 40 + 3 * frame


def row(name: str, speaker: str, frames: int, samples: int, text: str | None) -> Clip:
    portrait = frames == 1
    return Clip(
        name=name,
        dataset="made up",
        speaker=speaker,
        split="train",
        frames=frames,
        samples=samples,
        source="nowhere",
        licence="CC0-1.0",
        made=Recorded(start_s=0.0, crop=None, face_px=None, turned=None),
        video=f"{name}.png" if portrait else f"{name}.mp4" if frames else None,
        audio=f"{name}.flac" if samples else None,
        text=text,
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    """Frame k is a flat grey of brightness(k) and sounds like a click."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for name, (speaker, frames, text) in TEXTS.items():
        grey = np.array([brightness(k) for k in range(frames)], np.uint8)
        shown = np.broadcast_to(grey[:, None, None, None], (frames, 256, 256, 3))
        save_frames(folder / f"{name}.mp4", shown)
        noise = 1e-3 * np.random.default_rng(frames).standard_normal(frames * PER_FRAME)
        noise[PER_FRAME // 2 :: 5 * PER_FRAME] = 0.9
        save_samples(folder / f"{name}.flac", noise.astype(np.float32))
        rows.append(row(name, speaker, frames, frames * PER_FRAME, text))
    Image.fromarray(astronaut[:256, 90:346]).save(folder / "portrait.png")
    save_samples(folder / "speech.flac", np.zeros(9_000, np.float32))
    rows += [row("portrait", "eve", 1, 0, None), row("speech", "fay", 0, 9_000, "Only heard.")]
    write_manifest(folder, rows)
    return folder


def same(a: TalkingBatch, b: TalkingBatch) -> bool:
    pairs = zip((*a[:-2], *a.spoken[:4]), (*b[:-2], *b.spoken[:4]), strict=True)
    return a.names == b.names and all(torch.equal(x, y) for x, y in pairs)


def frame_numbers(pictures: torch.Tensor) -> np.ndarray:
    """The number that each picture [..., 3, h, w] carries."""
    level = (pictures.mean((-3, -2, -1)) + 1) * 127.5
    return ((level - brightness(0)) / 3).round().int().numpy()


def test_which_clips_qualify(corpus: Path) -> None:
    clips = TalkingClips(corpus, MINI.model)
    assert [clip.name for clip in clips.clips] == ["exact", "long", "rushed", "silent_text"]
    assert len(clips) == 4
    spoken = TalkingClips(corpus, MINI.model, need_text=True)
    assert [clip.name for clip in spoken.clips] == ["exact", "long"]
    assert [len(ids) for ids in clips.phonemes[2:]] == [0, 0]
    assert len(TalkingClips(corpus, MINI.model, frames=31)) == 5


def test_a_window_shows_what_it_says(corpus: Path) -> None:
    clips = TalkingClips(corpus, MINI.model)
    sound = torch.from_numpy(read_samples(corpus / "long.flac", 0, 70 * PER_FRAME))
    mel = mel_spectrogram(sound[None], MINI.model.audio)[0]
    starts, sources = set(), set()
    for turn in range(12):
        clip = clips.clip(1, np.random.default_rng(turn))
        assert clip.name == "long"
        assert clip.source.shape == (3, 256, 256) and clip.frames.shape == (32, 3, 256, 256)
        window = np.arange(clip.start, clip.start + 32)
        assert np.array_equal(frame_numbers(clip.frames), window)
        shown = int(frame_numbers(clip.source))
        assert shown not in window and 0 <= shown < 70
        assert torch.equal(clip.utterance, mel)
        assert torch.equal(clip.mel, mel[:, 4 * clip.start : 4 * clip.start + 128])
        starts.add(clip.start)
        sources.add(shown)
    assert len(starts) > 6 and len(sources) > 6
    exact = clips.clip(0, np.random.default_rng(0))
    assert exact.start == 0 and 0 <= int(frame_numbers(exact.source)) < 32
    front_end = TextFrontEnd(MINI.model.speech)
    assert exact.phonemes.tolist() == front_end.ids("Thirty two frames.")


def test_sound_and_pictures_correspond(corpus: Path) -> None:
    """A click in the middle of frame k peaks within mel frames 4k .. 4k + 3 of the window."""
    clips = TalkingClips(corpus, MINI.model)
    for turn in range(6):
        clip = clips.clip(1, np.random.default_rng(turn))
        loud = clip.mel.exp().sum(0).reshape(32, 4)
        clicks = np.flatnonzero(loud.amax(1).numpy() > 0.3 * float(loud.max()))
        numbers = frame_numbers(clip.frames)
        assert np.array_equal(numbers[clicks], numbers[numbers % 5 == 0])


def test_a_batch_is_padded_with_zeros(corpus: Path) -> None:
    batch = TalkingClips(corpus, MINI.model).batch(0, seed=0, size=4)
    assert batch.source.shape == (4, 3, 256, 256) and batch.frames.shape == (4, 32, 3, 256, 256)
    assert batch.mel.shape == (4, 80, 128) and batch.spoken.mel.shape == (4, 80, 280)
    lengths = dict(zip(batch.names, batch.spoken.mel_lengths.tolist(), strict=True))
    assert lengths == {"exact": 128, "long": 280, "rushed": 132, "silent_text": 180}
    for i, name in enumerate(batch.names):
        assert not batch.spoken.mel[i, :, lengths[name] :].any()
        assert not batch.spoken.ids[i, batch.spoken.id_lengths[i] :].any()
        assert (batch.spoken.id_lengths[i] == 0) == (name in ("rushed", "silent_text"))
        start = 4 * int(batch.start[i])
        assert torch.equal(batch.mel[i], batch.spoken.mel[i, :, start : start + 128])
    assert batch.spoken.ids.shape[1] == int(batch.spoken.id_lengths.max())


def test_every_epoch_shows_each_clip_once(corpus: Path) -> None:
    clips = TalkingClips(corpus, MINI.model)
    seen = [name for step in range(4) for name in clips.batch(step, seed=5, size=3).names]
    epochs = [seen[i : i + 4] for i in range(0, 12, 4)]
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)
    assert len(set(map(tuple, epochs))) > 1
    others = [name for step in range(2) for name in clips.batch(step, seed=6, size=3).names]
    assert seen[:6] != others


def test_a_batch_depends_on_seed_and_step_alone(corpus: Path) -> None:
    first = TalkingClips(corpus, MINI.model)
    for step in (0, 1, 2):
        first.batch(step, seed=3, size=2)
    np.random.seed(1)
    random.seed(1)
    torch.manual_seed(1)
    resumed = TalkingClips(corpus, MINI.model)
    assert same(first.batch(3, seed=3, size=2), resumed.batch(3, seed=3, size=2))
    assert not same(first.batch(3, seed=3, size=2), first.batch(3, seed=4, size=2))


def test_larger_frames_are_reduced(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.arange(512, dtype=np.uint8)[:, None] // 2, (512, 512))
    save_frames(tmp_path / "big.mp4", np.broadcast_to(ramp[None, ..., None], (32, 512, 512, 3)))
    save_samples(tmp_path / "big.flac", np.zeros(32 * PER_FRAME, np.float32))
    write_manifest(tmp_path, [row("big", "ada", 32, 32 * PER_FRAME, None)])
    clip = TalkingClips(tmp_path, MINI.model).clip(0, np.random.default_rng(0))
    assert clip.frames.shape == (32, 3, 256, 256) and clip.source.shape == (3, 256, 256)
    stored = read_frames(tmp_path / "big.mp4", 0, 1)[0].astype(np.float32) / 127.5 - 1
    cells = stored.reshape(256, 2, 256, 2, 3).mean((1, 3)).transpose(2, 0, 1)
    assert np.allclose(clip.frames[0], cells, atol=1e-5)


def test_without_the_split_valid_training_clips_are_held_out(corpus: Path) -> None:
    clips = TalkingClips(corpus, MINI.model)
    assert held_out_clips(clips) is clips


def test_a_faulty_clip_held_out_is_told(tmp_path: Path) -> None:
    good, faulty = (row(name, "ada", 40, 40 * PER_FRAME, "Hello.") for name in ("good", "faulty"))
    write_manifest(tmp_path, [good, replace(faulty, split="valid", text="?!")])
    clips = TalkingClips(tmp_path, MINI.model)
    with pytest.raises(TtsfError, match="clip 'faulty': nothing to say"):
        held_out_clips(clips)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    write_manifest(tmp_path, [row("a/gone", "ada", 40, 40 * PER_FRAME, None)])
    clips = TalkingClips(tmp_path, MINI.model)
    with pytest.raises(TtsfError, match=r"^clip 'a/gone': cannot read [^\n]*: No such file[^\n]*$"):
        clips.batch(0, seed=0, size=1)
    save_frames(tmp_path / "a" / "gone.mp4", np.zeros((40, 128, 128, 3), np.uint8))
    with pytest.raises(TtsfError, match="clip 'a/gone': pictures of 128x128 px; the model needs"):
        clips.clip(0, np.random.default_rng(0))
    save_frames(tmp_path / "a" / "gone.mp4", np.zeros((20, 256, 256, 3), np.uint8))
    with pytest.raises(TtsfError, match=r"clip 'a/gone': cannot read .*: it ends before frame"):
        clips.clip(0, np.random.default_rng(0))


def test_nothing_that_qualifies(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match=r"no clip of valid, test has 32 frames with pictures and"):
        TalkingClips(corpus, MINI.model, splits=("valid", "test"))
    with pytest.raises(TtsfError, match="has 71 frames with pictures, sound and text"):
        TalkingClips(corpus, MINI.model, frames=71, need_text=True)
    with pytest.raises(TtsfError, match=r"no manifest\.jsonl"):
        TalkingClips(tmp_path / "nowhere", MINI.model)
    with pytest.raises(TtsfError, match="windows of 0 frames"):
        TalkingClips(corpus, MINI.model, frames=0)
    slow = ModelConfig(audio=AudioConfig(sample_rate=32_000))
    with pytest.raises(TtsfError, match="16000 samples and 25 frames a second"):
        TalkingClips(corpus, slow)
    write_manifest(tmp_path, [row("mute", "ada", 40, 40 * PER_FRAME, "?!")])
    with pytest.raises(TtsfError, match="clip 'mute': nothing to say"):
        TalkingClips(tmp_path, MINI.model)
