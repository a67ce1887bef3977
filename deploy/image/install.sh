#!/bin/sh
# install.sh LOCK REPORT       into /opt/polycue what it lacks of the lock, held to its hashes
# install.sh WHEELS REPORT     ... the wheels of that folder
# install.sh --new-since FILE FOLDER    a copy of all that was written after FILE, for a layer of its own
#
# The report is pip's: what was installed, from which archive, with which SHA-256.
set -eu
if [ "$1" = --new-since ]; then
    mkdir -p "$3"
    cd /
    find opt/polycue usr/lib/python3* -newer "$2" ! -type d -exec cp -a --parents -t "$3" {} +
    exit
fi
mkdir -p "$(dirname "$2")"
# Source archives are built by the setuptools of requirements-build.lock, and what else is there is
# not to be seen: pip would take it for installed.
site=/opt/build/lib/python3.11/site-packages
mkdir -p /opt/setuptools
ln -sf "$site"/setuptools* "$site"/_distutils_hack "$site"/pkg_resources /opt/setuptools/ 2>/dev/null || true
if [ -d "$1" ]; then
    set -- "$2" --no-index "$1"/*.whl
else
    set -- "$2" --require-hashes -r "$1"
fi
report=$1
shift
# --no-deps: the lock is whole, and argostranslate's own list would bring torch (overrides.txt).
PYTHONPATH=/opt/setuptools /opt/build/bin/pip --python /opt/polycue/bin/python install \
    --no-deps --no-build-isolation --no-compile --report "$report" "$@"
