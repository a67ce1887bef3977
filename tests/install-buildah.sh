#!/bin/sh
# Install what builds the images where we may, else say how. Called by `make image-test` when it is
# missing: buildah, which needs no daemon, and debootstrap for a Debian to fetch with.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "buildah or debootstrap is missing: installing them with apt-get ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        buildah debootstrap >/dev/null
    exit 0
fi
echo "buildah or debootstrap is missing. Install them and run make again, as root, for example with:"
echo "  apt-get install buildah debootstrap"
exit 1
