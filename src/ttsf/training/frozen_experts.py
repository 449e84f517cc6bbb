"""The frozen judges of joint training: which are at hand, and what stands in for the others.

VGG19 (Eq. 3), the identity network and SyncNet are not shipped. A missing one is an error unless
the run was told to go on without (`--allow-missing`); its loss is then off. In the place of VGG19
the discriminator's own feature maps are compared ("feature matching"), the documented substitute
of the open recipe; identity and synchronisation have none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from ttsf.errors import TtsfError
from ttsf.experts.face_identity import FaceIdentity, load_face_identity
from ttsf.experts.files import MissingJudge
from ttsf.experts.syncnet import SyncNet, load_syncnet
from ttsf.experts.vgg19 import VGG19Features, load_vgg19
from ttsf.presets import JointTraining

J = TypeVar("J")


class Judges(NamedTuple):
    """None: not at hand, its loss is off (VGG19: feature matching instead)."""

    vgg: VGG19Features | None
    identity: FaceIdentity | None
    sync: SyncNet | None

    def missing(self) -> list[str]:
        """What the absent ones mean for the run, a line each."""
        lines = []
        if self.vgg is None:
            lines.append("no VGG19: Eq. 3 compares the discriminator's feature maps instead")
        if self.identity is None:
            lines.append("no identity network: the loss L_id is off")
        if self.sync is None:
            lines.append("no SyncNet: the loss L_sync is off")
        return lines


def find_judges(
    folder: Path | None, syncnet: Path | None, config: JointTraining, allow_missing: bool
) -> Judges:
    """The judges of a run.

    folder: where the downloaded weights lie (None: the folder that TTSF_JUDGES names); syncnet: run
    folder of the SyncNet stage. Raises TtsfError for a file that is not the public one, and for a
    missing one unless that is allowed; its message says what to fetch from where.
    """
    vgg = _load(load_vgg19, folder, allow_missing)
    identity = _load(load_face_identity, folder, allow_missing)
    if syncnet is None and not allow_missing:
        raise TtsfError("L_sync needs --syncnet, the run folder of ttsf.training.stages.syncnet")
    sync = None if syncnet is None else load_syncnet(syncnet, config.syncnet)
    return Judges(vgg, identity, sync)


def _load(load: Callable[[Path | None], J], folder: Path | None, allow_missing: bool) -> J | None:
    try:
        return load(folder)
    except MissingJudge as error:
        if allow_missing:
            return None
        raise TtsfError(f"{error} (--allow-missing trains without it)") from None
