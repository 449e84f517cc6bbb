"""Sec. 4.1 with the judges of papers: networks whose public weight files a user has downloaded.

A figure is comparable only with figures of the same metric, and each metric names its variant and
its file. Not here: C-SIM, whose x-vector network has its own front end (SpeechBrain); MCD and F0,
which need no network.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ttsf.errors import TtsfError
from ttsf.evaluation.metric import Better, Figure, Metric, mean, version
from ttsf.evaluation.metrics.frechet import frechet_of
from ttsf.evaluation.metrics.words import word_error_rate
from ttsf.experts.curricular_face import CURRICULAR_FACE_FILE, CurricularFace, load_curricular_face
from ttsf.experts.files import JudgeFile, find_judge
from ttsf.experts.head_pose import HOPENET_FILE, Hopenet, load_hopenet
from ttsf.experts.inception import INCEPTION_FILE, Inception, load_inception
from ttsf.experts.lip_sync import LIP_SYNC_FILE, LipSync, LipSyncNet, load_lip_sync

AT_ONCE = 16
"""Pictures that a network sees together."""
WHISPER = "Whisper"
WHISPER_SOURCE = (
    "fetch a model (a .pt file of openai-whisper, or a folder of faster-whisper), "
    "install the package and name the path; nothing is downloaded"
)
FILES = (INCEPTION_FILE, CURRICULAR_FACE_FILE, LIP_SYNC_FILE, HOPENET_FILE)


class Clip(Protocol):
    """What is judged; `ttsf.pipeline`'s result and any NamedTuple of the two fit."""

    @property
    def frames(self) -> np.ndarray:
        """uint8 [T, H, W, 3] RGB at 25 fps, cut as `ttsf.portrait.detection` cuts."""

    @property
    def samples(self) -> np.ndarray:
        """float32 [N] in [-1, 1] at 16 kHz."""


class Diversity(NamedTuple):
    """How much one head moves: standard deviations over its frames."""

    features: float
    """Mean over Hopenet's 2048 features."""
    degrees: float
    """Mean over yaw, pitch and roll."""


class Availability(NamedTuple):
    """Which judges can be loaded."""

    ready: tuple[str, ...]
    missing: dict[str, str]
    """Name of the judge -> what to fetch from where."""


