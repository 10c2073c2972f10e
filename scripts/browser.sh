#!/usr/bin/env bash
# Tests the page of unpkl serve in Chromium without a window, which is installed first where that can
# be done with apt-get. Where there is none the tests are skipped, with a message.
#
#     scripts/browser.sh             the screenshots go into .screenshots
#     scripts/browser.sh FOLDER      they go into FOLDER
set -eu
cd "$(dirname "$0")/.."
shots=$(mkdir -p "${1:-.screenshots}" && cd "${1:-.screenshots}" && pwd)

found() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! found > /dev/null && command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
    (timeout 120 apt-get update && timeout 240 apt-get install -y --no-install-recommends chromium) > /dev/null 2>&1 || true
fi
if ! found > /dev/null; then
    echo "scripts/browser.sh: skipped, no Chromium is installed"
    exit 0
fi
cd internal/serve/browser
go vet ./...
UNPKL_SCREENSHOTS=$shots UNPKL_BROWSER_REQUIRED=1 go test -count=1 ./...
