#!/usr/bin/env bash
# Makes the pictures of docs/images again: what unpkl prints on a terminal, as SVG, and the page of unpkl serve in
# Chromium, as PNG.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
go build -o "$folder/unpkl" ./cmd/unpkl
mkdir -p docs/images
shot() { python3 scripts/terminal_svg.py "docs/images/$1.svg" 100 "$folder/unpkl" "$@"; }
shot info testdata/command/mix.pkl
shot head testdata/command/table.pkl
shot diff testdata/command/left.pkl testdata/command/right.pkl
shot stats testdata/command/numbers.pkl
scripts/browser.sh "$folder" > /dev/null
for name in serve-map serve-table; do
    [ -f "$folder/$name.png" ] && cp "$folder/$name.png" docs/images/
done
du -ch docs/images/* | tail -1
