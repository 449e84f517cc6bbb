#!/usr/bin/env bash
# The paper's run, Sec. 4.1, in its order and with its numbers: eight processes, 2,000 epochs of
# text-to-speech, 40 epochs of joint training, Adam at 1e-4, clips of 32 frames; then Tables 1, 2, 3
# and 5 and Fig. 5. Table 4 is the user study: ttsf study make.
#   LRS3, LRS2, VOXCELEB2  folders of the corpora as they were shipped
#   EXPERTS                folder of the public networks of docs/training.md and docs/evaluation.md
#   WHISPER                folder of a Whisper model for WER; empty: WER by the offline recogniser
#   XVECTORS               file of SpeechBrain's x-vectors for C-SIM and Fig. 5; may be empty, as above
#   SYSTEMS                other systems' videos, SYSTEMS/lrs2/NAME/*.mp4 and SYSTEMS/voxceleb2/...,
#                          made from WORK/*_tables/cases; run again when they are there; may be empty
#   WORK                   folder for corpora and runs
#   ABLATIONS              presets to train beside `paper`; empty: none
# Needs: pip install "ttsf[train,data,eval]" and resemblyzer (docs/evaluation.md). Every command can
# be killed and run again: it goes on. No peer has published a reproduction; neither have we.
#
#   recipes/reproduce.sh --try
#
# takes the same lines in minutes on two cores: corpora that it makes itself, a narrow model, STEPS
# steps a stage, no public networks. It shows that all fits together; its figures mean nothing.
# Where the packages of the evaluation are not installed it ends before the tables.
set -euo pipefail
RECIPES=$(dirname "$0")
command -v ttsf > /dev/null || export PATH="$RECIPES/../.venv/bin:$PATH"
ABLATIONS=${ABLATIONS-paper-no-energy paper-text-only paper-voice-with-motion}
scorers=1
python -c 'import jiwer, mediapipe, pocketsphinx, pyworld, resemblyzer' 2> /dev/null || scorers=''
if [ "${1:-}" = --try ]; then
    WORK=${WORK:-work/try} STEPS=${STEPS:-2}
    python "$RECIPES/try_corpora.py" "$WORK/corpora" --talks "${TALKS:-2}" ${scorers:+--tests}
    LRS3=$WORK/corpora/lrs3 LRS2=$WORK/corpora/lrs2 VOXCELEB2=$WORK/corpora/voxceleb2
    SYSTEMS=$WORK/corpora/systems EXPERTS='' WHISPER='' XVECTORS='' PROCESSES=${PROCESSES:-2}
    device=cpu half=float32 experts=(--allow-missing)
    config=(--config "$WORK/mel.toml" --config "$RECIPES/try.toml")
else
    [ -n "$scorers" ] || { echo "the tables need packages: see docs/evaluation.md" >&2; exit 2; }
    LRS3=${LRS3:?folder of LRS3}
    LRS2=${LRS2:?folder of LRS2}
    VOXCELEB2=${VOXCELEB2:?folder of VoxCeleb2}
    EXPERTS=${EXPERTS:?folder of the public networks, see docs/training.md}
    WORK=${WORK:-work/paper} STEPS='' SYSTEMS=${SYSTEMS:-} WHISPER=${WHISPER:-} XVECTORS=${XVECTORS:-}
    PROCESSES=${PROCESSES:-8}
    device=cuda half=float16 experts=(--experts "$EXPERTS")
    config=(--config "$WORK/mel.toml")
fi

train() { # OUT STAGE EPOCHS OPTIONS...
    out=$1 stage=$2 length=(--epochs "$3") run=(ttsf)
    shift 3
    [ "$PROCESSES" = 1 ] || run=(torchrun --standalone --nproc-per-node "$PROCESSES" -m ttsf)
    [ -z "$STEPS" ] || length=(--steps "$STEPS")
    "${run[@]}" train "$stage" --data "$WORK/lrs3" --out "$WORK/runs/$out" \
        "${length[@]}" --device "$device" "${config[@]}" "$@"
}

assemble() { # OUT PRESET RUNS...
    out=$1 preset=$2
    shift 2
    ttsf assemble "$@" --preset "$preset" "${config[@]}" --out "$WORK/models/$out"
}

ttsf prepare lrs3 "$LRS3" --out "$WORK/lrs3"
test -f "$WORK/mel.toml" ||
    ttsf statistics "$WORK/lrs3" --preset paper --out "$WORK/mel.toml"
train vocoder vocoder 100 --preset paper
train syncnet syncnet 100 --preset paper
train tts tts 2000 --preset paper --precision "$half"
# The model, the two ablations of Table 5 and the "w/ motion" of Table 3, each trained jointly.
for preset in paper $ABLATIONS; do
    train "$preset" joint 40 --preset "$preset" --warm-start "$WORK/runs/tts" \
        --syncnet "$WORK/runs/syncnet" "${experts[@]}"
    assemble "$preset" "$preset" "$WORK/runs/$preset" "$WORK/runs/vocoder"
done

[ -n "$scorers" ] || { echo "all stages fit together; no tables: see docs/evaluation.md"; exit 0; }
tables() { # CORPUS NAME=PRESET...
    corpus=$1 options=(--no-ablations)
    for ablation in "${@:2}"; do
        folder=$WORK/models/${ablation#*=}
        [ ! -d "$folder" ] || options+=(--ablation "${ablation%=*}=$folder")
    done
    [ -z "$EXPERTS" ] || options+=(--experts "$EXPERTS")
    [ -z "$WHISPER" ] || options+=(--whisper "$WHISPER")
    [ -z "$XVECTORS" ] || options+=(--x-vectors "$XVECTORS")
    for folder in "$SYSTEMS/$corpus"/*/; do
        [ ! -d "$folder" ] || options+=(--system "$(basename "$folder")=$folder")
    done
    ttsf evaluate "$WORK/${corpus}_cases" --model "$WORK/models/paper" --limit 100 \
        --out "$WORK/${corpus}_tables" "${options[@]}"
}

# Tables 1 and 3 and Fig. 5 on LRS2; Tables 2 and 5 on VoxCeleb2, whose people say LRS3's texts.
test -d "$WORK/lrs2_cases" || python "$RECIPES/corpus_cases.py" lrs2 "$LRS2" "$WORK/lrs2_cases"
test -d "$WORK/voxceleb2_cases" ||
    python "$RECIPES/corpus_cases.py" voxceleb2 "$VOXCELEB2" "$WORK/voxceleb2_cases" --texts lrs3 "$LRS3"
tables lrs2 "ours, with motion=paper-voice-with-motion"
tables voxceleb2 "no energy=paper-no-energy" "no energy, no f_t=paper-text-only"
