#!/bin/sh
# Installs Debian's Chromium for the browser tests where the machine has neither it nor Chrome.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

if ! command -v apt-get >/dev/null; then
    echo "The browser tests need Chromium or Chrome, and none was found. Install one and try again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "The browser tests need Chromium, and only root can install it: sudo apt-get install chromium" >&2
    exit 1
fi
echo "Installing Chromium ..."
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-liberation >/dev/null
