#!/usr/bin/env bash
# Runs the benchmarks whose names match a pattern, in the module and in bench/, a module of its own
# that compares with other libraries and with CPython:
#
#   scripts/bench.sh [PATTERN]
set -eu
cd "$(dirname "$0")/.."
pattern=${1:-.}
go test -run '^$' -bench "$pattern" -benchmem ./...
if [ -f bench/go.mod ]; then
    (cd bench && go test -run '^$' -bench "$pattern" -benchmem ./...)
fi
