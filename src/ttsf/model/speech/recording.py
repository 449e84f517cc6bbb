"""Times of a text in recorded speech, found by aligning it with what the model would say.

Each symbol is a sequence of states, one for every STRIDE frames that the model would give it, with
the model's mean mel of these frames. So a long symbol stays long, unless the recording is faster.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.model.speech.duration import (
    are_marks,
    are_sounds,
    give_pauses_to_marks,
    log_likelihood,
    search_alignment,
    symbols_of_frames,
)
from ttsf.model.speech.tts import SpeechFeatures, TextToSpeech

STRIDE = 2
"""Mel frames per state: speech may be this many times faster than the model's own."""
LOUD = 0.8
"""Quantile of the frames' levels at which a recording is made as loud as mu before the search."""
COLOURED = 2
"""Number of searches in which the colour of another voice and microphone is fitted to mu."""


def fit_recording(
    speech: TextToSpeech, ids: Tensor, mel: Tensor, voice: Tensor, ends: Tensor | None = None
) -> tuple[SpeechFeatures, Tensor]:
    """Features of texts, int64 [B, L], along recorded speech, raw log-mel [B, mel_bins, T >= L].

    ends: bool [L], symbols after which the speech may stop (None: the last alone). Also returns the
    mean log-likelihood of each frame's bins, [B, T], without the recording's own colour. Pitch and
    energy of a model that uses them are predicted.
    """
    text, predicted = speech.predict(ids, ids.new_full((len(ids),), ids.shape[1]), voice)
    own = speech.upsample(text, predicted, int(predicted.sum(1).max())).mu
    x_1 = (mel - speech.audio.mel_mean) / speech.audio.mel_std
    owner = _states(predicted, x_1.shape[2])
    states = own.gather(2, _places(predicted, owner)[:, None].expand(-1, own.shape[1], -1))
    heard = mel > math.log(1.01 * speech.audio.log_floor)  # digital silence stays silent
    x_1 = torch.where(heard, x_1 + _level(states) - _level(x_1), x_1)
    x_1 = torch.maximum(x_1, states.amin(2, keepdim=True))  # no silence is more silent
    size, frames = (owner.new_full((len(ids),), n) for n in (len(owner), x_1.shape[2]))
    last = owner != torch.cat([owner[1:], owner.new_full((1,), -1)])
    over = None if ends is None else last & ends.to(owner.device)[owner]
    for _ in range(COLOURED):
        scores = log_likelihood(x_1, states) / x_1.shape[1]
        durations = search_alignment(scores, size, frames, over)
        index, _ = symbols_of_frames(durations, x_1.shape[2])
        mu = states.gather(2, index[:, None].expand_as(x_1))
        sounds = are_sounds(ids)[:, owner].gather(1, index)[:, None]
        error = ((x_1 - mu) * sounds).sum(2, keepdim=True)
        x_1 = x_1 - error / sounds.sum(2, keepdim=True).clamp_min(1)
    of_symbols = torch.zeros_like(predicted).index_add(1, owner, durations)
    of_symbols = give_pauses_to_marks(_free_onsets(of_symbols, predicted, ids), ids)
    features = speech.upsample(text, of_symbols, x_1.shape[2])
    return features, scores.gather(1, index[:, None])[:, 0]  # of the path that was found


def nearest_voice(
    speech: TextToSpeech, ids: Tensor, mel: Tensor, ends: Tensor | None = None
) -> Tensor:
    """Return the model's own voice [1, V] that sounds most like a recording.

    ids: [1, L]; mel: [1, mel_bins, T]; ends: as in `fit_recording`.
    """
    voices = speech.known_voices()
    many = (len(voices), -1, -1)
    _, fits = fit_recording(speech, ids.expand(many[:2]), mel.expand(many), voices, ends)
    return voices[fits.mean(1).argmax()][None]


def _free_onsets(durations: Tensor, predicted: Tensor, ids: Tensor) -> Tensor:
    """Move a sound's excess over its predicted length to the mark, space or first blank before it.

    Only after a mark and at the beginning: the closure of a /b/ is as silent as the pause, and the
    search takes both.
    """
    pause, sound = are_marks(ids), are_sounds(ids)
    pause[:, 0] = ~sound[:, 0]
    before = F.pad(pause, (1, 0))[:, :-1] | F.pad(pause, (2, 0))[:, :-2]
    onset = before & sound & F.pad(~sound, (1, 0))[:, :-1]
    surplus = (durations - predicted).clamp_min(0) * onset
    return durations - surplus + F.pad(surplus, (0, 1))[:, 1:]


def _level(x: Tensor) -> Tensor:
    """Level of the loud frames of log-mels [B, mel_bins, T]: [B, 1, 1]."""
    return x.mean(1).quantile(LOUD, dim=1)[:, None, None]


def _states(durations: Tensor, frames: int) -> Tensor:
    """The symbol of each state, [S <= frames]; durations: int64 [B, L <= frames]."""
    mean, stride = durations.double().mean(0), STRIDE
    while int((counts := (mean / stride).round().long().clamp_min(1)).sum()) > frames:
        stride *= 2
    return torch.arange(len(mean), device=durations.device).repeat_interleave(counts)


def _places(durations: Tensor, owner: Tensor) -> Tensor:
    """The frame of each state of owner [S] in speech of durations [B, L]: [B, S]."""
    first = torch.searchsorted(owner, owner)
    count = torch.searchsorted(owner, owner, right=True) - first
    within = torch.arange(len(owner), device=owner.device) - first
    starts = durations.cumsum(1) - durations
    share = (2 * within + 1) * durations[:, owner] // (2 * count)
    return starts[:, owner] + share
