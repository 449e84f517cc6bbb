#!/usr/bin/env bash
# The bundled `mini` model from open data. Every step can be killed and run again: it goes on.
#   DATA  folder with manifest.csv, portraits and speech (see docs/training.md)
#   WORK  folder for corpora and runs, a few GB
# Needs: pip install "ttsf[train,data,eval]", and flite for the teacher voices.
set -euo pipefail
DATA=${DATA:?folder with manifest.csv}
WORK=${WORK:-work}
PYTHON=${PYTHON:-python}

$PYTHON -m ttsf.data.render --data "$DATA" --use train --frames 16 --seed 0 --out "$WORK/faces_train"
$PYTHON -m ttsf.data.render --data "$DATA" --use valid --frames 8 --seed 1 --out "$WORK/faces_valid"
$PYTHON -m ttsf.data.speech_corpus --data "$DATA" --out "$WORK/speech" --sentences 5000 --seed 0

$PYTHON -m ttsf.training.tts --data "$WORK/speech" --out "$WORK/runs/tts" --preset mini --steps 9000
$PYTHON -m ttsf.training.face --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --out "$WORK/runs/face" --preset mini --side 128 --schedule-steps 3600 --steps 3000
$PYTHON -m ttsf.training.face --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --out "$WORK/runs/face" --preset mini --side 256 --schedule-steps 3600 --steps 3600
$PYTHON -m ttsf.training.crossing --data "$WORK/speech" --tts "$WORK/runs/tts" \
    --face "$WORK/runs/face" --out "$WORK/runs/crossing" --preset mini --steps 3000
$PYTHON -m ttsf.training.voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice" \
    --low rms --high slt --steps 1500
$PYTHON -m ttsf.training.assemble --tts "$WORK/runs/tts" --face "$WORK/runs/face" \
    --crossing "$WORK/runs/crossing" --voice "$WORK/runs/voice" --out "$WORK/model"
