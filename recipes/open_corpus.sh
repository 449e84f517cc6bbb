#!/usr/bin/env bash
# The bundled `mini` model from open data. Every step can be killed and run again: it goes on.
#   DATA  folder with manifest.csv, portraits and speech
#   WORK  folder for corpora and runs, a few GB
#   DEVICE  cpu or cuda: an H100 took 20 minutes for the longest stage, two CPU cores take a day
# Needs: pip install "ttsf[train,data,eval]".
set -euo pipefail
DATA=${DATA:?folder with manifest.csv}
WORK=${WORK:-work}
PYTHON=${PYTHON:-python}
DEVICE=${DEVICE:-cpu}

ttsf render --data "$DATA" --use train --frames 16 --seed 0 --out "$WORK/faces_train"
ttsf render --data "$DATA" --use valid --frames 8 --seed 1 --out "$WORK/faces_valid"
ttsf corpus "$DATA" --out "$WORK/corpus" --paces

ttsf train tts --data "$WORK/corpus" --out "$WORK/runs/tts" --steps 19000 --device "$DEVICE"
vocoder() {
    ttsf train vocoder --data "$WORK/corpus" --out "$WORK/runs/vocoder" \
        --device "$DEVICE" --loaders 8 "$@"
}
vocoder --steps 8500
vocoder --steps 10500 --tts "$WORK/runs/tts"  # the more the better: both were still learning

face() {
    ttsf train face --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
        --out "$WORK/runs/face" --schedule-steps 17000 --device "$DEVICE" --loaders 4 "$@"
}
face --side 32 --people 4 --targets 14 --steps 900
face --side 64 --people 4 --targets 8 --steps 1400
face --side 128 --people 4 --targets 4 --steps 6800
face --side 128 --people 16 --targets 4 --steps 12000
face --side 256 --people 16 --targets 4 --steps 17000

motion() {
    ttsf train motion --data "$WORK/corpus" --tts "$WORK/runs/tts" --face "$WORK/runs/face" "$@"
}
motion --out "$WORK/runs/motion" --steps 1900
motion --out "$WORK/runs/motion" --steps 5000 --only motion
# A row for each register in which neighbours sound alike; A+B is halfway, A+A+B a third of the way.
# Mixed voices were rated better than single ones and are far better understood by a recogniser.
VOICES="--low librispeech_26+librispeech_26+librispeech_26+kathleen_slow=cedar
    librispeech_26+librispeech_26+librispeech_26+ljspeech_lj=larch
    librispeech_26+librispeech_26+librispeech_27+librispeech_27+ljspeech_lj=elm
    librispeech_27+librispeech_27+ljspeech_lj=birch
    librispeech_27+librispeech_27+librispeech_27+kathleen=oak librispeech_27=ash
    --high kathleen_fast=hazel kathleen=yew kathleen+ljspeech_lj=rowan
    ljspeech_lj+ljspeech_lj+vctk_p225=linden ljspeech_lj+vctk_p225=willow
    ljspeech_lj+ljspeech_lj+vctk_p239=ivy ljspeech_lj+vctk_p239=holly kathleen+vctk_p239=maple"
# shellcheck disable=SC2086
ttsf train voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice" \
    $VOICES --steps 6000
ttsf assemble "$WORK/runs/tts" "$WORK/runs/face" "$WORK/runs/motion" "$WORK/runs/voice" \
    "$WORK/runs/vocoder" --out "$WORK/mini"

# Tables 3 and 5: the same model with another audio mapper, or with a voice that sees motion.
for preset in mini-no-energy mini-text-only; do
    motion --out "$WORK/runs/$preset" --preset "$preset" --steps 700 --only lips
    ttsf ablate --base "$WORK/mini" --preset "$preset" --run "$WORK/runs/$preset"
done
# shellcheck disable=SC2086
ttsf train voice --data "$WORK/faces_train" --valid "$WORK/faces_valid" \
    --face "$WORK/runs/face" --tts "$WORK/runs/tts" --out "$WORK/runs/voice-with-motion" \
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
