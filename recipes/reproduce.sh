#!/usr/bin/env bash
# The paper's run, Sec. 4.1, in its order and with its numbers: eight processes, 2,000 epochs of
# text-to-speech, 40 epochs of joint training, Adam at 1e-4, clips of 32 pictures.
#   LRS3    folder of the corpus as it was shipped        WORK    folder for corpora and runs
#   LRS2, VOXCELEB2  for the evaluation, optional         JUDGES  folder of the downloaded judges
# Needs: pip install "ttsf[train,data,eval]" and the judges of docs/training.md. Every command can
# be killed and run again: it goes on. No peer has published a reproduction; neither have we.
set -euo pipefail
LRS3=${LRS3:?folder of LRS3}
JUDGES=${JUDGES:?folder of the judges, see docs/training.md}
WORK=${WORK:-work/paper}
PROCESSES=${PROCESSES:-8}
PYTHON=${PYTHON:-python}

train() {
    stage=$1
    shift
    $PYTHON -m torch.distributed.run --nproc-per-node "$PROCESSES" -m "ttsf.training.$stage" \
        --data "$WORK/lrs3" --out "$WORK/runs/$stage" --preset paper --device cuda "$@"
}

ttsf prepare lrs3 "$LRS3" --out "$WORK/lrs3"
train vocoder --epochs 100
train syncnet --epochs 100
train tts --epochs 2000 --precision float16
$PYTHON -m ttsf.training.assemble --preset paper --tts "$WORK/runs/tts" --out "$WORK/start"
train joint --epochs 40 --start "$WORK/start" --judges "$JUDGES" --syncnet "$WORK/runs/syncnet"
$PYTHON -m ttsf.training.assemble --preset paper --joint "$WORK/runs/joint" \
    --vocoder "$WORK/runs/vocoder" --out "$WORK/model"
