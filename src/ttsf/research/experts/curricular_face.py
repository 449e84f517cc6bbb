"""CurricularFace (Huang et al. 2020) behind ID-SIM, Sec. 4.1: the public IR-101 network."""

from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.research.experts.face_identity import INPUT, FaceNetwork, ResidualUnit
from ttsf.research.experts.files import ExpertFile

STAGES = ((64, 3), (128, 13), (256, 30), (512, 3))
"""Channels and residual units; the first unit of a stage halves the side."""
ALIGNED_BOX = (0.100, 0.062, 0.900, 0.862)
"""Left, top, right, bottom in sides of a portrait (`ttsf.portrait`): of a frontal mean face
(`face_mesh.MEAN_STABLE`) the eyes then lie where ArcFace's 112 px template has them, 35.2 px apart
and 51.6 px from the top."""


class PlainUnit(ResidualUnit):
    """IR unit: that of IR-SE without squeeze and excitation."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__(channels_in, channels_out, stride)
        self.res_layer = nn.Sequential(*list(self.res_layer.children())[:-1])


class CurricularFace(FaceNetwork):
    """A face to a unit vector."""

    FILE = ExpertFile(
        name="CurricularFace",
        file="CurricularFace_Backbone.pth",
        purpose="identity similarity (ID-SIM)",
        source="https://huggingface.co/AIRI-Institute/StyleFeatureEditor/resolve/main/pretrained_models/"
        "CurricularFace_Backbone.pth",
        sha256="031ea0f7ba5f46905980cc446f0bbf9539e361246bff95f7077efffe2f110e04",
    )

    def __init__(self) -> None:
        super().__init__(PlainUnit, STAGES, affine=False)

    def forward(self, picture: Tensor) -> Tensor:
        """picture: [B, 3, s, s] RGB in [-1, 1], cut by `ttsf.portrait.detection` -> [B, 512].

        A fixed box is cut out; faces are not aligned one by one.
        """
        height, width = picture.shape[-2:]
        left, top, right, bottom = ALIGNED_BOX
        rows = slice(round(top * height), round(bottom * height))
        columns = slice(round(left * width), round(right * width))
        cut = picture[:, :, rows, columns]
        return self.embed(F.interpolate(cut, size=(INPUT, INPUT), mode="bilinear", antialias=True))
