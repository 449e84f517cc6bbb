"""Naturalness, beside Table 3: the speech of all clips as NISQA rates it (not in the paper)."""

from collections.abc import Sequence

from ttsf.config import SAMPLE_RATE
from ttsf.research.evaluation.clips import read_clip
from ttsf.research.evaluation.metrics.metric import Metric, average, of_file
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Row, Table
from ttsf.research.experts.nisqa import RATE, Nisqa

NATURALNESS = Metric(
    name="naturalness",
    better="higher",
    definition="Mean opinion score that a network expects of listeners for the sound alone, from "
    "1 to 5; real clips show what can be reached. Mean over clips.",
    scorer=of_file(
        Nisqa.FILE,
        f"general quality (MOS), sound raised from {SAMPLE_RATE // 1000} to {RATE // 1000} kHz, "
        "weights CC BY-NC-SA 4.0, never used in training",
    ),
    grade="public",
    digits=2,
)


def table(network: Nisqa, scored: Sequence[Scored]) -> Table:
    """A row for each system, over all clips that the offline scorers did not refuse."""
    rows = []
    for system in scored:
        scores = {
            name: network.score(read_clip(system.system.videos[name]).samples, SAMPLE_RATE)
            for name in system.clips
        }
        figure = average(NATURALNESS, scores, len(scores)) if scores else None
        rows.append(Row(system.system.name, (figure,), len(scores), len(system.refused)))
    return Table("public_3", "Speech of all clips, public scorer", (NATURALNESS,), tuple(rows))
