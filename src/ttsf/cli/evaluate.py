"""`ttsf evaluate`: the paper's tables for our model and for other systems."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, Suppress, arg

from ttsf.cli.options import ONE_A_PROCESSOR, NamedFolders, Out, Quiet, named_folders
from ttsf.cli.streams import Progress
from ttsf.errors import needing
from ttsf.research.data.parts import Use
from ttsf.research.evaluation.settings import EvaluateSettings

STEPS = ("videos", "voices", "clips")


@dataclass(frozen=True)
class _Evaluate(EvaluateSettings):
    ablations: Suppress[dict[str, Path]] = field(default_factory=dict)
    systems: Suppress[dict[str, Path]] = field(default_factory=dict)
    uses: Annotated[tuple[Use, ...], arg(name="use")] = EvaluateSettings.uses
    workers: Annotated[int, arg(help_behavior_hint=ONE_A_PROCESSOR)] = EvaluateSettings.workers


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Compute the paper's tables for our videos and those of other systems.

    ttsf evaluate cases --out evaluation --system theirs=videos
    """

    cases: Positional[Path]
    """Folder with cases.csv or manifest.csv."""
    out: Out
    system: NamedFolders = ()
    """Name and folder of another system's videos."""
    ablation: NamedFolders = ()
    """Name and folder of an ablation for Tables 3 and 5; default: the bundled ones."""
    no_ablations: bool = False
    """Skip the bundled ablations."""
    settings: Annotated[_Evaluate, arg(name="")]
    quiet: Quiet = False

    def run(self) -> None:
        """Write the tables and print them."""
        systems, ablations = named_folders(self.system), named_folders(self.ablation)
        from ttsf.checkpoint import bundled_variants

        with needing("the evaluation", "scipy and others", "eval"):
            from ttsf.research.evaluation.evaluate import evaluate

        if not (self.ablation or self.no_ablations or self.settings.model):
            ablations = bundled_variants()
        settings = replace(self.settings, systems=systems, ablations=ablations)
        shown = {} if self.quiet else {name: Progress(name) for name in STEPS}
        tables = evaluate(self.cases, self.out, settings, shown)
        if not self.quiet:
            print("\n".join(table.markdown() for table in tables))
            print(f"{self.out / 'report.html'} shows the clips; refused.csv lists what was refused")
