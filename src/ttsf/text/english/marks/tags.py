"""HTML and the like: tags, comments, entities, raised and lowered digits."""

# ruff: noqa: RUF001

import html
import re

from ttsf.text.english.trace import Traced

_ATTRIBUTE = (
    r"(?:\s++[\w:-]{1,40}+(?:\s*+=\s*+"
    r"""(?:"[^"<>]{0,300}+"|'[^'<>]{0,300}+'|[^\s"'<>]{1,300}+))?)"""
)
_COMMENT = re.compile(
    r"(?i:<(script|style)\b[^<>]{0,200}+>.{0,4000}?</\1>)"
    r"|<!--.{0,2000}?-->|<\?[a-z].{0,200}?\?>|<![A-Z][^<>]{0,200}+>",
    re.S,
)
_ADDRESS = re.compile(
    r"<((?:https?://|mailto:)[^<>\s]{1,500}+|[\w.+-]{1,60}+@[\w-]{1,60}+\.[\w.-]{1,60}+)>"
)
_BLOCK = re.compile(
    r"</?+(?:br|p|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|table|thead|tbody|hr|blockquote|s|section|article"
    rf"|details|summary|pre|header|footer|figure|figcaption)(?:{_ATTRIBUTE}{{0,20}}+)\s?+/?+>",
    re.I,
)
_PARAGRAPH_END = re.compile(
    r"</(?:p|div|h[1-6]|summary|blockquote|section|article|header|footer|figcaption)\s?+>", re.I
)
_CELL_END = re.compile(r"</t[dh]>\s*+(?=<t[dh]\b)", re.I)
_RAISED = re.compile(r"(?<=\w)<sup>([-+]?\w{1,4})</sup>", re.I)
_LOWERED = re.compile(r"(?<=\w)<sub>(\w{1,4})</sub>", re.I)
_NOTE = re.compile(r"<sup\b[^<>]{0,100}+>(?:[^<>]|<(?!/?sup)[^<>]{0,100}+>){0,60}+</sup>", re.I)
_TAG = re.compile(
    rf"</?+[A-Za-z][\w:-]{{0,30}}+{_ATTRIBUTE}{{0,20}}+\s?+/?+>|<[|｜][^<>|｜\n]{{1,40}}+[|｜]>"
)
"""Also the signs by which a model ends its turn: <|im_end|>."""
_STYLE = re.compile(r"\{\\[^{}\n]{1,60}+\}")
"""Styles of subtitle files: {\\an8}."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")


def without_tags(traced: Traced) -> Traced:
    """Remove tags, decode entities; a block leaves line breaks, one in a word a space."""
    traced = traced.sub(_COMMENT, "").sub(_STYLE, "").keep(_ADDRESS)
    traced = traced.sub(_RAISED, _raised).sub(_LOWERED, lambda m: m[1]).sub(_NOTE, "")
    traced = (
        traced.sub(_CELL_END, " | ").sub(_PARAGRAPH_END, "\n\n").sub(_BLOCK, "\n").sub(_TAG, _tag)
    )
    return traced.sub(_ENTITY, lambda m: html.unescape(m[0]))


def _raised(match: re.Match[str]) -> str:
    """A power after a number, a small letter or a bracket; keep "th" and "A2", drop a note."""
    before = match.string[max(0, match.start() - 2) : match.start()]
    if match[1].isalpha() and len(match[1]) > 1:
        return match[1]
    if before[-1:].isupper() and match[1].isdecimal():
        return match[1]
    word = before.isalpha() and len(before) == 2
    return "" if word and match[1].isdecimal() else f"^{match[1]}"


def _tag(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    inside = start > 0 and text[start - 1].isalnum() and text[end : end + 1].isalnum()
    return " " if inside else ""
