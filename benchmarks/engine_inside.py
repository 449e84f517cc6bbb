"""What `engine.py` measures with the library: `python engine_inside.py first_frame|joins TEXT`."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

import ttsf
from ttsf.engine.talk import Session
from ttsf.model.labels import GAIN, LABEL_UNITS
from ttsf.text.front_end import TextFrontEnd

PORTRAIT = Path(__file__).parents[1] / "docs" / "pictures" / "astronaut.jpg"


def first_frame(pipeline: ttsf.Pipeline, portrait: ttsf.Portrait, text: str) -> dict[str, object]:
    """From the call to the first frame of a long text, when all is loaded: by the clock, and how
    much processor time that took."""
    waits = []
    for _ in range(4):
        began = time.monotonic(), time.process_time()
        stream = pipeline.stream(portrait, text)
        next(stream)
        waits.append((time.monotonic() - began[0], time.process_time() - began[1]))
        stream.close()
    clock, cpu = np.median(waits[1:], axis=0)
    return {"first frame of 20 sentences": {"s": round(clock, 3), "cpu_s": round(cpu, 3)}}


def joins(pipeline: ttsf.Pipeline, portrait: ttsf.Portrait, text: str) -> dict[str, object]:
    """Steps of yaw, pitch and roll between two frames, inside sentences and where two meet."""
    utterances = list(TextFrontEnd(pipeline.model.config.speech).utterances(text))
    inside: list[float] = []
    between: list[float] = []
    for seed in range(2):
        options = ttsf.GenerateOptions(seed)
        face = pipeline._face(portrait, options)
        talk = Session(pipeline.model, pipeline._workers, face, utterances, options)
        act, last = None, None
        for k in range(len(utterances)):
            act = talk._act(k, act and act.moved, 0)
            with torch.inference_mode():
                alpha = pipeline.model.motion_extractor.coordinates(act.f_m.flatten(0, -2))
            degrees = alpha[:, :3].numpy() / GAIN * LABEL_UNITS[0]
            inside += np.linalg.norm(np.diff(degrees, axis=0), axis=1).tolist()
            between += [] if last is None else [float(np.linalg.norm(degrees[0] - last))]
            last = degrees[-1]
    p95 = float(np.percentile(inside, 95))
    return {
        "pose steps, degrees": {
            "95th percentile inside sentences": round(p95, 3),
            "median at joins": round(float(np.median(between)), 3),
            "largest at joins": round(max(between), 3),
            "largest at joins / 95th percentile inside": round(max(between) / p95, 2),
            "joins": len(between),
        }
    }


if __name__ == "__main__":
    loaded = ttsf.load()
    measured = {"first_frame": first_frame, "joins": joins}[sys.argv[1]]
    print(json.dumps(measured(loaded, loaded.portrait(PORTRAIT), sys.argv[2])))
