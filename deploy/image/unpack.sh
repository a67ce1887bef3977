#!/bin/sh
# unpack.sh GROUP FOLDER: what the lock has of a group, fetched, held to its hashes and unpacked.
#
# From the mirror (mirror.sh), and what that no longer has from DEBIAN_SNAPSHOT, if it is given: the
# address of an archive of Debian's snapshots, all it ever had, here as of the day of the lock.
# No script of a package runs: finish.sh does what is left to do.
set -eu
group=$1 root=$2
here=$(dirname "$0")
lock=$here/debian-$(dpkg --print-architecture).lock
fetched=${FETCHED:-/var/cache/fetched}
debian=$(sh "$here/mirror.sh" debian)
security=$(sh "$here/mirror.sh" debian-security)
snapshot=${DEBIAN_SNAPSHOT:-}
day=$(sed -n 's/^# snapshot //p' "$lock")

locked() { awk -v group="$group" '$2 == group { print $1, $3 }' "$lock"; }

# URLs with the hashes they must have, for those that are not there yet; "+" and "~" as mirrors want them.
missing() {
    locked | while read -r hash path; do
        file=$fetched/${path##*/}
        [ -e "$file" ] || case $1 in
        mirror)
            case $path in debian-security/*) mirror=$security ;; *) mirror=$debian ;; esac
            echo "$mirror/$path $file SHA256:$hash"
            ;;
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
fetch mirror || { [ -n "$snapshot" ] && fetch snapshot; } || {
    echo "neither $debian nor ${snapshot:-DEBIAN_SNAPSHOT, which is not given,} has all of $lock." \
        "Give DEBIAN_SNAPSHOT, the address of an archive of Debian's snapshots (it has" \
        "debian/$day below it), or take what there is today with make lock-debian" >&2
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
