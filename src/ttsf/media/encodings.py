"""Detect the encoding of a text: UTF-8, UTF-16 with or without BOM, or Windows-1252."""

import codecs
import logging

from ttsf.errors import TtsfError

logger = logging.getLogger("ttsf")
_MOSTLY = 0.3
"""Fraction of zero bytes, at every second position, that indicates UTF-16 of Latin letters."""


def decode(content: bytes, name: str) -> str:
    """Decode a text; logs a warning if the encoding is a guess.

    name: source for messages. Raises TtsfError if it is not text in any of these encodings.
    """
    encoding = _marked(content)
    if encoding:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            raise TtsfError(f"{name}: the text is damaged UTF-16; save it as UTF-8") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    controls = sum(b < 32 and b not in b"\t\n\r\f" for b in content)
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if not text or controls:
        raise TtsfError(f"{name}: the text is not valid UTF-8; save it as UTF-8")
    logger.warning("%s is not UTF-8; reading it as Windows-1252", name)
    return text


def _marked(content: bytes) -> str:
    """Return the UTF-16 variant shown by a BOM or by zeros at every second byte, else ''."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) < max(1, _MOSTLY * len(content)) or min(even, odd) > max(even, odd) / 10:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"
