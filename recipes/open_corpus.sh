#!/usr/bin/env bash
# The bundled `mini` model from open data. Every step can be killed and run again: it goes on.
#   DATA  folder with manifest.csv, portraits and speech
#   WORK  folder for corpora and runs, a few GB
#   TEXT  files of free English text for the teacher voices, for example those of Debian's
#         `fortunes` and `fortunes-min`; without them only transcripts and templates are read
# Needs: pip install "ttsf[train,data,eval]", and flite or festival for the teacher voices.
set -euo pipefail
DATA=${DATA:?folder with manifest.csv}
WORK=${WORK:-work}
PYTHON=${PYTHON:-python}
TEXT=${TEXT:-}

$PYTHON -m ttsf.data.render --data "$DATA" --use train --frames 16 --seed 0 --out "$WORK/faces_train"
$PYTHON -m ttsf.data.render --data "$DATA" --use valid --frames 8 --seed 1 --out "$WORK/faces_valid"
# shellcheck disable=SC2086
$PYTHON -m ttsf corpus "$DATA" --out "$WORK/corpus" --sentences 5000 ${TEXT:+--text $TEXT}

$PYTHON -m ttsf.training.tts --data "$WORK/corpus" --out "$WORK/runs/tts" --preset mini --steps 5200

face() {
    $PYTHON -m ttsf.training.face --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
        --out "$WORK/runs/face" --preset mini --schedule-steps 4000 "$@"
}
face --side 32 --people 4 --targets 14 --steps 900
face --side 64 --people 4 --targets 8 --steps 1400
face --side 128 --people 4 --targets 4 --steps 2200
face --side 128 --people 4 --targets 5 --steps 2600 --painter-only

$PYTHON -m ttsf.training.crossing --data "$WORK/corpus" --tts "$WORK/runs/tts" \
    --face "$WORK/runs/face" --out "$WORK/runs/crossing" --preset mini --steps 2400
$PYTHON -m ttsf.training.voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice" \
    --low teacher_rms --high teacher_slt --steps 1500
$PYTHON -m ttsf.training.assemble --tts "$WORK/runs/tts" --face "$WORK/runs/face" \
    --crossing "$WORK/runs/crossing" --voice "$WORK/runs/voice" --out "$WORK/mini"

# Tables 3 and 5: the same model with another audio mapper, or with a voice that sees motion.
for preset in mini-no-energy mini-text-only; do
    $PYTHON -m ttsf.training.crossing --data "$WORK/corpus" --tts "$WORK/runs/tts" \
        --face "$WORK/runs/face" --out "$WORK/runs/$preset" --preset "$preset" --steps 1000
    $PYTHON -m ttsf.training.ablation --base "$WORK/mini" --preset "$preset" \
        --crossing "$WORK/runs/$preset"
done
$PYTHON -m ttsf.training.voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice-with-motion" \
    --preset mini-voice-with-motion --low teacher_rms --high teacher_slt --steps 1500
$PYTHON -m ttsf.training.ablation --base "$WORK/mini" --preset mini-voice-with-motion \
    --voice "$WORK/runs/voice-with-motion"
