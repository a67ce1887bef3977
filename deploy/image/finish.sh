#!/bin/sh
# finish.sh FOLDER: what the scripts of the packages would have done, as far as it is of use here.
set -eu
root=$1

# Who there is. Root has no shell to log in with, and nothing runs as root.
cat >"$root/etc/passwd" <<EOF
root:x:0:0:root:/root:/usr/sbin/nologin
polycue:x:10001:10001:polycue:/var/lib/polycue:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
EOF
cat >"$root/etc/group" <<EOF
root:x:0:
polycue:x:10001:
nogroup:x:65534:
EOF
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# All authorities in one file, where Python's TLS and everybody else's look for it.
mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"

# Debian chooses between several makers of these two by links that a script sets.
echo 'include /etc/ld.so.conf.d/*.conf' >"$root/etc/ld.so.conf"
for library in "$root"/usr/lib/*/blas "$root"/usr/lib/*/lapack; do
    echo "${library#"$root"}"
done >"$root/etc/ld.so.conf.d/chosen.conf"
ldconfig -r "$root"
rm -rf "$root/var/cache/ldconfig"

mkdir -p "$root/var/tmp"
chmod 1777 "$root/tmp" "$root/var/tmp"
install -d -o 10001 -g 10001 "$root/var/lib/polycue" "$root/var/lib/polycue/models"
