#!/usr/bin/env bash
# Runs each fuzz target of the module for a while, one after another:
#
#   scripts/fuzz.sh DURATION [NAME]     NAME: a pattern of targets, such as FuzzDecode
set -eu
cd "$(dirname "$0")/.."
duration=$1 pattern=${2:-^Fuzz}
ran=0
for package in $(go list ./...); do
    for target in $(go test -list "$pattern" "$package" | grep '^Fuzz' || true); do
        echo "fuzz: $package $target for $duration"
        go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" -fuzzminimizetime 100x "$package"
        ran=$((ran + 1))
    done
done
echo "fuzz: $ran targets"
[ "$ran" -gt 0 ]
