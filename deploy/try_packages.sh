#!/usr/bin/env bash
# Builds the sdist and the wheel, installs the wheel alone in empty environments, and uses it there
# as a stranger would: a video, its check, a server that gets ready, and the line that a missing
# extra prints. Then runs the Dockerfile's pip line for a server with one writable folder.
#   deploy/try_packages.sh [PYTHON ...]      (default: python3.11, 3.12 and 3.13 where installed)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
portrait=$root/docs/pictures/astronaut.jpg

say() { printf '\n== %s\n' "$*"; }

wait_ready() {  # PORT PID
  for _ in $(seq 120); do
    curl --silent --fail "http://127.0.0.1:$1/readyz" >/dev/null && return
    kill -0 "$2" 2>/dev/null || break
    sleep 1
  done
  echo "the server did not get ready" >&2
  return 1
}

serve_once() {  # ENVIRONMENT FOLDER
  local port
  port=$("$1/bin/python" -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
  "$1/bin/ttsf" serve --port "$port" --folder "$2" --quiet &
  local server=$!
  wait_ready "$port" "$server" || { kill "$server" 2>/dev/null; return 1; }
  curl --silent --fail -F prompt='Good morning.' -F "input_reference=@$portrait" \
    "http://127.0.0.1:$port/v1/videos/sync" -o "$work/served.mp4"
  kill -TERM "$server"
  wait "$server" || true
  test -s "$work/served.mp4"
}

pythons=("$@")
if [ ${#pythons[@]} -eq 0 ]; then
  for name in python3.11 python3.12 python3.13; do
    "$name" -c '' 2>/dev/null && pythons+=("$name")
  done
fi

say "sdist and wheel"
"${pythons[0]}" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check build
"$work/build/bin/python" -m build --outdir "$work/dist" "$root" >/dev/null
wheel=$(echo "$work"/dist/*.whl)
du -h --apparent-size "$work"/dist/*

cd "$work"  # away from the sources
for python in "${pythons[@]}"; do
  say "$("$python" --version): the wheel alone"
  env=$work/env
  "$python" -m venv --clear "$env"
  "$env/bin/pip" install --quiet --disable-pip-version-check -c "$root/deploy/constraints.txt" "$wheel"
  "$env/bin/ttsf" speak "$portrait" "Good morning." --output hello.mp4
  "$env/bin/ttsf" verify hello.mp4
  if "$env/bin/ttsf" serve 2>missing; then echo "served without its extra" >&2; exit 1; fi
  grep "pip install 'ttsf\[serve\]'" missing
  "$env/bin/pip" install --quiet --disable-pip-version-check -c "$root/deploy/constraints.txt" "$wheel[serve]"
  serve_once "$env" "$work/data"
done

say "the Dockerfile's server: its pip line, one writable folder"
image=$work/image
"${pythons[0]}" -m venv "$image"
line=$(sed -n 's|^RUN /opt/ttsf/bin/pip install .*-c constraints.txt "\.\(.*\)"$|\1|p' "$root/deploy/Dockerfile")
"$image/bin/pip" install --quiet --disable-pip-version-check -c "$root/deploy/constraints.txt" "$wheel$line"
serve_once "$image" "$work/volume"
say "all of it worked"
