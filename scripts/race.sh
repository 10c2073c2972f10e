#!/usr/bin/env bash
# The tests under the race detector, which also checks pointer arithmetic, of the packages that have something for it to
# see: those which start goroutines, share memory between them or use unsafe. The others would only run slower.
#
#   scripts/race.sh [FLAGS of go test]
set -eu
cd "$(dirname "$0")/.."

concurrent='^[[:space:]]*go (func|[a-zA-Z])|"sync"|"sync/atomic"|errgroup"|"unsafe"|internal/(bulk|chunk)"'
packages=()
while read -r dir; do
    mapfile -t sources < <(find "$dir" -maxdepth 1 -name '*.go' ! -name '*_test.go')
    ! grep -qE "$concurrent" "${sources[@]}" || packages+=("$dir")
done < <(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...)

# Tests of one goroutine that take long under the race detector, which has nothing to say of them: they measure memory
# and depth, change every byte of a file, or read many fixtures one by one.
skip=(
    Memory '^TestDe(ep|pth)' '^TestGopickle' '^TestFixtures' '^TestKeyIndex' '^TestKept' LyingSizes '^TestNPZLimits'
    '^TestCompressionRatio' '^TestAppendE18' '^TestAddToHostile' '^TestRewrite' '^TestImports' '^TestUnsafe'
    '^TestRootIsSmall' '^TestFoldersHave' '^TestPrefixesAndFlips' '^TestTally' '^TestHostileParquet'
)
go test -race -short -timeout 20m -skip "$(IFS='|'; echo "${skip[*]}")" "$@" "${packages[@]}"
