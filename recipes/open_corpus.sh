#!/usr/bin/env bash
# The bundled `mini` model, eighth weights: a new voice and its lips, on the sixth weights, whose face
# and head motion stay. How those were made from open data: this file at 76881ed.
#   SIXTH  folder with the model of `git show 76881ed:src/ttsf/weights/mini/model.safetensors`
#   DATA  folder with manifest.csv and portraits; transcripts to read aloud
#   TEACHER, STYLES  the teacher's python and its voices, see recipes/teacher_voices.py
#   WORK  folder for corpora and runs, a few GB
# Every step can be killed and run again: it goes on. Two CPU cores take seven hours.
# Needs: pip install "ttsf[train,data,eval]".
set -euo pipefail
SIXTH=${SIXTH:?folder of the sixth weights}
DATA=${DATA:?folder with manifest.csv}
TEACHER=${TEACHER:?python of the teacher} STYLES=${STYLES:?voices of the teacher}
WORK=${WORK:-work}
PYTHON=${PYTHON:-python}
DEVICE=${DEVICE:-cpu}
mkdir -p "$WORK"

ttsf render --data "$DATA" --use train --frames 16 --seed 0 --out "$WORK/faces_train"
ttsf render --data "$DATA" --use valid --frames 8 --seed 1 --out "$WORK/faces_valid"
"$TEACHER" recipes/teacher_voices.py "$STYLES" "$DATA" "$WORK/readings"  # 96 minutes were used
# The recordings of DATA had no transcripts here, so that the readings alone taught speech.
ttsf corpus "$DATA" --timed "$WORK/readings" --out "$WORK/corpus" --longest 8

$PYTHON recipes/warm_start.py speech "$SIXTH/model.safetensors" --preset mini --out "$WORK/runs/seed"
$PYTHON recipes/warm_start.py vocos "$SIXTH/model.safetensors" --preset mini --out "$WORK/runs/wider"
printf '[vocoder]\nbatch = 32\nlearning_rate = 2e-3\ndecay = 1.0\nfalling = 1.0\n' > "$WORK/pitch.toml"
ttsf train vocoder --only pitch --config "$WORK/pitch.toml" --data "$WORK/corpus" --device "$DEVICE" \
    --warm-start "$WORK/runs/wider" --out "$WORK/runs/vocoder" --steps 4000
speech() { ttsf train tts --data "$WORK/corpus" --device "$DEVICE" --precision bfloat16 "$@"; }
speech --warm-start "$WORK/runs/seed" --out "$WORK/runs/known" --steps 10000
speech --warm-start "$WORK/runs/known" --out "$WORK/runs/tts" --steps 600 --adversarial

lips() {
    ttsf train motion --only lips --data "$WORK/corpus" --tts "$WORK/runs/tts" --face "$SIXTH" \
        --steps 600 "$@"
}
lips --out "$WORK/runs/lips"
# A row for each register, by pitch; British voices read British phonemes.
VOICES="--low am_onyx=cedar bm_lewis=larch@en-gb-x-rp am_echo=elm am_michael=birch am_puck=oak am_adam=ash
    bm_fable=beech@en-gb-x-rp am_liam=alder bm_daniel=pine@en-gb-x-rp am_fenrir=spruce
    bm_george=fir@en-gb-x-rp
    --high af_kore=hazel af_nova=yew af_sky=rowan af_river=linden bf_emma=willow@en-gb-x-rp
    af_aoede=ivy bf_lily=holly@en-gb-x-rp af_sarah=maple af_heart=cherry af_bella=apple
    bf_isabella=aspen@en-gb-x-rp af_jessica=poplar bf_alice=juniper@en-gb-x-rp"
# shellcheck disable=SC2086
ttsf train voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$SIXTH" --tts "$WORK/runs/tts" --out "$WORK/runs/voice" \
    $VOICES --steps 6000
ttsf assemble "$SIXTH" "$WORK/runs/tts" "$WORK/runs/lips" "$WORK/runs/voice" \
    "$WORK/runs/vocoder" --out "$WORK/mini"

# Tables 3 and 5: the same model with another audio mapper, or with a voice that sees motion.
for preset in mini-no-energy mini-text-only; do
    lips --out "$WORK/runs/$preset" --preset "$preset"
    ttsf ablate --base "$WORK/mini" --preset "$preset" --run "$WORK/runs/$preset"
done
# shellcheck disable=SC2086
ttsf train voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$SIXTH" --tts "$WORK/runs/tts" --out "$WORK/runs/voice-with-motion" \
    --preset mini-voice-with-motion $VOICES --steps 6000
ttsf ablate --base "$WORK/mini" --preset mini-voice-with-motion \
    --run "$WORK/runs/voice-with-motion"

# 20 held-out portraits x 5 sentences, then the report of all tables.
$PYTHON recipes/portrait_cases.py "$DATA" "$WORK/portrait_cases"
ttsf evaluate "$WORK/portrait_cases" --model "$WORK/mini" --out "$WORK/portraits" \
    --per-person 5 --limit 100 --people 20
ttsf evaluate "$DATA" --model "$WORK/mini" --out "$WORK/report" \
    --ablation no-energy="$WORK/mini-no-energy" --ablation text-only="$WORK/mini-text-only" \
    --ablation voice-with-motion="$WORK/mini-voice-with-motion"
