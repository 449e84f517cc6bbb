"""Marks within a line: emphasis, code, links, citations, escapes."""

# ruff: noqa: RUF001

import re

from ttsf.text.english.trace import Traced

_ESCAPED_LINE = re.compile(
    r"(?<![\\/])(?<!(?<![A-Za-z])[A-Za-z]:)(?:\\r)?\\n(?!(?:u|eq|e|abla|ot|eg|otin|i|exists|parallel)(?![A-Za-z]))"
)
_ESCAPED_TAB = re.compile(r"(?<=[\w.,;:!?)\"'])\\t(?=[A-Z\d])")
_ESCAPED_SIGN = re.compile(r"\\([*_`#>~|!.\-+&%$])")
_WINDOWS_PATH = re.compile(r"(?:(?<![A-Za-z])[A-Za-z]:|\\)\\[^\s\"<>|]{1,300}")
_CITED = re.compile(
    r"\s?+【[^【】\n]{1,80}+】|\ue200[^\ue200\ue201\n]{0,200}+\ue201"
    r"|(?<=[\w.,;:!?)\"'])\[(?:\^?\w{0,12}\d{1,4}|\^[\w-]{1,30}|citation needed|cite)\](?!\()"
    r"|\s\[(?:\^?\d{1,3}|\^[\w-]{1,30}|citation needed)\](?=[.,;:!?)\n\[]|\s?$|\s\[)"
    r"|\s?(?<![(=])\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){1,20}+\]|\^\[\d{1,3}\]\^?"
    r"|\s?:?(?:contentReference|oaicite)[\[{][^\]}\n]{0,60}+[\]}](?:\{[^{}\n]{0,60}+\})?"
)
_INLINE = (
    (re.compile(r"!?\[([^\[\]\n]{1,300}+)\]\(<?[^()\s<>]{0,500}+(?:\([^()\s]{0,100}+\)[^()\s]{0,200}+)?"
                r">?(?:\s+[\"'][^\"'\n]{0,100}+[\"'])?\)"), 1),
    (re.compile(r"\[([^\[\]\n]{1,300}+)\]\[[^\[\]\n]{0,60}+\]"), 1),
    (re.compile(r"(?<![\w*])(\*{1,3}+)(?=[^\s*])([^*\n]{1,500}+)(?<=\S)\1(?![*])"), 2),
    (re.compile(r"(?<=\w)(\*{2})(?=[^\s*\d])([^*\n]{1,500}+)(?<=\S)\1(?![*\d])"), 2),
    (re.compile(r"(?<![\w_])(_{1,3}+)(?=[^\s_])([^_\n]{1,500}+)(?<=\S)\1(?![\w_])"), 2),
    (re.compile(r"(~~|==|\|\|)(?=[^\s~=|])([^~=|\n]{1,300}+)(?<=\S)\1"), 2),
    (re.compile(r"(`{1,3}+)([^`\n]{1,300}+)\1(?!`)"), 2),
)  # fmt: skip


def without_escapes(traced: Traced) -> Traced:
    r"""Replace the two characters '\n' or '\t' by white space, and other escapes by their sign."""
    if "\\" not in traced.text:
        return traced
    paths = [match.span() for match in _WINDOWS_PATH.finditer(traced.text)]

    def line_end(match: re.Match[str]) -> str:
        inside = any(a <= match.start() < b for a, b in paths)
        return match[0] if inside else "\n"

    traced = traced.sub(_ESCAPED_LINE, line_end) if len(paths) < 100 else traced
    return traced.sub(_ESCAPED_TAB, " ").keep(_ESCAPED_SIGN)


def without_marks(traced: Traced) -> Traced:
    """Keep only the text of emphasis, code and links; remove citations."""
    traced = traced.sub(_CITED, "")
    for pattern, group in (*_INLINE, *_INLINE):  # one may stand within another
        traced = traced.keep(pattern, group)
    return traced.sub(_CITED, "")
