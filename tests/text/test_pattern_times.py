"""No text can make a pattern of the package take longer than in proportion to its length."""

# ruff: noqa: RUF001 (signs)

import re
import signal
import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.patterns import Used, used_patterns
from ttsf.text.english.tokens import Scanner

LENGTH, SHORT = 20_000, 2_000
LIMIT_S = 0.1
"""Of LENGTH signs."""
SUSPECT_S, MOST_S = 0.002, 0.3
"""Of one SHORT text, and of them all, beyond which LENGTH is looked at."""
SIGNS = string.punctuation + " \n\t01aAéxX…—•°½′“”«»[]()\u00a0"
USED, HIDDEN = used_patterns()


class TooSlowError(Exception):
    """A pattern did not end."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def calls(used: Used) -> list[Callable[[Any], object]]:
    """The pattern as it is used, on a text."""
    pattern = used.pattern
    if used.rule:
        scanner = Scanner([used.rule._replace(say=lambda _: None)])
        return [lambda text: sum(1 for _ in scanner.tokens(text))]
    found: list[Callable[[Any], object]] = []
    if used.methods & {"match"}:
        found.append(pattern.match)
    if used.methods & {"fullmatch"}:
        found.append(pattern.fullmatch)
    if used.methods - {"match", "fullmatch"}:
        found.append(lambda text: pattern.sub(text[:0], text))
    return found


def seconds(call: Callable[[Any], object], text: Any) -> float:
    began = time.process_time()
    try:
        with at_most(10 * LIMIT_S):
            call(text)
    except TooSlowError:
        return 10 * LIMIT_S
    return time.process_time() - began


def units(pattern: re.Pattern[Any]) -> list[str]:
    """Signs, and pairs of the signs that the pattern speaks of, to be repeated."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("l1")
    own = [c for c in SIGNS if c in source and not c.isalnum()]
    own = list(dict.fromkeys((*own[:9], *"aA1 -.")))
    return [*dict.fromkeys(SIGNS), *(a + b for a in own for b in own if a != b)]


def texts(unit: str, length: int) -> Iterator[str]:
    run = unit * (length // len(unit))
    yield run
    yield run + "a"
    yield "a" + run + "a 1"
    yield run + "\n" + "!"


def too_long(call: Callable[[Any], object], text: Any) -> float:
    """Seconds beyond LIMIT_S, or 0; where half the text takes half, the machine is slow."""
    took = 0.0
    for _ in range(3):
        took = min(seconds(call, text) for _ in range(3))
        half = min(seconds(call, text[len(text) // 2 :]) for _ in range(3))
        if took <= LIMIT_S or (took < 3 * half and took < 5 * LIMIT_S):
            return 0.0
    return took


def suspects(used: Used) -> bool:
    """Whether any text is worth a look: short ones, or one try of a rule, take long together."""

    def all_of_them(_: Any) -> None:
        for unit in units(used.pattern):
            for text in texts(unit, LENGTH if used.rule else min(SHORT, used.longest or SHORT)):
                given = text.encode("l1", "ignore") if binary(used) else text
                if used.rule:
                    for k in range(3):
                        used.pattern.match(given, k)
                else:
                    for call in calls(used):
                        call(given)

    return seconds(all_of_them, "") > MOST_S


def glance(used: Used, call: Callable[[Any], object], text: Any) -> float:
    """Seconds of a part of a text; of a rule, of the longest of its first tries."""
    if used.rule:
        return max(seconds(lambda _, k=k: used.pattern.match(text, k), text) for k in range(3))
    return seconds(call, text[-SHORT:])


def binary(used: Used) -> bool:
    return isinstance(used.pattern.pattern, bytes)


def slow(used: Used) -> list[tuple[str, float]]:
    """Texts that take longer than LIMIT_S, at most three of them."""
    found: list[tuple[str, float]] = []
    length = min(LENGTH, used.longest or LENGTH)
    for unit in units(used.pattern) if suspects(used) else ():
        for text in texts(unit, length):
            whole = text.encode("l1", "ignore") if binary(used) else text
            for call in calls(used):
                if length > SHORT and glance(used, call, whole) < SUSPECT_S:
                    continue
                if took := too_long(call, whole):
                    found.append((f"{unit!r} ... {whole[-4:]!r}", took))
        if len(found) > 2:
            break
    return found


def test_patterns_are_found() -> None:
    assert len(USED) > 200 and HIDDEN == []
    assert {"ttsf.text", "ttsf.timings", "ttsf.serve", "ttsf.media"} <= {
        ".".join(used.where.split(".")[:2]) for used in USED
    }


@pytest.mark.parametrize("used", USED, ids=lambda used: used.where)
def test_a_pattern_takes_time_in_proportion(used: Used) -> None:
    assert slow(used) == []
