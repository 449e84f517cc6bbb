"""Which written word each spoken word comes from: "7:30" gives both "seven" and "thirty"."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

Block = tuple[int, int, int, int]
"""Written words [a, b) and the spoken words [c, d) that come from them."""


def spoken_words(normal: str) -> list[str]:
    """The words of a normal text; what has no letter or digit goes with the word before."""
    words: list[str] = []
    for token in normal.split():
        if any(c.isalnum() for c in token):
            words.append(token)
        elif words:
            words[-1] += f" {token}"
    return words


def written_places(
    written: str, words: Sequence[str], normalize: Callable[[str], str]
) -> list[tuple[int, int]]:
    """Of each spoken word, the characters [start, end) it comes from, in order.

    All that is written between two of them belongs to one; words that cannot be told apart, as in
    "5th of May" for "May fifth", share a place. normalize: gives the spoken words of a part.
    """
    tokens = [m.span() for m in re.finditer(r"\S+", written)]
    tokens = [span for span in tokens if any(c.isalnum() for c in written[slice(*span)])]
    if not tokens:
        return [(0, len(written))] * len(words)
    ours = [_key(written[slice(*span)]) for span in tokens]
    theirs = [_key(word) for word in words]
    blocks = list[Block]()
    for block in _blocks(ours, theirs):
        a, b, c, d = block
        if b - a > 1 and d > c and ours[a:b] != theirs[c:d]:
            alone = [spoken_words(normalize(written[slice(*span)])) for span in tokens[a:b]]
            blocks += _finer(block, alone, theirs)
        else:
            blocks.append(block)
    places = list[tuple[int, int]]()
    for a, b, c, d in _joined(blocks):
        if b - a == d - c:
            places += tokens[a:b]
        else:
            places += [(tokens[a][0], tokens[b - 1][1])] * (d - c)
    return places


def _key(word: str) -> str:
    """Its letters and digits."""
    if word.isascii() and word.isalpha():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKC", word).casefold() if c.isalnum())


def _blocks(ours: Sequence[str], theirs: Sequence[str]) -> list[Block]:
    """Equal runs and what lies between them."""
    if ours == theirs:
        return [(0, len(ours), 0, len(theirs))]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return [block for _, *block in matcher.get_opcodes()]  # type: ignore[misc]


def _finer(block: Block, alone: Sequence[Sequence[str]], theirs: Sequence[str]) -> list[Block]:
    """A block by what each of its written words gives alone, which context may change."""
    a, _, c, d = block
    owners = [a + k for k, words in enumerate(alone) for _ in words]
    keys = [_key(word) for words in alone for word in words]
    found = list[Block]()
    for first, last, start, end in _blocks(keys, theirs[c:d]):
        if first == last or start == end:
            continue
        for k in range(start, end):
            owner = owners[first + (k - start) * (last - first) // (end - start)]
            if found and found[-1][0] == owner:
                found[-1] = (*found[-1][:3], c + k + 1)
            else:
                found.append((owner, owner + 1, c + k, c + k + 1))
    return _filled(block, found)


def _filled(block: Block, found: Sequence[Block]) -> list[Block]:
    """Parts of a block so that none of its words is left out."""
    if not found:
        return [block]
    a, b, c, d = block
    ends = [*((part[0], part[2]) for part in found[1:]), (b, d)]
    starts = [(a, c), *ends[:-1]]
    return [(s, e, t, u) for (s, t), (e, u) in zip(starts, ends, strict=True)]


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """What is not spoken joins the block before it, else the one after; so does what is added."""
    found = list[Block]()
    for a, b, c, d in blocks:
        if found and (a == b or c == d or _lame(found[-1])):
            found[-1] = (found[-1][0], b, found[-1][2], d)
        else:
            found.append((a, b, c, d))
    return found


def _lame(block: Block) -> bool:
    return block[0] == block[1] or block[2] == block[3]
