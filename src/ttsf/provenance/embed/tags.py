"""Metadata tags that declare a file as generated; anybody can read or remove them."""

import json
from collections.abc import Mapping

from ttsf.provenance.embed.payload import Payload

PRODUCER = "ttsf"
COMMENT = "AI-generated: face, voice and words were made by a computer (ttsf)."
RECORDED_COMMENT = "AI-generated: a computer (ttsf) moved the face along a recording."
COMMENT_TAG, AIGC_TAG = "comment", "AIGC"
"""Tag names; the second one is defined by GB 45438-2025."""


def tags(payload: Payload, recorded: bool = False) -> dict[str, str]:
    """Return the tags for a new file; recorded: its sound is a real recording."""
    comment = RECORDED_COMMENT if recorded else COMMENT
    aigc = {"Label": "1", "ContentProducer": PRODUCER, "ProduceID": payload.name}
    return {COMMENT_TAG: comment, AIGC_TAG: json.dumps(aigc, separators=(",", ":"))}


def read_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return tags that declare a file as generated, by any program; {} if there are none."""
    found = {}
    for name, text in metadata.items():
        if name.upper() == AIGC_TAG:
            found[AIGC_TAG] = text
        elif name.lower() == COMMENT_TAG and text in (COMMENT, RECORDED_COMMENT):
            found[COMMENT_TAG] = text
    return found
