"""The frozen judges of joint training: which are at hand, and what stands in for the others.

VGG19 (Eq. 3), the identity network and SyncNet are not shipped. Where one is missing its loss is
off, and that is an error unless the run was told to go on (`--allow-missing`). In the place of VGG19
the discriminator's own feature maps are compared ("feature matching"), the documented substitute of
the open recipe; identity and synchronisation have none.
"""

from pathlib import Path
from typing import NamedTuple

from ttsf.config import JointConfig
from ttsf.errors import TtsfError
from ttsf.experts.face_identity import FaceIdentity, load_face_identity
from ttsf.experts.syncnet import SyncNet, load_syncnet
from ttsf.experts.vgg19 import Vgg19, load_vgg19


class Judges(NamedTuple):
    """None: not at hand, its loss is off (VGG19: feature matching instead)."""

    vgg: Vgg19 | None
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
    folder: Path | None, syncnet: Path | None, config: JointConfig, allow_missing: bool
) -> Judges:
    """The judges of a run. Raises TtsfError for a damaged file, or a missing one if not allowed.

    folder: where the downloaded weights lie; syncnet: run folder of the SyncNet stage.
    """
    found = []
    for load in (load_vgg19, load_face_identity):
        try:
            found.append(load(folder))
        except MissingJudge as error:
            if not allow_missing:
                raise TtsfError(f"{error} (--allow-missing trains without)") from None
            found.append(None)
