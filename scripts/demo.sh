#!/bin/sh
# The whole way once: a sample fleet, a sandbox VTN, and a registration to watch.
# Everything is kept under var/demo; the exit code is that of `register`.
set -eu
cd "$(dirname "$0")/.."

bin=.venv/bin
demo=var/demo
sandbox=

trap 'if [ -n "$sandbox" ]; then kill "$sandbox" && wait "$sandbox"; fi 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

headline() { printf '\n== %s\n' "$*"; }

rm -rf "$demo"
mkdir -p "$demo"
VEN_STATE_URL="sqlite:///./$demo/state.db"
export VEN_STATE_URL

headline "A sample fleet, in $demo/resources.db"
"$bin/ven-daemon" samples --out "$demo/samples" --db-path "$demo/resources.db"

headline "A sandbox VTN"
"$bin/ven-daemon" sandbox --port 0 --open >"$demo/sandbox.out" 2>"$demo/sandbox.log" &
sandbox=$!
url=
tries=0
while [ -z "$url" ] && [ "$tries" -lt 150 ] && kill -0 "$sandbox" 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
    url=$(sed -n 's,.*\(http://127\.0\.0\.1:[0-9][0-9]*\).*,\1,p' "$demo/sandbox.out" | head -n 1)
done
if [ -z "$url" ]; then
    echo "the sandbox VTN did not start; it said:" >&2
    cat "$demo/sandbox.out" "$demo/sandbox.log" >&2
    exit 1
fi
echo "listening at $url"

headline "Registration"
code=0
"$bin/ven-daemon" register --vtn-url "$url" --db-path "$demo/resources.db" --no-auth || code=$?

headline "What the VTN holds now ($url/sandbox/summary)"
"$bin/python" - "$url/sandbox/summary" <<'PYTHON' || true
import json
import sys
import urllib.request

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(sys.argv[1], timeout=10) as answer:
    for name, count in json.load(answer).items():
        print(f"  {name:<14}{count:>8,}" if isinstance(count, int) else f"  {name:<14}{count}")
PYTHON

headline "The fleet"
"$bin/ven-daemon" stats --db-path "$demo/resources.db" || true

exit "$code"
