#!/bin/sh
# Installs Debian's Chromium where the machine has neither it nor Chrome.
#
# With the argument `headless`, for tests: Debian's chromium-headless-shell, the same engine without a window. It loads
# a page with two thirds of the work. Where it cannot be had, the Chromium or Chrome of the machine does as well.
set -eu

wanted=${1:-chromium}
found=
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then found=$name; fi
done

if [ "$wanted" = headless ]; then
    if command -v chromium-headless-shell >/dev/null; then exit 0; fi
elif [ -n "$found" ]; then
    exit 0
fi

as_root=
if [ "$(id -u)" != 0 ]; then
    if [ -n "$found" ]; then exit 0; fi
    as_root="sudo -n"
fi
if ! command -v apt-get >/dev/null; then
    if [ -n "$found" ]; then exit 0; fi
    echo "The browser tests need Chromium or Chrome, and none was found. Install one and try again." >&2
    exit 1
fi
if [ -n "$as_root" ] && ! $as_root true 2>/dev/null; then
    echo "The browser tests need Chromium, and only root can install it: sudo apt-get install chromium" >&2
    exit 1
fi

has_headless_shell() { apt-cache show chromium-headless-shell >/dev/null 2>&1; }
install() {
    echo "Installing $1 ..."
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$1" fonts-liberation \
        >/dev/null
}

if [ -n "$found" ]; then
    if has_headless_shell; then install chromium-headless-shell || echo "It failed: the tests use $found."; fi
    exit 0
fi
$as_root apt-get update -qq
if [ "$wanted" = headless ] && has_headless_shell; then install chromium-headless-shell; else install chromium; fi
