"""E_id of L_id, Sec. 3.1: ArcFace with the IR-SE50 network, as pSp [50] uses it."""

from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.research.experts.files import ExpertFile, FrozenExpert

STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))
"""Channels and residual units; the first unit of a stage halves the side."""
SQUEEZE = 16
PICTURE = 256  # px, of the face picture that the crop is given for
CROP = (slice(35, 223), slice(32, 220))  # rows and columns [pSp]
INPUT = 112  # px
EMBEDDING = 512


class SqueezeExcitation(nn.Module):
    """Weights channels by the global average of the map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // SQUEEZE, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // SQUEEZE, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, s, s] -> the same shape."""
        return x * self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class ResidualUnit(nn.Module):
    """IR-SE unit; attributes are named as in the public file."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if channels_in != channels_out:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(channels_in),
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.PReLU(channels_out),
            nn.Conv2d(channels_out, channels_out, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            SqueezeExcitation(channels_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s / stride, s / stride]."""
        return self.shortcut_layer(x) + self.res_layer(x)


class FaceNetwork(FrozenExpert):
    """ArcFace's improved ResNet; attributes are named as in the public files.

    unit: kind of its residual units; stages: channels and units of each; affine: of the last norm.
    """

    def __init__(
        self, unit: type[ResidualUnit], stages: tuple[tuple[int, int], ...], affine: bool
    ) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        units = []
        channels = 64
        for width, count in stages:
            for k in range(count):
                units.append(unit(channels, width, 1 if k else 2))
                channels = width
        self.body = nn.Sequential(*units)
        side = INPUT // 2 ** len(stages)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Identity(),  # drop-out while it was trained
            nn.Flatten(),
            nn.Linear(channels * side**2, EMBEDDING),
            nn.BatchNorm1d(EMBEDDING, affine=affine),
        )

    def embed(self, face: Tensor) -> Tensor:
        """Embed faces [B, 3, 112, 112], RGB in [-1, 1], aligned to ArcFace's template: [B, 512]."""
        return F.normalize(self.output_layer(self.body(self.input_layer(face))))


class FaceIdentity(FaceNetwork):
    """E_id: a face picture to a unit vector; equal persons have a large cosine."""

    FILE = ExpertFile(
        name="ArcFace IR-SE50",
        file="model_ir_se50.pth",
        purpose="the identity loss L_id",
        source="https://github.com/xinntao/facexlib/releases/download/v0.1.0/"
        "recognition_arcface_ir_se50.pth",
        sha256="a035c768259b98ab1ce0e646312f48b9e1e218197a0f80ac6765e88f8b6ddf28",
    )

    def __init__(self) -> None:
        super().__init__(ResidualUnit, STAGES, affine=True)

    def forward(self, picture: Tensor) -> Tensor:
        """picture: [B, 3, s, s] RGB in [-1, 1], a face as a portrait shows it -> [B, 512].

        Pictures of another size are first resampled to 256 px.
        """
        if picture.shape[-1] != PICTURE:
            picture = F.interpolate(picture, size=PICTURE, mode="bilinear", antialias=True)
        crop = F.adaptive_avg_pool2d(picture[:, :, CROP[0], CROP[1]], INPUT)
        return self.embed(crop)
