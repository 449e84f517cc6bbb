#!/usr/bin/env bash
# The paper's run, Sec. 4.1, in its order and with its numbers: eight processes, 2,000 epochs of
# text-to-speech, 40 epochs of joint training, Adam at 1e-4, clips of 32 frames.
#   LRS3, LRS2, VOXCELEB2  folders of the corpora as they were shipped
#   EXPERTS                folder of the downloaded experts
#   WORK                   folder for corpora and runs
# Needs: pip install "ttsf[train,data,eval]" and the experts of docs/training.md. Every command can
# be killed and run again: it goes on. No peer has published a reproduction; neither have we.
set -euo pipefail
LRS3=${LRS3:?folder of LRS3}
LRS2=${LRS2:?folder of LRS2}
VOXCELEB2=${VOXCELEB2:?folder of VoxCeleb2}
EXPERTS=${EXPERTS:?folder of the experts, see docs/training.md}
WORK=${WORK:-work/paper}
PROCESSES=${PROCESSES:-8}

train() {
    stage=$1
    shift
    torchrun --nproc-per-node "$PROCESSES" -m ttsf train "$stage" \
        --data "$WORK/lrs3" --out "$WORK/runs/$stage" --preset paper --device cuda "$@"
}

ttsf prepare lrs3 "$LRS3" --out "$WORK/lrs3"
train vocoder --epochs 100
train syncnet --epochs 100
train tts --epochs 2000 --precision float16
ttsf assemble "$WORK/runs/tts" --preset paper --out "$WORK/start"
train joint --epochs 40 --warm-start "$WORK/start" --experts "$EXPERTS" --syncnet "$WORK/runs/syncnet"
ttsf assemble "$WORK/runs/joint" "$WORK/runs/vocoder" --preset paper --out "$WORK/model"

# Tables 1, 3 and 5 on LRS2, Table 2 on VoxCeleb2; whose videos of other systems are at hand adds
# --system NAME=FOLDER. Table 4 is the user study: ttsf study make.
RECIPES=$(dirname "$0")
python "$RECIPES/corpus_cases.py" lrs2 "$LRS2" "$WORK/lrs2_cases"
python "$RECIPES/corpus_cases.py" voxceleb2 "$VOXCELEB2" "$WORK/vox_cases" --texts lrs3 "$LRS3"
for corpus in lrs2 vox; do
    ttsf evaluate "$WORK/${corpus}_cases" --model "$WORK/model" --experts "$EXPERTS" \
        --limit 100 --out "$WORK/${corpus}_tables"
done
