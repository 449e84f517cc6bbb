"""Rendered faces as `ttsf render` writes them, drawn by a formula."""

import json

import numpy as np

from ttsf.model.labels import LABELS


def write_faces(folder, people=3, frames=5):
    """Discs of a person's colour, shifted sideways by their label."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    images = np.zeros((people, frames, 256, 256, 3), dtype=np.uint8)
    labels = np.zeros((people, frames, len(LABELS)), dtype=np.float32)
    labels[:, 1:, LABELS.index("shift_x")] = rng.uniform(-1, 1, (people, frames - 1))
    y, x = np.mgrid[:256, :256]
    for p in range(people):
        colour = rng.integers(60, 255, 3)
        for f in range(frames):
            centre = 128 + 20 * labels[p, f, LABELS.index("shift_x")]
            images[p, f][(x - centre) ** 2 + (y - 128) ** 2 < 60**2] = colour
    line = np.linspace(-1, 1, 64, dtype=np.float16)
    grid = np.stack(np.meshgrid(line, line), -1)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    np.save(folder / "known.npy", np.ones_like(labels, dtype=bool))
    np.save(folder / "flow.npy", np.broadcast_to(grid, (people, frames, 64, 64, 2)))
    mouth = np.broadcast_to(np.float32([100, 150, 150, 180]), (people, frames, 4))
    np.save(folder / "mouth.npy", mouth)
    eyes = np.float32([[90, 110, 120, 122], [136, 110, 166, 122]])
    np.save(folder / "eyes.npy", np.broadcast_to(eyes, (people, frames, 2, 4)))
    names = [{"file": f"{p}.jpg", "voice_register": ("low", "high")[p % 2]} for p in range(people)]
    (folder / "names.json").write_text(json.dumps(names))
    return folder
