"""Metadata tags that declare a file as generated; anybody can read or remove them."""

import json
from collections.abc import Mapping

from ttsf.provenance.embed.payload import Payload

PRODUCER = "ttsf"
COMMENT = "AI-generated: face, voice and words were made by a computer (ttsf)."
COMMENT_TAG, AIGC_TAG = "comment", "AIGC"
"""Tag names; the second one is defined by GB 45438-2025."""


def tags(payload: Payload) -> dict[str, str]:
    """Return the tags for a new file."""
    aigc = {"Label": "1", "ContentProducer": PRODUCER, "ProduceID": payload.name}
    return {COMMENT_TAG: COMMENT, AIGC_TAG: json.dumps(aigc, separators=(",", ":"))}


def read_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return tags that declare a file as generated, by any program; {} if there are none."""
    found = {}
    for name, text in metadata.items():
        if name.upper() == AIGC_TAG:
            found[AIGC_TAG] = text
        elif name.lower() == COMMENT_TAG and text == COMMENT:
            found[COMMENT_TAG] = text
    return found
