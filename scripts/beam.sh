#!/usr/bin/env bash
# Apache Beam, live: pickles that Python writes, 1 in 100 of them hostile, become Parquet by unpkl-beam, and pyarrow
# holds the rows against Python's: by Prism in the process, and by Prism as a process of its own with two workers,
# which are two processes of unpkl-beam at the same time, half of the files each.
#
#   scripts/beam.sh [COUNT]      the number of pickles; 20,000
set -eu
cd "$(dirname "$0")/.."
count=${1:-20000}
venvs=${UNPKL_VENVS:-$PWD/.venvs}
scripts/make_venvs.sh py313-pandas3
python=$venvs/py313-pandas3/bin/python
"$python" -c 'import pyarrow.parquet'
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
(cd beam && go build -o "$work/unpkl-beam" ./cmd/unpkl-beam && go build -o "$work/prism" github.com/apache/beam/sdks/v2/go/cmd/prism)
"$python" scripts/gen_pickles.py "$work/pickles" "$count"

convert() { # PATTERN OUT [FLAGS]
    local pattern=$1 out=$2
    shift 2
    "$work/unpkl-beam" --input "$pattern" --output "$out/all.parquet" --errors "$out/errors.jsonl" "$@" 2>"$out.log" ||
        { cat "$out.log" >&2; return 1; }
}

echo "beam: Prism in the process"
convert "$work/pickles/in/**/*.pkl" "$work/one"
"$python" scripts/check_beam.py "$work/pickles" "$work/one"

echo "beam: Prism as a process, two workers"
port=$((20000 + $$ % 20000))
"$work/prism" -job_port "$port" -serve_http=false >"$work/prism.log" 2>&1 &
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
done
remote=(--runner universal --endpoint "localhost:$port" --environment_type LOOPBACK)
convert "$work/pickles/in/**/*[02468]??.pkl" "$work/even" "${remote[@]}" &
even=$!
convert "$work/pickles/in/**/*[13579]??.pkl" "$work/odd" "${remote[@]}" &
odd=$!
wait $even
wait $odd
"$python" scripts/check_beam.py "$work/pickles" "$work/even" "$work/odd"
