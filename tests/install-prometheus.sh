#!/bin/sh
# Put Debian's Prometheus into .prometheus, where the tests of the monitoring look for it; called by
# `make test-eyes` when it is missing. It is only unpacked: a package that is installed starts a server.
set -eu
folder=$(cd "$(dirname "$0")/.." && pwd)/.prometheus
if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    echo "Prometheus is missing: fetching Debian's package ..."
    room=$(mktemp -d)
    trap 'rm -rf "$room"' EXIT
    cd "$room"
    [ "$(id -u)" != 0 ] || apt-get update -qq
    apt-get download -qq prometheus 2>/dev/null
    rm -rf "$folder"
    mkdir "$folder"
    dpkg-deb --fsys-tarfile prometheus_*.deb |
        tar -x -C "$folder" --strip-components=3 ./usr/bin/prometheus ./usr/bin/promtool
    exit 0
fi
echo "Prometheus is missing. Put prometheus and promtool (2.40 or newer) on the PATH and run make again."
exit 1
