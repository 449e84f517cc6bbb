#!/usr/bin/env bash
# The order of reproduce.sh in minutes on two cores: every stage and one evaluation on tiny data.
# The bundled model makes the recordings itself, so nothing is needed but the repository:
#   make setup
# The evaluation at the end needs more, and is left out with a word where it is not installed:
#   .venv/bin/pip install -e ".[eval]"
# What it shows is that the stages fit together; a model trained for a few steps is of no use.
set -euo pipefail
export PATH="$(dirname "$0")/../.venv/bin:$PATH"
WORK=${WORK:-work/smoke}
STEPS=${STEPS:-10}

mkdir -p "$WORK/videos/train/ada" "$WORK/videos/valid/ada"
cp "$(dirname "$0")/../examples/astronaut.jpg" "$WORK/portrait.jpg"
record() {
    printf '%s\n' "$2" > "$WORK/videos/$1.txt"
    test -f "$WORK/videos/$1.mp4" ||
        ttsf speak "$WORK/portrait.jpg" "$2" --quiet --output "$WORK/videos/$1.mp4"
}
record train/ada/1 "The morning was clear and cold."
record train/ada/2 "Please bring me five red apples."
record train/ada/3 "Nobody knows where the river ends."
record train/ada/4 "She opened the window and looked out."
record valid/ada/5 "We will meet again in the evening."

ttsf prepare folder "$WORK/videos" --out "$WORK/corpus" --workers 2
train() {
    stage=$1
    shift
    ttsf train "$stage" --data "$WORK/corpus" --out "$WORK/runs/$stage" \
        --steps "$STEPS" --log-every 5 "$@"
}
train vocoder
train syncnet
train tts
ttsf assemble "$WORK/runs/tts" --out "$WORK/start"
train joint --warm-start "$WORK/start" --syncnet "$WORK/runs/syncnet" --allow-missing
ttsf assemble "$WORK/runs/joint" "$WORK/runs/vocoder" --out "$WORK/model"
if ! python -c "import jiwer, mediapipe, pocketsphinx" 2> /dev/null; then
    echo "all stages fit together; no tables, as ttsf[eval] is not installed"
    exit 0
fi
printf 'name,person,portrait,video,text,register\nada,ada,portrait.jpg,,%s,\n' \
    "We will meet again in the evening." > "$WORK/cases.csv"
ttsf evaluate "$WORK" --model "$WORK/model" --out "$WORK/evaluation" --workers 2
