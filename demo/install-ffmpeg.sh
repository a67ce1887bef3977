#!/bin/sh
# Install ffmpeg where we may, else say how. Called by `make` when ffmpeg is not on the PATH.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "ffmpeg is missing: installing it with apt-get ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null
    exit 0
fi
echo "ffmpeg is missing. Install it and run make again, for example with one of:"
echo "  sudo apt-get install ffmpeg     sudo dnf install ffmpeg     brew install ffmpeg"
exit 1
