"""`ttsf verify`: watermark and tags of a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Positional

from ttsf.cli.streams import show

if TYPE_CHECKING:
    from ttsf.provenance.detect.verify import Finding, Verdict

NOT_FOUND = 1
PROVES = (
    "A watermark proves that this part of the picture or sound comes from ttsf; not who made it, "
    "and nothing about other parts."
)
PROVES_LITTLE = "Tags prove little: anybody can write or remove them."
PROVES_UNCHANGED = (
    "A signature proves that the file was not changed since it was signed, not who signed it."
)
PROVES_NOTHING = (
    "That proves nothing: a watermark can be left out or destroyed, and other programs use others."
)


@dataclass(frozen=True)
class Verify:
    """Check whether a video, sound or picture was made with ttsf: exit code 0 if so, else 1.

    ttsf verify hello.mp4
    """

    file: Positional[Path]
    """Video, sound or picture."""
    json: bool = False
    """Print one JSON object."""

    def run(self) -> int:
        """Print what was found, how sure it is, and what it proves."""
        from ttsf.provenance.detect.verify import (
            verify,  # imports OpenCV, which --help does not need
        )

        verdict = verify(self.file)
        if self.json:
            print(json.dumps({"file": str(self.file), **verdict.as_json()}))
        else:
            for line in _lines(self.file, verdict):
                show(line)
        return 0 if verdict.found else NOT_FOUND


def _lines(file: Path, verdict: "Verdict") -> list[str]:
    number = verdict.payload and verdict.payload.name
    if verdict.marked:
        heading = "made with ttsf" + (f", number {number}" if number else "")
    else:
        heading = "says that it was generated" if verdict.found else "no watermark found"
    tags = ", ".join(f"{name}: {text}" for name, text in verdict.tags.items())
    proves = PROVES_LITTLE if verdict.tags else PROVES_NOTHING
    if verdict.signed and not verdict.marked:
        proves = PROVES_UNCHANGED
    length = f"{verdict.decoded_s:.1f} of {verdict.declared_s or 0:.1f} s"
    incomplete = f" (incomplete or damaged: only {length} can be decoded)"
    return [
        f"{file}: {heading}{incomplete if verdict.incomplete else ''}",
        f"  picture: {_finding(verdict.picture)}",
        f"  sound: {_finding(verdict.sound)}",
        f"  tags: {tags or 'none'}",
        f"  signature: {_signature(verdict.signature)}",
        PROVES if verdict.marked else proves,
    ]


def _signature(signature: "dict[str, Any] | None") -> str:
    if signature is None:
        return "none that can be read"
    state = "valid" if signature["valid"] else f"not valid ({', '.join(signature['doubts'])})"
    trust = "" if signature["trusted"] else ", a signer on no trust list"
    says = "" if signature["generated"] else "; it does not say that the file was generated"
    return f"{state}, by {signature['by']}{trust}{says}"


def _finding(finding: "Finding | None") -> str:
    if finding is None:
        return "none that can be decoded"
    if not finding.found:
        return "no watermark"
    parts = ", ".join(f"{part.begin_s:.1f} to {part.end_s:.1f} s" for part in finding.parts)
    number = finding.payload.name if finding.payload else "not readable"
    chance = f"{max(finding.false_alarm, 1e-99):.0e}"
    return f"watermark in {parts}, number {number}; by chance in fewer than {chance} of files"
