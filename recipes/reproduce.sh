#!/usr/bin/env bash
# The paper's run, Sec. 4.1, in its order and with its numbers: eight processes, 2,000 epochs of
# text-to-speech, 40 epochs of joint training, Adam at 1e-4, clips of 32 frames.
#   LRS3     folder of the corpus as it was shipped
#   EXPERTS  folder of the downloaded experts
#   WORK     folder for corpora and runs
# Needs: pip install "ttsf[train,data,eval]" and the experts of docs/training.md. Every command can
# be killed and run again: it goes on. No peer has published a reproduction; neither have we.
set -euo pipefail
LRS3=${LRS3:?folder of LRS3}
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
train joint --epochs 40 --start "$WORK/start" --experts "$EXPERTS" --syncnet "$WORK/runs/syncnet"
ttsf assemble "$WORK/runs/joint" "$WORK/runs/vocoder" --preset paper --out "$WORK/model"
