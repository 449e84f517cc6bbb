#!/usr/bin/env bash
# The bundled `mini` model from open data. Every step can be killed and run again: it goes on.
#   DATA  folder with manifest.csv, portraits and speech
#   WORK  folder for corpora and runs, a few GB
#   DEVICE  cpu or cuda: an H100 took 20 minutes for the longest stage, two CPU cores take a day
#   TEXT  files of free English text for the teacher voices, for example those of Debian's
#         `fortunes` and `fortunes-min`; without them only transcripts and templates are read
# Needs: pip install "ttsf[train,data,eval]", and flite or festival for the teacher voices.
set -euo pipefail
DATA=${DATA:?folder with manifest.csv}
WORK=${WORK:-work}
PYTHON=${PYTHON:-python}
TEXT=${TEXT:-}
DEVICE=${DEVICE:-cpu}

$PYTHON -m ttsf.data.synthetic.render --data "$DATA" --use train --frames 16 --seed 0 --out "$WORK/faces_train"
$PYTHON -m ttsf.data.synthetic.render --data "$DATA" --use valid --frames 8 --seed 1 --out "$WORK/faces_valid"
# shellcheck disable=SC2086
$PYTHON -m ttsf corpus "$DATA" --out "$WORK/corpus" --sentences 5000 ${TEXT:+--text $TEXT}

$PYTHON -m ttsf.training.stages.tts --data "$WORK/corpus" --out "$WORK/runs/tts" --preset mini --steps 7200
$PYTHON -m ttsf.training.stages.vocoder --data "$WORK/corpus" --out "$WORK/runs/vocoder" --preset mini \
    --steps 20000 --device "$DEVICE" --loaders 8

face() {
    $PYTHON -m ttsf.training.stages.face --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
        --out "$WORK/runs/face" --preset mini --schedule-steps 17000 --device "$DEVICE" \
        --loaders 4 "$@"
}
face --side 32 --people 4 --targets 14 --steps 900
face --side 64 --people 4 --targets 8 --steps 1400
face --side 128 --people 4 --targets 4 --steps 6800
face --side 128 --people 16 --targets 4 --steps 12000
face --side 256 --people 16 --targets 4 --steps 17000

crossing() {
    $PYTHON -m ttsf.training.stages.motion --data "$WORK/corpus" --tts "$WORK/runs/tts" \
        --face "$WORK/runs/face" "$@"
}
crossing --out "$WORK/runs/crossing" --preset mini --steps 1900
crossing --out "$WORK/runs/crossing" --preset mini --steps 5400 --motion-only
# From the first to the last of a register, faces go with voices in this order.
VOICES="--low teacher_rms teacher_rms_small teacher_awb teacher_awb_small teacher_kal16_small
    teacher_slt_low --high teacher_slt_large teacher_awb_high teacher_slt teacher_slt_small
    teacher_kal16_high"
# shellcheck disable=SC2086
$PYTHON -m ttsf.training.stages.voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice" \
    $VOICES --steps 6000
$PYTHON -m ttsf.training.assemble --tts "$WORK/runs/tts" --face "$WORK/runs/face" \
    --crossing "$WORK/runs/crossing" --voice "$WORK/runs/voice" --vocoder "$WORK/runs/vocoder" \
    --out "$WORK/mini"

# Tables 3 and 5: the same model with another audio mapper, or with a voice that sees motion.
for preset in mini-no-energy mini-text-only; do
    crossing --out "$WORK/runs/$preset" --preset "$preset" --steps 1900
    $PYTHON -m ttsf.training.ablation --base "$WORK/mini" --preset "$preset" \
        --crossing "$WORK/runs/$preset"
done
# shellcheck disable=SC2086
$PYTHON -m ttsf.training.stages.voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice-with-motion" \
    --preset mini-voice-with-motion $VOICES --steps 6000
$PYTHON -m ttsf.training.ablation --base "$WORK/mini" --preset mini-voice-with-motion \
    --voice "$WORK/runs/voice-with-motion"

# 20 held-out portraits x 5 sentences, then the report of all tables.
$PYTHON recipes/portrait_cases.py "$DATA" "$WORK/portrait_cases"
$PYTHON -m ttsf evaluate "$WORK/portrait_cases" --model "$WORK/mini" --out "$WORK/portraits" \
    --per-person 5 --limit 100 --people 20
$PYTHON -m ttsf evaluate "$DATA" --model "$WORK/mini" --out "$WORK/report" \
    --ablation no-energy="$WORK/mini-no-energy" --ablation text-only="$WORK/mini-text-only" \
    --ablation voice-with-motion="$WORK/mini-voice-with-motion"
