#!/bin/sh
# Install PostgreSQL's server where we may, else say how. Called by `make test-faults` when it is
# missing. The tests run a private one on a socket of their own; Debian's own cluster is not made.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "PostgreSQL is missing: installing its server with apt-get ..."
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    exit 0
fi
echo "PostgreSQL's server is missing. Install it and run make again, for example with one of:"
echo "  sudo apt-get install postgresql     sudo dnf install postgresql-server"
exit 1
