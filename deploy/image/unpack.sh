#!/bin/sh
# unpack.sh GROUP FOLDER: what the lock has of a group, fetched, held to its hashes and unpacked.
#
# From DEBIAN_MIRROR, and what that no longer has from DEBIAN_SNAPSHOT, Debian's archive of all it ever
# had, as of the day of the lock. No script of a package runs: finish.sh does what is left to do.
set -eu
group=$1 root=$2
here=$(dirname "$0")
lock=$here/debian-$(dpkg --print-architecture).lock
fetched=${FETCHED:-/var/cache/fetched}
mirror=${DEBIAN_MIRROR:-}
snapshot=${DEBIAN_SNAPSHOT:-}
day=$(sed -n 's/^# snapshot //p' "$lock")

locked() { awk -v group="$group" '$2 == group { print $1, $3 }' "$lock"; }

# URLs with the hashes they must have, for those that are not there yet; "+" and "~" as mirrors want them.
missing() {
    locked | while read -r hash path; do
        file=$fetched/${path##*/}
        [ -e "$file" ] || case $1 in
        mirror) echo "$mirror/$path $file SHA256:$hash" ;;
        snapshot) echo "$snapshot/${path%%/*}/$day/${path#*/} $file SHA256:$hash" ;;
        esac
    done
}

fetch() {
    # shellcheck disable=SC2046  # words are what is wanted: none has a space
    set -- $(missing "$1")
    [ $# -eq 0 ] || /usr/lib/apt/apt-helper -q=2 -o APT::Sandbox::User=root download-file "$@" >/dev/null
}

mkdir -p "$fetched" "$root/var/lib/dpkg/status.d"
fetch mirror || fetch snapshot || {
    echo "neither $mirror nor $snapshot has all of $lock; make lock-debian takes what there is today" >&2
    exit 1
}
locked | while read -r hash path; do echo "$hash  $fetched/${path##*/}"; done | sha256sum --quiet -c

# As Debian has them since the merge of /usr; packages still name the old places.
for link in bin lib lib64 sbin; do
    mkdir -p "$root/usr/$link"
    ln -s "usr/$link" "$root/$link"
done
locked | while read -r _ path; do
    archive=$fetched/${path##*/}
    dpkg-deb --fsys-tarfile "$archive" |
        tar -x -C "$root" --keep-directory-symlink --exclude-from="$here/left-out-debian.txt"
    dpkg-deb -f "$archive" >"$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$archive" Package)"
done
# What is laid over the first group must not replace its links.
[ "$group" = runtime ] || find "$root" -maxdepth 1 -type l -delete
# Licences stay, and nothing else of the documentation.
find "$root/usr/share/doc" -type f ! -name copyright -delete 2>/dev/null || true
