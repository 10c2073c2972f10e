#!/usr/bin/env bash
# Runs each fuzz target of the module for a while, one after another:
#
#   scripts/fuzz.sh DURATION [NAME]     NAME: a pattern of targets, such as FuzzDecode
#
# The tests of a package are compiled once for all of its targets. What the fuzzer finds interesting
# goes into Go's cache, as go test puts it there. An input that fails goes into the package's
# testdata, and is printed here with what it does by itself: the fuzzer tells neither when the
# process ended.
set -eu
cd "$(dirname "$0")/.."
duration=$1 pattern=${2:-^Fuzz}
ran=0
binary=$(mktemp) marker=$(mktemp)
trap 'rm -f "$binary" "$marker"' EXIT
cache=$(go env GOCACHE)/fuzz

# failed TARGET prints the inputs on which the target of this folder failed since marker was made.
failed() {
    local input
    find "testdata/fuzz/$1" -type f -newer "$marker" 2>/dev/null | while read -r input; do
        echo "fuzz: $PWD/$input, compressed and in base 64:"
        gzip -9 <"$input" | base64
        "$binary" -test.run "^$1\$/${input##*/}\$" 2>&1 | head -100
    done
    return 1
}

while read -r package folder; do
    grep -qs '^func Fuzz' "$folder"/*_test.go || continue
    go test -c -fuzz '^Fuzz' -o "$binary" "$package"
    for target in $(cd "$folder" && "$binary" -test.list "$pattern" | grep '^Fuzz' || true); do
        echo "fuzz: $package $target for $duration"
        (cd "$folder" && "$binary" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$duration" \
            -test.fuzzminimizetime 100x -test.fuzzcachedir "$cache/$package" || failed "$target")
        ran=$((ran + 1))
    done
done < <(go list -f '{{.ImportPath}} {{.Dir}}' ./...)
echo "fuzz: $ran targets"
[ "$ran" -gt 0 ]
