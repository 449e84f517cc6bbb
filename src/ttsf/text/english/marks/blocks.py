"""Blocks of lines: thoughts, code, tables, headings, items, rules, definitions of links."""

# ruff: noqa: RUF001 (dashes)

import re
from bisect import bisect_right

from ttsf.text.english.trace import Traced

ITEM, HEADING = "\x01", "\x02"
"""Characters that mark the start of a list item, and of a heading, table row or numbered item."""
CODE_BLOCK = "Code block."
"""Spoken in place of a block of code."""

THOUGHTS = r"(think|thought|reason|scratchpad|tool_call|tool_response|function_call)(ing|s)?"
"""Pattern of the names of the tags around a model's thoughts and its calls of tools."""
_THOUGHT = re.compile(
    rf"<{THOUGHTS}>" + r"(?:[^<]|<(?!/?\1))*+</\1\2?>"
    r"|\A(?:[^<]|<(?!/?think))*+</think(?:ing)?>",
    re.I,
)
"""A model's thoughts before its answer, and its calls of tools; some leave out the first tag."""
_FENCED = re.compile(
    r"^[ \t>]*+(`{3,}+|~{3,}+)[^`\n]*+\n(?P<code>(?s:.*?))(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.M
)
_PREFORMATTED = re.compile(r"<pre\b[^<>]{0,200}+>(?P<code>(?:[^<]|<(?!/?pre\b))*+)</pre>", re.I)
_LINE_END = re.compile("\n")
_FENCE_LINE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.M)
_DEFINITION = re.compile(
    r"^[ \t]{0,3}\[(?!\^)[^\[\]\n]{1,100}+\]:[ \t]*+<?[^\s<>]{1,2000}+>?.*$", re.M
)
_NOTE = re.compile(r"^[ \t]{0,3}\[\^[^\[\]\n]{1,40}\]:[ \t]*", re.M)
_DASHES = "(?::-++:?|-{2,}+:?)"
"""A cell of a table's rule. Possessive, so that matching takes linear time."""
_RULES = (
    re.compile(r"^[ \t]*+([-*_=])(?:[ \t]*+\1){2,}+[ \t]*+$", re.M),
    re.compile(
        rf"^[ \t]*+[|+]?+[ \t]*+{_DASHES}(?:[ \t]*+[|+ ]?[ \t]*+{_DASHES}){{0,49}}+[ \t]*+[|+]?+"
        r"[ \t]*+$",
        re.M,
    ),
)
_UNDERLINE = re.compile(r"(?<=\S)[ \t]*\n[ \t]*(?:={3,}+|-{3,}+)[ \t]*$", re.M)
"""The line under a heading."""
_ROW = re.compile(r"^[ \t]*+\|[ \t|]*+|^(?=[^|\n]{1,300}+(?<=[ \t])\|[ \t])", re.M)
_CELL = re.compile(r"(?<![ \t])[ \t]*+\|[ \t|]*+")
_PIPED = re.compile(
    r"\b(?:ls|cat|ps|echo|find|sort|head|tail|curl|history|df|du|sed|awk|git|docker|kubectl|dmesg"
    r"|env|printenv|netstat|yes|seq|jq|which|type)\b[^|\n]{0,200}$"
)
_NUMBERED_HEADING = re.compile(
    r"^[ \t]*+#{1,6}[ \t]++(\d{1,3}(?:\.\d{1,3}){0,3})[.):]?(?=[ \t]++\S)", re.M
)
_HEADING = re.compile(r"^[ \t]*+#{1,6}[ \t]++(?=\S)", re.M)
_HEADING_END = re.compile(r"(?<=\S)[ \t]++#{1,6}[ \t]*+$", re.M)
_QUOTE = re.compile(r"^(?:[ \t]*+>(?!\s*+[\d=]))++[ \t]*+", re.M)
_BULLET = re.compile(
    r"^[ \t]*+[-*+•‣◦▪·–—][ \t]++(?:\[[ xX]\][ \t]++)?(?=[^\W_]|[\"'(\[<$*_`\\~=]|[^\x00-\x7f])",
    re.M,
)
_NUMBERED = re.compile(r"^[ \t]*+(\d{1,3})[.)](?=[ \t]++\S)", re.M)


def without_blocks(traced: Traced, read_code: bool = False) -> Traced:
    """Remove <think> blocks, notes and link definitions; announce blocks of code, or keep them."""
    traced = traced.sub(_THOUGHT, "\n")
    for pattern in (_FENCED, _PREFORMATTED):
        if read_code:
            traced = _lines_apart(traced, pattern).keep(pattern, "code")
        else:
            traced = traced.sub(
                pattern, lambda m: f"\n{CODE_BLOCK}\n" if m["code"].strip() else "\n"
            )
    return traced.sub(_FENCE_LINE, "").sub(_DEFINITION, "").sub(_NOTE, "")


def _lines_apart(traced: Traced, pattern: re.Pattern[str]) -> Traced:
    """End a sentence at each line of code, as at a paragraph."""
    spans = [match.span("code") for match in pattern.finditer(traced.text)]
    starts = [start for start, _ in spans]

    def line_end(match: re.Match[str]) -> str:
        k = bisect_right(starts, match.start()) - 1
        return "\n\n" if k >= 0 and match.start() < spans[k][1] else "\n"

    return traced.sub(_LINE_END, line_end)


def marked_lines(traced: Traced) -> Traced:
    """Replace Markdown's line marks: HEADING begins a heading or row, ITEM a list item."""
    traced = traced.sub(_UNDERLINE, "\n\n")
    for pattern in _RULES:
        traced = traced.sub(pattern, "")
    traced = traced.sub(_ROW, HEADING).sub(_CELL, _cell)
    traced = traced.sub(_NUMBERED_HEADING, lambda m: f"{HEADING}{m[1]}.")
    traced = traced.sub(_HEADING, HEADING).sub(_HEADING_END, "").sub(_QUOTE, "")
    return traced.sub(_BULLET, ITEM).sub(_NUMBERED, lambda m: f"{HEADING}{m[1]}.")


def _cell(match: re.Match[str]) -> str:
    """A comma between the cells of a row; other bars stay."""
    text, start = match.string, match.start()
    begin = max(text.rfind("\n", 0, start) + 1, start - 300)
    if text[begin : begin + 1] != HEADING or _PIPED.search(text, begin, start):
        return match[0]
    return "" if match.end() == len(text) or text[match.end()] == "\n" else ", "
