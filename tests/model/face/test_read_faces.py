"""What E_v and E_m say of a portrait, and which voice it chooses."""

from dataclasses import replace

import torch

from tests.support.tiny_model import TINY
from ttsf.model.ttsf import TTSF


@torch.inference_mode()
def test_a_face_and_its_mirror_image_choose_one_voice() -> None:
    torch.manual_seed(0)
    model = TTSF(replace(TINY, speech=replace(TINY.speech, voice_mirrored=True))).eval()
    image = torch.rand(2, 3, TINY.video.size, TINY.video.size) * 2 - 1
    faces, mirrored = model.read_faces(image), model.read_faces(image.flip(-1))
    style = model.voice_style(faces)
    torch.testing.assert_close(style, model.voice_style(mirrored))
    torch.testing.assert_close(style, (faces.f_id + mirrored.f_id) / 2)
    torch.testing.assert_close(model.choose_voice(faces), model.choose_voice(mirrored))
    model.config = replace(model.config, speech=replace(model.config.speech, voice_mirrored=False))
    assert torch.equal(model.voice_style(faces), faces.f_id)
    assert not torch.allclose(model.voice_style(faces), model.voice_style(mirrored))


@torch.inference_mode()
def test_with_motion_the_voice_reads_f_s() -> None:
    torch.manual_seed(0)
    speech = replace(TINY.speech, voice_from="id+motion", voice_mirrored=False)
    model = TTSF(replace(TINY, speech=speech)).eval()
    faces = model.read_faces(torch.rand(1, 3, TINY.video.size, TINY.video.size) * 2 - 1)
    assert torch.equal(model.voice_style(faces), faces.features.style)
    assert not torch.equal(faces.features.style, faces.f_id)
