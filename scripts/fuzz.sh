#!/usr/bin/env bash
# Runs each fuzz target of the module for a while, one after another:
#
#   scripts/fuzz.sh DURATION [NAME]     NAME: a pattern of targets, such as FuzzDecode
#
# The tests of a package are compiled once for all of its targets. What the fuzzer finds interesting
# goes into Go's cache, as go test puts it there; an input that fails goes into the package's testdata.
set -eu
cd "$(dirname "$0")/.."
duration=$1 pattern=${2:-^Fuzz}
ran=0
binary=$(mktemp)
trap 'rm -f "$binary"' EXIT
cache=$(go env GOCACHE)/fuzz
while read -r package folder; do
    grep -qs '^func Fuzz' "$folder"/*_test.go || continue
    go test -c -fuzz '^Fuzz' -o "$binary" "$package"
    for target in $(cd "$folder" && "$binary" -test.list "$pattern" | grep '^Fuzz' || true); do
        echo "fuzz: $package $target for $duration"
        (cd "$folder" && "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$duration" \
            -test.fuzzminimizetime 100x -test.fuzzcachedir "$cache/$package")
        ran=$((ran + 1))
    done
done < <(go list -f '{{.ImportPath}} {{.Dir}}' ./...)
echo "fuzz: $ran targets"
[ "$ran" -gt 0 ]
