#!/bin/sh
# mirror.sh SITE: below which address the mirror has SITE, debian or debian-security.
#
# DEBIAN_MIRROR, where it is given, has both. Else that is asked from which apt's sources take the site,
# and where they have none of it, as debootstrap leaves them, it is looked for beside debian.
set -eu

of_apt() { apt-get --print-uris update | sed -n "s|^'\(.*\)/$1/dists/.*|\1|p" | head -n 1; }

mirror=${DEBIAN_MIRROR:-$(of_apt "$1")}
mirror=${mirror:-$(of_apt debian)}
[ -n "$mirror" ] || {
    echo "apt's sources name no mirror of Debian's: say with DEBIAN_MIRROR below which address debian" \
        "and debian-security are" >&2
    exit 1
}
echo "${mirror%/}"
