"""The frozen experts of joint training: which are at hand, and what stands in for the others.

VGG19 (Eq. 3), the identity network and SyncNet are not shipped. A missing one is an error unless
the run was told to go on without; its loss is then off. In the place of VGG19 the discriminator's
own feature maps are compared ("feature matching"), the documented substitute of the open recipe;
identity and synchronisation have none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ttsf.errors import TtsfError
from ttsf.research.experts.face_identity import FaceIdentity
from ttsf.research.experts.files import MissingExpert
from ttsf.research.experts.syncnet import SyncNet, load_syncnet
from ttsf.research.experts.vgg19 import VGG19Features
from ttsf.research.presets import SyncNetConfig

E = TypeVar("E")
WITHOUT = (
    "no VGG19: Eq. 3 compares the discriminator's feature maps instead",
    "no identity network: the loss L_id is off",
    "no SyncNet: the loss L_sync is off",
)


class Experts(NamedTuple):
    """None: not at hand, its loss is off (VGG19: feature matching instead)."""

    vgg: VGG19Features | None
    identity: FaceIdentity | None
    sync: SyncNet | None

    def missing(self) -> list[str]:
        """What the absent ones mean for the run, a line each."""
        return [line for expert, line in zip(self, WITHOUT, strict=True) if expert is None]


def find_experts(
    folder: Path | None, syncnet: Path | None, config: SyncNetConfig, allow_missing: bool
) -> Experts:
    """The experts of a run.

    folder: where the downloaded weights lie (None: the folder that TTSF_EXPERTS names); syncnet:
    run folder of the SyncNet stage. Raises TtsfError for a file that is not the public one, and for
    a missing one unless that is allowed; its message says what to fetch from where.
    """
    vgg = _load(VGG19Features.load, folder, allow_missing)
    identity = _load(FaceIdentity.load, folder, allow_missing)
    if syncnet is None and not allow_missing:
        raise TtsfError("L_sync needs SyncNet, the run folder of its stage")
    sync = None if syncnet is None else load_syncnet(syncnet, config)
    return Experts(vgg, identity, sync)


def _load(load: Callable[[Path | None], E], folder: Path | None, allow_missing: bool) -> E | None:
    try:
        return load(folder)
    except MissingExpert:
        if allow_missing:
            return None
        raise
