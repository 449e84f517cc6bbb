"""The data commands: `ttsf prepare`, `ttsf corpus`, `ttsf render` and `ttsf statistics`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, PositionalRequiredArgs, arg

from ttsf.cli.options import Jobs, Out, Quiet
from ttsf.cli.streams import Progress
from ttsf.cli.train import Configured
from ttsf.research.data.settings import OpenCorpusSettings, PrepareSettings, RenderSettings

if TYPE_CHECKING:
    from ttsf.research.data.records import Record

Longest = Annotated[float, arg(name="longest")]


@dataclass(frozen=True)
class _Recorded(PrepareSettings):
    longest_s: Longest = PrepareSettings.longest_s


@dataclass(frozen=True)
class _Open(OpenCorpusSettings):
    longest_s: Longest = OpenCorpusSettings.longest_s


@dataclass(frozen=True, kw_only=True)
class Prepare(Jobs):
    """Make training clips from recorded videos.

    ttsf prepare folder videos --out corpus
    """

    settings: Annotated[PositionalRequiredArgs[_Recorded], arg(name="")]

    def run(self) -> None:
        """Write the corpus and print one line."""
        from ttsf.research.data.recorded.corpus import prepare

        _summarise(self, prepare(self.settings, self.out, self.shared()))


@dataclass(frozen=True, kw_only=True)
class Corpus(Jobs):
    """Build the open corpus from portraits, speech and GRID.

    ttsf corpus parts --out corpus --paces
    """

    parts: Positional[Path]
    """Folder with manifest.csv."""
    settings: Annotated[_Open, arg(name="")]

    def run(self) -> None:
        """Write the corpus and print one line."""
        from ttsf.research.data.open_corpus import build_open_corpus

        _summarise(self, build_open_corpus(self.parts, self.out, self.settings, self.shared()))


@dataclass(frozen=True, kw_only=True)
class Render:
    """Render portraits with random known motion as training data for the face stage.

    ttsf render --data parts --use train --out faces_train
    """

    settings: Annotated[RenderSettings, arg(name="")]
    out: Out
    quiet: Quiet = False

    def run(self) -> None:
        """Write the folder and print one line."""
        from ttsf.research.data.synthetic.render import render

        progress = None if self.quiet else Progress("portraits")
        people = render(self.settings, self.out, progress)
        if not self.quiet:
            print(f"{self.out}: {people} people, {self.settings.frames + 1} frames each")


@dataclass(frozen=True, kw_only=True)
class Statistics(Configured):
    """Measure mel_mean and mel_std of a corpus, as a file for --config.

    ttsf statistics corpus --out mel.toml
    """

    data: Positional[Path]
    """Corpus with manifest.jsonl."""
    out: Annotated[Path, arg(aliases=("-o",), metavar="FILE.toml")]
    """File to write."""
    quiet: Quiet = False

    def run(self) -> None:
        """Write the file and print its values."""
        from ttsf.media.files import write_new
        from ttsf.research.data.speech.mel_statistics import measure_mels

        progress = None if self.quiet else Progress("clips")
        found = measure_mels(self.data, self.configuration().model.audio, progress)
        write_new(self.out, found.toml())
        if not self.quiet:
            print(f"{self.out}: mel_mean = {found.mean:.4f}, mel_std = {found.std:.4f}")


def _summarise(command: Jobs, records: Sequence["Record"]) -> None:
    if command.quiet:
        return
    kept = sum(len(record.clips) for record in records)
    refused = sum(len(record.refused) for record in records)
    print(
        f"{command.out}: {kept} clips of {len(records)} files, {refused} refused; "
        f"see {command.out / 'report.html'}"
    )
