#!/usr/bin/env bash
# Makes the virtual environments that the fixtures and the live tests use, under .venvs/:
#
#   scripts/make_venvs.sh                 all of them
#   scripts/make_venvs.sh NAME...         only these
#   scripts/make_venvs.sh --list          their names
#   scripts/make_venvs.sh --if-possible NAME...   takes another Python 3 where theirs is missing, and
#                                                 skips those that do not install
#
# An environment that is there and complete is left alone, so the script can be run at every start.
# Interpreters come from pyenv where it has them, else from PATH; packages come from PyPI, as wheels
# only and at exactly the versions in scripts/requirements-NAME.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venvs=${UNPKL_VENVS:-$(dirname "$here")/.venvs}

# NAME and the Python series it wants. The order is the order of fixtures in testdata.
table='
py27-np116      2.7
py36-np111      3.6
py311-np126     3.11
py313-np2       3.13
py311-pandas15  3.11
py312-pandas2   3.12
py313-pandas3   3.13
py27-pandas018  2.7
py27-pandas024  2.7
py36-pandas022  3.6
py36-pandas025  3.6
py38-pandas100  3.8
py38-pandas12   3.8
py38-pandas13   3.8
py27-sklearn    2.7
py36-sklearn    3.6
py313-sklearn   3.13
py313-mldtypes  3.13
py311-hdf5      3.11
py311-convert   3.11
py313-torch     3.13
py36-objects    3.6
py313-objects   3.13
py36-boost      3.6
py312-boost     3.12
py311-scanners  3.11
py27-geo        2.7
py38-geo        3.8
py313-geo       3.13
'

# find_python SERIES prints the newest interpreter of that series.
find_python() {
    local series=$1 root found
    root=${PYENV_ROOT:-$HOME/.pyenv}/versions
    found=$(find "$root" -mindepth 1 -maxdepth 1 -name "$series.*" 2>/dev/null | sort -V | tail -1)
    if [ -n "$found" ] && [ -x "$found/bin/python$series" ]; then
        echo "$found/bin/python$series"
    elif command -v "python$series" >/dev/null 2>&1 && "python$series" -c '' 2>/dev/null; then
        command -v "python$series"
    else
        return 1
    fi
}

# nearest_python SERIES prints the interpreter of that series or, failing that,
# any Python 3 of this machine: an exact series matters to fixtures, not to live tests.
nearest_python() {
    find_python "$1" && return
    [ "$1" != 2.7 ] || return 1
    command -v python3
}

make_venv() {
    local name=$1 series=$2 dir=$venvs/$1 python requirements=$here/requirements-$1.txt
    if cmp -s "$requirements" "$dir/requirements.txt" && "$dir/bin/python" -c '' 2>/dev/null; then
        return
    fi
    if [ -n "$if_possible" ]; then
        python=$(nearest_python "$series") || { echo "make_venvs: no Python $series for $name: skipped" >&2; return 0; }
    else
        python=$(find_python "$series") || { echo "make_venvs: no Python $series for $name" >&2; return 1; }
    fi
    echo "make_venvs: $name with $python" >&2
    rm -rf "$dir"
    if [ "$series" = 2.7 ]; then
        # Python 2.7 has no venv module; this is the last series of virtualenv that makes one for it.
        if [ ! -x "$venvs/.tools/bin/virtualenv" ]; then
            "$(nearest_python 3.11)" -m venv "$venvs/.tools"
            "$venvs/.tools/bin/python" -m pip install -q --disable-pip-version-check virtualenv==20.21.1
        fi
        "$venvs/.tools/bin/virtualenv" -q --no-periodic-update -p "$python" "$dir"
    else
        "$python" -m venv "$dir"
    fi
    if ! "$dir/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: -r "$requirements"; then
        rm -rf "$dir"
        [ -n "$if_possible" ] || return 1
        echo "make_venvs: $name does not install under $python: skipped" >&2
        return 0
    fi
    cp "$requirements" "$dir/requirements.txt"
}

if_possible=
names=()
for arg; do
    case $arg in
    --list) awk 'NF{print $1}' <<<"$table"; exit ;;
    --if-possible) if_possible=1 ;;
    -*) echo "make_venvs: unknown option $arg" >&2; exit 2 ;;
    *) names+=("$arg") ;;
    esac
done
if [ ${#names[@]} -eq 0 ]; then
    mapfile -t names < <(awk 'NF{print $1}' <<<"$table")
fi
mkdir -p "$venvs"
for name in "${names[@]}"; do
    series=$(awk -v n="$name" '$1==n{print $2}' <<<"$table")
    [ -n "$series" ] || { echo "make_venvs: no environment called $name" >&2; exit 2; }
    make_venv "$name" "$series"
done
