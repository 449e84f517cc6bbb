"""Lists of corpus parts."""

import csv
from pathlib import Path

COLUMNS = ("file", "kind", "use", "speaker", "dataset", "licence", "transcript", "voice_register")


def write_parts(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    """A list of parts; files that are not there are made empty."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, use, transcript, register in rows:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
            kind, speaker = Path(name).parent.name, Path(name).stem
            writer.writerow([name, kind, use, speaker, "mine", "CC0", transcript, register])
    return folder
