#!/usr/bin/env bash
# Spark from PyPI, live: unpkl convert by RDD.pipe on two executors, of which one is killed in the middle, over pickles
# that Python writes; the rows are held against Python's. See spark.py.
#
#   scripts/spark.sh [--if-possible] [COUNT]     without Java or pyspark it fails, or is passed over with a word
set -eu
cd "$(dirname "$0")/.."
possible=
[ "${1:-}" = --if-possible ] && { possible=1; shift; }
missing() {
    echo "spark: $1" >&2
    [ -n "$possible" ] && exit 0
    exit 1
}
java -version >/dev/null 2>&1 || missing "there is no Java"
venvs=${UNPKL_VENVS:-$PWD/.venvs}
if [ ! -x "$venvs/spark/bin/python" ] || ! "$venvs/spark/bin/python" -c 'import pyspark' 2>/dev/null; then
    # In CI it is not installed for this alone: it is 450 MB.
    [ -z "$possible" ] || missing "pyspark is not installed; make spark installs it"
    python3 -m venv "$venvs/spark"
    "$venvs/spark/bin/python" -m pip install -q --disable-pip-version-check pyspark==4.3.0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/unpkl" ./cmd/unpkl
scripts/make_venvs.sh py313-pandas3
"$venvs/py313-pandas3/bin/python" scripts/gen_pickles.py "$work/pickles" "${1:-20000}"
"$venvs/spark/bin/python" scripts/spark.py "$work/unpkl" "$work/pickles"
