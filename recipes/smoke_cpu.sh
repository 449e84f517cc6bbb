#!/usr/bin/env bash
# The order of reproduce.sh in minutes on two cores: every stage and one evaluation on tiny data.
# The bundled model makes the recordings itself, so nothing is needed but the package:
#   pip install "ttsf[train,data,eval]"
# What it shows is that the stages fit together; a model trained for a few steps is of no use.
set -euo pipefail
WORK=${WORK:-work/smoke}
PYTHON=${PYTHON:-python}
STEPS=${STEPS:-10}

mkdir -p "$WORK/videos/train/ada" "$WORK/videos/valid/ada"
$PYTHON -c "import sys; from skimage import data, io; io.imsave(sys.argv[1], data.astronaut())" \
    "$WORK/portrait.png"
record() {
    printf '%s\n' "$2" > "$WORK/videos/$1.txt"
    test -f "$WORK/videos/$1.mp4" ||
        $PYTHON -m ttsf speak "$WORK/portrait.png" "$2" --quiet --output "$WORK/videos/$1.mp4"
}
record train/ada/1 "The morning was clear and cold."
record train/ada/2 "Please bring me five red apples."
record train/ada/3 "Nobody knows where the river ends."
record train/ada/4 "She opened the window and looked out."
record valid/ada/5 "We will meet again in the evening."

$PYTHON -m ttsf prepare folder "$WORK/videos" --out "$WORK/corpus" --workers 2
train() {
    stage=$1
    shift
    $PYTHON -m "ttsf.training.$stage" --data "$WORK/corpus" --out "$WORK/runs/$stage" \
        --preset mini --steps "$STEPS" --log-every 5 "$@"
}
train vocoder
train syncnet
train tts
$PYTHON -m ttsf.training.assemble --tts "$WORK/runs/tts" --out "$WORK/start"
train joint --start "$WORK/start" --syncnet "$WORK/runs/syncnet" --allow-missing
$PYTHON -m ttsf.training.assemble --joint "$WORK/runs/joint" --vocoder "$WORK/runs/vocoder" \
    --out "$WORK/model"
printf 'name,person,portrait,video,text,register\nada,ada,portrait.png,,%s,\n' \
    "We will meet again in the evening." > "$WORK/cases.csv"
$PYTHON -m ttsf evaluate "$WORK" --model "$WORK/model" --out "$WORK/evaluation" --workers 2
