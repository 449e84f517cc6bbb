"""What a file's tags say: that it was generated. Anybody can read them, and remove them."""

import json
from collections.abc import Mapping

from ttsf.provenance.embed.payload import Payload

PRODUCER = "ttsf"
COMMENT = "AI-generated: face, voice and words were made by a computer (ttsf)."
COMMENT_TAG, AIGC_TAG = "comment", "AIGC"
"""Names of the tags; the second is that of GB 45438-2025."""


def tags(payload: Payload) -> dict[str, str]:
    """For a new file."""
    aigc = {"Label": "1", "ContentProducer": PRODUCER, "ProduceID": payload.name}
    return {COMMENT_TAG: COMMENT, AIGC_TAG: json.dumps(aigc, separators=(",", ":"))}


def read_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file's tags say of how it was generated, by whatever program; {} for nothing."""
    found = {}
    for name, text in metadata.items():
        if name.upper() == AIGC_TAG:
            found[AIGC_TAG] = text
        elif name.lower() == COMMENT_TAG and text == COMMENT:
            found[COMMENT_TAG] = text
    return found
