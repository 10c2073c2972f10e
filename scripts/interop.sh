#!/usr/bin/env bash
# Live tests with real CPythons and NumPys: makes the environments it needs, tests the comparison
# tool under each, and runs the tests of every package that has live tests with UNPKL_PYTHON set to
# each interpreter in turn. With UNPKL_PYTHON set, such a test fails where the interpreter is broken;
# without it, the test is skipped or takes the Python on PATH.
#
#   scripts/interop.sh [NAME...]      environments of scripts/make_venvs.sh
set -eu
cd "$(dirname "$0")/.."
venvs=${UNPKL_VENVS:-$PWD/.venvs}
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(py311-np126 py313-np2)
scripts/make_venvs.sh --if-possible "${names[@]}"
mapfile -t packages < <(grep -rl --include='*_test.go' UNPKL_PYTHON . | xargs -n1 dirname | sort -u)

# live PACKAGE FLAG...: the tests of a package, as go test runs them, with flags of the test binary. A binary is linked
# once for all interpreters, which take turns with it: linking takes longer than many of the tests.
tests=$(mktemp -d)
trap 'rm -rf "$tests"' EXIT
live() {
    local dir=$1 binary=$tests/${1//\//_}.test log
    shift
    [ -x "$binary" ] || go test -c -o "$binary" "$dir"
    log=$(mktemp -p "$tests")
    SECONDS=0
    if (cd "$dir" && "$binary" -test.timeout 20m "$@") >"$log" 2>&1; then
        echo "ok  $dir  $SECONDS s"
    else
        cat "$log"
        echo "FAIL $dir"
        return 1
    fi
}
export -f live
export tests
# Long tests that no Python judges; go test runs them.
without='Deep|OpenEdited|Cut$|Gopickle|Truncated|KnownAsCalled|LinearTime|KeyIndex|Constructed|KeptMemory|ReadmePrograms|TestPackLossless|Routes|KilledShards|(Dis|Pack|DiffOf|Repickle|LookupOf)Fixtures|Collector|Limits'
ran=0
for name in "${names[@]}"; do
    python=$venvs/$name/bin/python
    [ -x "$python" ] || continue
    echo "interop: $name: $("$python" -c 'import sys, numpy; print("CPython %s, NumPy %s" % (sys.version.split()[0], numpy.__version__))')"
    "$python" scripts/test_compare.py
    printf '%s\n' "${packages[@]}" | UNPKL_RANDOM=2000 UNPKL_PYTHON=$python \
        xargs -P "$(nproc)" -I{} bash -c 'live "$@"' live {} -test.skip "$without"
    ran=$((ran + 1))
done

# What is written of pandas' objects, under each pandas that there is.
pandas=(py311-pandas15 py312-pandas2 py313-pandas3)
if [ $# -eq 0 ]; then
    scripts/make_venvs.sh --if-possible "${pandas[@]}" py36-sklearn py313-sklearn
    found=
    for name in "${pandas[@]}"; do
        python=$venvs/$name/bin/python
        [ -x "$python" ] || continue
        echo "interop: $name: $("$python" -c 'import sys, pandas; print("CPython %s, pandas %s" % (sys.version.split()[0], pandas.__version__))')"
        found=$found${found:+:}$python
        # Random values, with frames among them.
        UNPKL_RANDOM=400 UNPKL_PYTHON=$python live ./cmd/unpkl -test.run TestInteropRandom
    done
    joblibs=
    for name in py36-sklearn py313-sklearn; do
        [ -x "$venvs/$name/bin/python" ] && joblibs=$joblibs${joblibs:+:}$venvs/$name/bin/python
    done
    newest=$venvs/py313-pandas3/bin/python
    if [ -z "$found" ] || [ -z "$joblibs" ] || [ ! -x "$newest" ]; then
        echo "interop: no Python with pandas, joblib or pandas 3: their tests would be skipped" >&2
        exit 1
    fi
    UNPKL_JOBLIB_PYTHONS=$joblibs live . -test.run TestInteropJoblib
    UNPKL_PANDAS_PYTHONS=$found live . -test.run "TestInteropPandas|TestInteropBuiltFrame"
    UNPKL_PANDAS_PYTHONS=$found live ./reconstruct -test.run "TestInteropPandas|TestInteropBuiltFrame"
    UNPKL_PANDAS_PYTHONS=$newest live ./frame/arrowframe -test.run TestInterop

    # xarray, pyarrow, polars and GeoPandas, oldest and newest.
    objects=
    scripts/make_venvs.sh --if-possible py27-geo py38-geo py313-geo
    for name in py27-geo py38-geo py313-geo; do
        [ ! -x "$venvs/$name/bin/python" ] || objects=$objects${objects:+:}$venvs/$name/bin/python
    done
    [ -n "$objects" ] || { echo "interop: no Python with xarray: its tests would be skipped" >&2; exit 1; }
    UNPKL_OBJECTS_PYTHONS=$objects live ./reconstruct -test.run TestInteropObjects
    UNPKL_OBJECTS_PYTHONS=$objects live ./frame/arrowframe -test.run TestInteropObjects
    UNPKL_OBJECTS_PYTHONS=$objects live ./convert -test.run TestInteropObjects

    # What only these libraries' own environments can tell.
    scripts/make_venvs.sh py313-mldtypes py311-hdf5 py311-convert
    UNPKL_MLDTYPES_PYTHON=$venvs/py313-mldtypes/bin/python live ./reconstruct -test.run InteropMLDtypes
    scripts/make_venvs.sh py313-objects
    UNPKL_OBJECTS_PYTHON=$venvs/py313-objects/bin/python live ./reconstruct -test.run InteropLibraries
    # Many values of each library, written again; its own comparison judges. Those of PyTorch and of
    # Python's own classes are thousands, of which a part will do; of the latter the commands are
    # asked too.
    scripts/make_venvs.sh --if-possible py312-boost py36-boost
    pythons() { # NAME...: the interpreters of those environments that there are
        local name all=
        for name in "$@"; do
            [ ! -x "$venvs/$name/bin/python" ] || all=$all${all:+:}$venvs/$name/bin/python
        done
        echo "$all"
    }
    values() { # PACKAGE TEST NAME...
        local found
        found=$(pythons "${@:3}")
        [ -n "$found" ] || { echo "interop: none of ${*:3}: $2 would be skipped" >&2; return 1; }
        UNPKL_LIBRARY_PYTHONS=$found live "$1" -test.run "$2"
    }
    UNPKL_LIBRARIES='-python_ -pandas -torch' values ./reconstruct InteropLibraryValues \
        py313-objects py313-geo py38-geo py313-sklearn py36-sklearn py312-boost py36-boost
    UNPKL_LIBRARIES=pandas values ./reconstruct InteropLibraryValues "${pandas[@]}"
    UNPKL_LIBRARIES=pandas values ./cmd/unpkl InteropLibraryCommands py311-pandas15 py313-pandas3
    export UNPKL_PART=12
    UNPKL_LIBRARIES=python_ values ./reconstruct InteropLibraryValues py27-np116 py36-np111 py313-np2
    UNPKL_LIBRARIES=python_ values ./cmd/unpkl InteropLibraryCommands py27-np116 py36-np111 py313-np2
    [ ! -x "$venvs/py313-torch/bin/python" ] ||
        UNPKL_LIBRARIES=torch values ./reconstruct InteropLibraryValues py313-torch
    unset UNPKL_PART
    # Functions and classes that dill and cloudpickle write, called after they were written again.
    scripts/make_venvs.sh --if-possible py36-objects
    functions=
    for name in py36-objects py313-objects; do
        [ ! -x "$venvs/$name/bin/python" ] || functions=$functions${functions:+:}$venvs/$name/bin/python
    done
    UNPKL_FUNCTION_PYTHONS=$functions live ./reconstruct -test.run InteropFunctions
    UNPKL_HDF5_PYTHON=$venvs/py311-hdf5/bin/python live ./hdf5
    UNPKL_HDF5_PYTHON=$venvs/py311-hdf5/bin/python live ./hdf5/pytables
    UNPKL_CONVERT_PYTHON=$venvs/py311-convert/bin/python live ./convert
    # One callable in twelve of the standard library and of what scikit-learn brings, called.
    calls=$(mktemp)
    (cd "$(mktemp -d)" && "$venvs/py313-sklearn/bin/python" "$OLDPWD/scripts/audit_calls.py" --seconds 100 --part 0/12) >"$calls"
    UNPKL_AUDIT_CALLS=$calls live ./audit -test.run TestLiveCalls
    rm -f "$calls"
    go build -o "$venvs/.unpkl" ./cmd/unpkl
    "$venvs/py313-sklearn/bin/python" scripts/audit_false_alarms.py --unpkl "$venvs/.unpkl"
    # What other scanners of pickles judge otherwise, each with its explanation.
    scripts/make_venvs.sh --if-possible py311-scanners
    if [ -x "$venvs/py311-scanners/bin/python" ]; then
        "$venvs/py311-scanners/bin/python" scripts/audit_scanners.py --unpkl "$venvs/.unpkl" --quiet
        # Their own test files, where clones of their repositories are: picklescan, fickling, modelscan.
        [ -z "${UNPKL_AUDIT_PEERS:-}" ] ||
            "$venvs/py311-scanners/bin/python" scripts/audit_peers.py --unpkl "$venvs/.unpkl" $UNPKL_AUDIT_PEERS
    fi
    # PyTorch takes gigabytes: its environment is used where scripts/make_venvs.sh py313-torch made it.
    [ ! -x "$venvs/py313-torch/bin/python" ] ||
        "$venvs/py313-torch/bin/python" scripts/audit_false_alarms.py --torch --unpkl "$venvs/.unpkl"
    [ ! -x "$venvs/py313-torch/bin/python" ] ||
        UNPKL_TORCH_PYTHON=$venvs/py313-torch/bin/python live ./torch
fi
echo "interop: $ran environments"
[ "$ran" -gt 0 ] || { echo "interop: no Python to test with" >&2; exit 1; }
