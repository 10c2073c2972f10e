#!/usr/bin/env bash
# Makes the fixtures that stand in the folders of their packages: reconstruct/testdata/shapely.json and
# torch/testdata, by the environments of scripts/make_venvs.sh that have the libraries.
#
#   scripts/gen_own.sh            writes them
#   scripts/gen_own.sh --check    makes them elsewhere and compares
#
# An environment that is not there is left out, by name: PyTorch takes gigabytes. PyTorch's files are
# not compared: their older format has addresses of memory in it, so no two runs write the same bytes.
set -eu
cd "$(dirname "$0")/.."
venvs=${UNPKL_VENVS:-$PWD/.venvs}
check=
[ "${1:-}" != --check ] || check=1
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
failed=0

# make ENVIRONMENT SCRIPT PATH makes the file or folder PATH.
make_own() {
    local python=$venvs/$1/bin/python script=$2 to=$3
    if [ ! -x "$python" ]; then
        echo "gen_own: $to is left out, without $1"
        return
    fi
    if [ -z "$check" ]; then
        PYTHONHASHSEED=0 "$python" "$script" "$to"
        return
    fi
    mkdir -p "$elsewhere/$(dirname "$to")"
    PYTHONHASHSEED=0 "$python" "$script" "$elsewhere/$to"
    cmp "$elsewhere/$to" "$to" || failed=1
}

make_own py313-geo scripts/gen_shapely.py reconstruct/testdata/shapely.json
if [ -z "$check" ]; then
    make_own py36-torch scripts/gen_torch.py torch/testdata
    make_own py313-torch scripts/gen_torch.py torch/testdata
fi
[ "$failed" = 0 ] || { echo "gen_own: fixtures differ" >&2; exit 1; }
