r"""LaTeX as plain signs and words: \frac{a}{b}, \sqrt{2}, x^{2}, \(...\), $...$."""

# ruff: noqa: RUF001 (signs)

import re

from ttsf.text.english.numbers import fraction_words
from ttsf.text.english.trace import Traced

_NUMBER_OR_LETTER = r"\{\s?([^{}\\]{1,200}+)\}"
_FRACTION = re.compile(rf"\\[dt]?frac\s?{_NUMBER_OR_LETTER}\s?{_NUMBER_OR_LETTER}")
_ROOT = re.compile(rf"\\sqrt(?:\[(\d{{1,2}})\])?\s?{_NUMBER_OR_LETTER}")
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|mathit|operatorname|mbox|boxed|vec|hat|bar)\s?"
                   r"\{([^{}\\]{0,200}+)\}")  # fmt: skip
_SCRIPT = re.compile(r"([_^])\{([^{}\\]{1,60}+)\}")
_LONE_SCRIPT = re.compile(r"(?<=[A-Za-z])_([A-Za-z0-9])(?![A-Za-z0-9])")
_COMMAND = re.compile(r"\\([A-Za-z]{2,14})(?![A-Za-z])\*?")
_SPACING = re.compile(r"\\[,;:!> ](?=\S)|\\quad\b|\\qquad\b")
_DELIMITERS = re.compile(r"\\[()\[\]]|\$\$")
_DOLLARS = re.compile(r"(?<![\w$\\])\$(?=[^\s$\d])([^$\n]{1,200}+)(?<=[^\s])\$(?![\w$])"
                      r"|(?<![\w$\\])\$(?=\d)"
                      r"([^$\n=^\\_+]{0,200}+[=^\\_+][^$\n]{0,200}+)\$(?![\w$])")  # fmt: skip
_ARRAY = re.compile(r"\\(?:begin|end)\{[a-z*]{1,20}\}|\\\\(?=\s)|(?<=\s)&(?==)")
_WORDS = {
    "times": " × ", "cdot": " × ", "div": " ÷ ", "pm": " ± ", "mp": " minus or plus ",
    "le": " ≤ ", "leq": " ≤ ", "ge": " ≥ ", "geq": " ≥ ", "ne": " ≠ ", "neq": " ≠ ",
    "approx": " ≈ ", "sim": " ~ ", "equiv": " is equivalent to ", "infty": " ∞ ",
    "to": " → ", "rightarrow": " → ", "leftarrow": " ← ", "implies": " ⇒ ", "Rightarrow": " ⇒ ",
    "iff": " if and only if ", "in": " ∈ ", "notin": " is not in ", "subset": " is a subset of ",
    "cup": " ∪ ", "cap": " ∩ ", "forall": " ∀ ", "exists": " ∃ ", "sum": " ∑ ", "int": " ∫ ",
    "partial": " ∂ ", "prod": " the product of ", "lim": " the limit of ", "circ": "°",
    "degree": "°", "ldots": "...", "dots": "...", "cdots": "...", "angle": " ∠ ", "neg": " ¬ ",
    "land": " ∧ ", "lor": " ∨ ", "propto": " ∝ ", "sin": " sine ", "cos": " cosine ",
    "tan": " tangent ", "log": " log ", "ln": " natural log ", "exp": " exp ", "nabla": " del ",
    "left": "", "right": "", "big": "", "Big": "", "displaystyle": "", "hbar": " h bar ",
    "item": "\n", "max": " max ", "min": " min ", "mid": " given ", "boxed": "",
    "varepsilon": " epsilon ", "varphi": " phi ", "vartheta": " theta ", "textbf": "",
    "textit": "", "emph": "", "section": "", "mathbb": "",
}  # fmt: skip
_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
)


def without_latex(traced: Traced) -> Traced:
    """Replace LaTeX commands by signs or words, and remove the delimiters of formulas."""
    if "\\" not in traced.text and "$" not in traced.text and "{" not in traced.text:
        return traced
    for _ in range(3):  # what stands in braces may have braces itself
        traced = traced.sub(_TEXT, lambda m: m[1])
        traced = traced.sub(_FRACTION, _fraction).sub(_ROOT, _root).sub(_SCRIPT, _script)
    traced = traced.sub(_ARRAY, " ").sub(_SPACING, " ").keep(_DOLLARS, 0).sub(_DOLLARS, _inner)
    return traced.sub(_COMMAND, _command).sub(_DELIMITERS, " ")


def _inner(match: re.Match[str]) -> str:
    return _LONE_SCRIPT.sub(r" \1", match[1] or match[2])


def _fraction(match: re.Match[str]) -> str:
    top, bottom = match[1].strip(), match[2].strip()
    if top.isdecimal() and bottom.isdecimal() and 1 < int(bottom[:4]) <= 100 and len(top) < 4:
        return f" {fraction_words(int(top), int(bottom[:4]))} "
    return f" {top} over {bottom} "


def _root(match: re.Match[str]) -> str:
    name = {"2": "square", "3": "cube", "4": "fourth"}.get(match[1] or "2", f"{match[1]}th")
    return f" the {name} root of {match[2].strip()} "


def _script(match: re.Match[str]) -> str:
    inner = match[2].strip()
    if match[1] == "_":
        return f" {inner} " if inner.isalnum() else f" sub {inner} "
    return f"^{inner}" if inner.lstrip("+-").isalnum() else f" to the {inner} "


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name.lower() in _GREEK:
        return f" {name.lower()} "
    return _WORDS.get(name, match[0])
