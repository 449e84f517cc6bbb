"""Head motion re-timed by the loudness of the voice."""

import numpy as np
import torch
from torch import Tensor

from ttsf.config import VoicePaceConfig
from ttsf.model.labels import BLINK, PITCH
from ttsf.model.motion import prosody
from ttsf.research.evaluation.metrics.face.motion import with_voice

DEGREES = 10
PACE = VoicePaceConfig()


def prosodic(track: Tensor, loudness: Tensor) -> Tensor:
    return prosody.prosodic(track, loudness, PACE)


def _walk(frames: int, seed: int = 0) -> Tensor:
    """Two smooth random heads [2, frames, 11]."""
    noise = torch.randn(2, frames + 200, 11, generator=torch.Generator().manual_seed(seed))
    kernel = torch.hann_window(40)[None, None].expand(11, 1, -1)
    smooth = torch.nn.functional.conv1d(noise.transpose(1, 2), kernel / 4, groups=11)
    return smooth.transpose(1, 2)[:, :frames]


def _speech(frames: int) -> Tensor:
    """Phrases of two seconds, pauses of half a second."""
    times = torch.arange(frames) / 25
    return torch.where(times % 2.5 < 2, 0.8, 0.0)


def test_the_head_hastens_with_the_voice():
    track, loudness = _walk(2_000), _speech(2_000)
    before, after = (
        with_voice(DEGREES * heads[0, :, :3].numpy(), loudness.numpy())
        for heads in (track, prosodic(track, loudness))
    )
    assert abs(before) < 0.1 and after > 0.4


def test_it_is_where_it_was_at_both_ends_and_moves_as_far():
    track, loudness = _walk(500), _speech(500)
    found = prosodic(track, loudness)
    others = [k for k in range(11) if k not in (PITCH, BLINK)]
    ends, frame = (found - track)[:, [0, -1]][..., others], track.diff(dim=1)[..., others]
    assert ends.abs().max() < 0.5 * frame.abs().max()
    assert torch.allclose(found[..., 0].amax(1), track[..., 0].amax(1), rtol=0.05, atol=0.02)


def test_two_utterances_meet_at_the_pace_of_a_pause():
    track, loudness = torch.linspace(0, 199, 200)[None, :, None].expand(1, -1, 11), _speech(100)
    loudness[:15] = loudness[-15:] = 0.0
    halves = [prosodic(half, loudness)[0, :, 0] for half in track.split(100, dim=1)]
    seam = float(halves[1][0] - halves[0][-1])
    assert seam < 1.3 * float(halves[0].diff()[-1]) < 0.6


def test_blinks_keep_their_time():
    track = _walk(200)
    assert torch.equal(prosodic(track, _speech(200))[..., BLINK], track[..., BLINK])


def test_a_steady_voice_changes_hardly_anything():
    track = _walk(200)
    for level in (0.0, 1.0):
        found = prosodic(track, torch.full((200,), level))
        assert (found - track).abs().max() < 0.05


def test_stress_is_nodded_at():
    still, loudness = torch.zeros(1, 100, 11), torch.full((100,), 0.4)
    loudness[48:53] = 1.0
    pitch = prosodic(still, loudness)[0, :, PITCH].numpy()
    assert 45 <= int(np.argmax(pitch)) <= 55
    assert 0.05 * PACE.nod < pitch.max() < PACE.nod and np.abs(pitch[:20]).max() < 0.01


def test_any_length_will_do():
    for frames in (1, 2, 3):
        assert prosodic(_walk(frames), torch.ones(frames)).shape == (2, frames, 11)