class PublicJudges:
    """Public networks, each loaded when it is first asked; all raise TtsfError (`load_judge`)."""

    def __init__(
        self, folder: Path | None = None, whisper: Path | None = None, device: str = "cpu"
    ) -> None:
        """folder: of the files (None: the folder that TTSF_JUDGES names); whisper: a local model.

        A file is a model of openai-whisper, a folder one of faster-whisper.
        """
        self.folder, self.whisper, self.device = folder, whisper, device

    def available(self) -> Availability:
        """Look for every judge; reads and hashes the files but loads no network."""
        missing = {}
        for file in FILES:
            try:
                find_judge(file, self.folder)
            except TtsfError as error:
                missing[file.name] = str(error)
        try:
            check_whisper(self.whisper)
        except TtsfError as error:
            missing[WHISPER] = str(error)
        names = (*(file.name for file in FILES), WHISPER)
        return Availability(tuple(name for name in names if name not in missing), missing)

    @cached_property
    def inception(self) -> Inception:
        """Of FID."""
        return load_inception(self.folder).to(self.device)

    @cached_property
    def curricular_face(self) -> CurricularFace:
        """Of ID-SIM."""
        return load_curricular_face(self.folder).to(self.device)

    @cached_property
    def lip_sync(self) -> LipSyncNet:
        """Of LSE-C and LSE-D."""
        return load_lip_sync(self.folder).to(self.device)

    @cached_property
    def hopenet(self) -> Hopenet:
        """Of DIV."""
        return load_hopenet(self.folder).to(self.device)

    @cached_property
    def recogniser(self) -> Callable[[np.ndarray], str]:
        """Of WER."""
        return load_whisper(self.whisper, self.device)

    def inception_features(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [T, H, W, 3] -> float32 [T, 2048], one row a frame."""
        return self._over(frames, self.inception)

    def identity(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [T, H, W, 3] -> float32 [T, 512] of length 1, one row a frame."""
        return self._over(frames, self.curricular_face)

    def lse(self, frames: np.ndarray, samples: np.ndarray) -> LipSync:
        """Offset, LSE-C and LSE-D of one clip; raises TtsfError for less than 6 frames."""
        return self.lip_sync.lse(frames, samples)

    def div(self, frames: np.ndarray) -> Diversity:
        """How much the head moves; raises TtsfError for less than 2 frames."""
        if len(frames) < 2:
            raise TtsfError(f"head motion needs at least 2 frames, not {len(frames)}")
        hopenet = self.hopenet
        seen = self._over(frames, lambda batch: torch.cat(hopenet(batch), dim=1))
        spread = seen.std(0)
        return Diversity(float(spread[3:].mean()), float(spread[:3].mean()))

    def transcribe(self, samples: np.ndarray) -> str:
        """float32 [N] in [-1, 1] at 16 kHz -> English words, greedy at temperature 0."""
        return self.recogniser(np.asarray(samples, np.float32))

    @torch.no_grad()
    def _over(self, frames: np.ndarray, network: Callable[[Tensor], Tensor]) -> np.ndarray:
        rows = []
        for first in range(0, len(frames), AT_ONCE):
            batch = torch.from_numpy(np.ascontiguousarray(frames[first : first + AT_ONCE]))
            pictures = batch.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
            rows.append(network(pictures).cpu())
        return torch.cat(rows).numpy()


class LocalWhisper(NamedTuple):
    """A model that lies on this machine, with the package that reads it."""

    path: Path
    weights: Path
    package: str
    """As it is installed."""


def check_whisper(model: Path | None) -> LocalWhisper:
    """Look for the model and its package; raises TtsfError that says what is missing."""
    if model is None:
        raise TtsfError(f"the word error rate needs {WHISPER}: {WHISPER_SOURCE}")
    if not model.exists():
        raise TtsfError(f"{model}: no such {WHISPER} model; {WHISPER_SOURCE}")
    if not model.is_dir():
        module, found = "whisper", LocalWhisper(model, model, "openai-whisper")
    else:
        module, found = "faster_whisper", LocalWhisper(model, model / "model.bin", "faster-whisper")
        for part in ("model.bin", "tokenizer.json"):  # it would download a missing tokenizer
            if not (model / part).is_file():
                raise TtsfError(f"{model}: not a model of faster-whisper: {part} is missing")
    if find_spec(module) is None:
        raise TtsfError(f"{model} needs a package: pip install {found.package}")
    return found


def load_whisper(model: Path | None, device: str = "cpu") -> Callable[[np.ndarray], str]:
    """float32 [N] at 16 kHz -> English words; raises what `check_whisper` raises.

    Greedy at temperature 0 and without the text before, so that a text depends on its clip alone.
    """
    found = check_whisper(model)
    told: dict[str, Any] = {
        "language": "en",
        "temperature": 0.0,
        "condition_on_previous_text": False,
    }
    try:
        if found.package == "openai-whisper":
            import whisper

            slow = whisper.load_model(str(found.path), device=device)
            return lambda samples: slow.transcribe(samples, fp16=False, **told)["text"].strip()
        from faster_whisper import WhisperModel

        fast = WhisperModel(str(found.path), device=device, local_files_only=True)
    except Exception:  # a damaged model raises whatever its reader meets
        raise TtsfError(f"{model}: {found.package} cannot read this model") from None
    return lambda samples: "".join(
        part.text for part in fast.transcribe(samples, beam_size=1, **told)[0]
    ).strip()


def _named(file: JudgeFile, variant: str) -> str:
    return f"{file.name} {file.file} (SHA-256 {file.sha256[:8]}), {variant}"


def fid_metric() -> Metric:
    """FID of frames."""
    return Metric(
        name="FID",
        better="lower",
        definition="Frechet distance of Inception pool3 features (2048), all frames of all made "
        "clips against all frames of all real clips; biased by the number of frames.",
        judge=_named(INCEPTION_FILE, "pytorch-fid's layers, 299 px bilinear, no anti-aliasing"),
        grade="public",
        digits=2,
    )


def identity_metric(reference: str) -> Metric:
    """ID-SIM; reference: against which frames, a part of the definition."""
    return Metric(
        name="ID-SIM",
        better="higher",
        definition=f"Cosine of face embeddings of every frame and {reference}, mean over the "
        "frames of a clip, then over clips.",
        judge=_named(CURRICULAR_FACE_FILE, "IR-101, fixed box of the portrait, no alignment"),
        grade="public",
    )


SOURCE, SAME_FRAME = "the source portrait", "the real frame of the same number"


def _lse_metric(name: str, better: Better, definition: str) -> Metric:
    judge = _named(
        LIP_SYNC_FILE,
        "whole frame resized to 224 (no face detection, as Wav2Lip's calculate_scores_LRS), "
        "offsets within 15 frames, no JPEG in between",
    )
    return Metric(name, better, definition, judge, "public")


def lse_c_metric() -> Metric:
    """LSE-C."""
    definition = "Median over 31 offsets of the mean distance, less the least; mean over clips."
    return _lse_metric("LSE-C", "higher", definition)


def lse_d_metric() -> Metric:
    """LSE-D."""
    definition = "Least over 31 offsets of the mean distance of embeddings; mean over clips."
    return _lse_metric("LSE-D", "lower", definition)


def div_metric() -> Metric:
    """DIV of features, the reading that fits the paper's 0.168 for real clips."""
    return Metric(
        name="DIV",
        better="higher",
        definition="Standard deviation over the frames of a clip, mean over Hopenet's 2048 "
        "features, then over clips.",
        judge=_named(HOPENET_FILE, "2048 features, whole portrait"),
        grade="public",
    )


def div_degrees_metric() -> Metric:
    """DIV of angles."""
    return Metric(
        name="DIV (degrees)",
        better="higher",
        definition="Standard deviation over the frames of a clip in degrees, mean over yaw, pitch "
        "and roll, then over clips.",
        judge=_named(HOPENET_FILE, "angles, whole portrait"),
        grade="public",
    )


def wer_metric(model: Path | None) -> Metric:
    """WER; hashes the model's file and raises what `check_whisper` raises."""
    found = check_whisper(model)
    return Metric(
        name="WER",
        better="lower",
        definition="Word errors over the reference's words, both sides normalised as Whisper does "
        "(English); mean over clips.",
        judge=f"{WHISPER} {found.path.name} (SHA-256 {_digest(found.weights)[:8]}), greedy, "
        f"{version(found.package, 'jiwer', 'whisper-normalizer')}",
        grade="public",
    )


@lru_cache
def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fid(judges: PublicJudges, made: Mapping[str, Clip], real: Mapping[str, Clip]) -> Figure:
    """FID over all frames; raises TtsfError where either side has less than 2 frames."""
    sides = []
    for clips in (made, real):
        if not clips:
            raise TtsfError("FID needs made and real clips")
        sides.append(np.concatenate([judges.inception_features(c.frames) for c in clips.values()]))
    return Figure(fid_metric(), frechet_of(*sides), len(made))


def source_identity(
    judges: PublicJudges, clips: Mapping[str, Clip], portraits: Mapping[str, np.ndarray]
) -> Figure:
    """ID-SIM against the portraits uint8 [H, W, 3]; a clip without one is left out."""
    values = {}
    for name in clips.keys() & portraits.keys():
        source = judges.identity(portraits[name][None])
        values[name] = float((judges.identity(clips[name].frames) @ source[0]).mean())
    return mean(identity_metric(SOURCE), values, len(clips))


def frame_identity(
    judges: PublicJudges, clips: Mapping[str, Clip], real: Mapping[str, Clip]
) -> Figure:
    """ID-SIM frame by frame over what both clips have; a clip without a real one is left out."""
    values = {}
    for name in clips.keys() & real.keys():
        frames = min(len(clips[name].frames), len(real[name].frames))
        a, b = (judges.identity(side[name].frames[:frames]) for side in (clips, real))
        values[name] = float((a * b).sum(1).mean())
    return mean(identity_metric(SAME_FRAME), values, len(clips))


def lip_synchrony(judges: PublicJudges, clips: Mapping[str, Clip]) -> tuple[Figure, Figure]:
    """LSE-C and LSE-D; raises TtsfError for a clip of less than 6 frames."""
    seen = {name: judges.lse(clip.frames, clip.samples) for name, clip in clips.items()}
    c, d = ({name: value[k] for name, value in seen.items()} for k in (1, 2))
    return mean(lse_c_metric(), c, len(clips)), mean(lse_d_metric(), d, len(clips))


def diversity(judges: PublicJudges, clips: Mapping[str, Clip]) -> tuple[Figure, Figure]:
    """DIV of features and of angles; raises TtsfError for a clip of less than 2 frames."""
    seen = {name: judges.div(clip.frames) for name, clip in clips.items()}
    features = {name: value.features for name, value in seen.items()}
    degrees = {name: value.degrees for name, value in seen.items()}
    count = len(clips)
    return mean(div_metric(), features, count), mean(div_degrees_metric(), degrees, count)


def word_errors(
    judges: PublicJudges, clips: Mapping[str, Clip], texts: Mapping[str, str]
) -> Figure:
    """WER; a clip without a text is left out. Raises what `check_whisper` raises."""
    metric = wer_metric(judges.whisper)
    names = clips.keys() & texts.keys()
    values = {n: word_error_rate(texts[n], judges.transcribe(clips[n].samples)) for n in names}
    return mean(metric, values, len(clips))
