"""The frozen experts of joint training, and substitutes for missing ones.

VGG19 (Eq. 3), the identity network and SyncNet are not shipped. A missing expert is an error unless
`allow_missing` is set; its loss is then off. VGG19 is replaced by the discriminator's feature maps
("feature matching"), the documented substitute of the open recipe; identity and synchronisation
have no substitute.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ttsf.errors import TtsfError
from ttsf.research.experts.face_identity import FaceIdentity
from ttsf.research.experts.files import MissingExpert
from ttsf.research.experts.syncnet import SyncNet, load_syncnet
from ttsf.research.experts.vgg19 import VGG19Features
from ttsf.research.hyperparameters import SyncNetConfig

E = TypeVar("E")
WITHOUT = (
    "no VGG19: Eq. 3 compares the discriminator's feature maps instead",
    "no identity network: the loss L_id is off",
    "no SyncNet: the loss L_sync is off",
)


class Experts(NamedTuple):
    """The experts; None if missing: its loss is off (VGG19: feature matching instead)."""

    vgg: VGG19Features | None
    identity: FaceIdentity | None
    sync: SyncNet | None

    def missing(self) -> list[str]:
        """Describe the effect of each missing expert."""
        return [line for expert, line in zip(self, WITHOUT, strict=True) if expert is None]


def find_experts(
    folder: Path | None, syncnet: Path | None, config: SyncNetConfig, allow_missing: bool
) -> Experts:
    """Load the experts of a run.

    folder: downloaded weights (None: $TTSF_EXPERTS); syncnet: run folder of the SyncNet stage.
    Raises TtsfError for a file that is not the public one, and for a missing one unless that is
    allowed; the message says what to download from where, for all of them.
    """
    lacking: list[str] = []
    vgg = _load(VGG19Features.load, folder, lacking)
    identity = _load(FaceIdentity.load, folder, lacking)
    if syncnet is None:
        lacking.append("L_sync needs a run of the stage syncnet: name it by --syncnet")
    if lacking and not allow_missing:
        raise TtsfError(f"{'; '.join(lacking)}; or leave out their losses by --allow-missing")
    sync = None if syncnet is None else load_syncnet(syncnet, config)
    return Experts(vgg, identity, sync)


def _load(load: Callable[[Path | None], E], folder: Path | None, lacking: list[str]) -> E | None:
    """Load an expert, or add to `lacking` what to download."""
    try:
        return load(folder)
    except MissingExpert as error:
        lacking.append(str(error))
        return None
