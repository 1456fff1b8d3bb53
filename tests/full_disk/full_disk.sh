#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program on small file systems of its own: tmpfs in a user namespace, which needs no
# privilege, and ext4 on a loop device where the user is root. Exits with 77, saying why, when
# neither can be made.
#
# usage: full_disk.sh PROGRAM
set -u
program=$1
directory=$(mktemp -d "${TMPDIR:-/tmp}/ferric-full-XXXXXX") || exit 1
# shellcheck disable=SC2317
tidy_up() {
    umount "$directory/disk" 2>/dev/null
    rm -f "$directory/image" "$directory/why"
    rmdir "$directory/disk" "$directory" 2>/dev/null
}
trap tidy_up EXIT
mkdir "$directory/disk" || exit 1
ran=0

# The mount lives and dies with the namespace.
if unshare -rm mount -t tmpfs -o size=64m tmpfs "$directory/disk" 2>"$directory/why"; then
    echo "full_disk: on tmpfs of 64 MiB in a user namespace"
    ran=1
    # shellcheck disable=SC2016
    unshare -rm sh -c 'mount -t tmpfs -o size=64m tmpfs "$1" && exec "$2" "$1"' \
        sh "$directory/disk" "$program" || exit 1
else
    echo "full_disk: no tmpfs in a namespace: $(cat "$directory/why")"
fi

if [ "$(id -u)" = 0 ] && truncate -s 64M "$directory/image" &&
    mkfs.ext4 -q -F "$directory/image" 2>"$directory/why" &&
    mount -o loop "$directory/image" "$directory/disk" 2>>"$directory/why"; then
    echo "full_disk: on ext4 of 64 MiB on a loop device"
    ran=1
    "$program" "$directory/disk" || exit 1
else
    echo "full_disk: no ext4 on a loop device: $(cat "$directory/why" 2>/dev/null)"
fi

if [ "$ran" = 0 ]; then
    echo "full_disk: SKIPPED: this machine lets this user mount neither tmpfs nor a loop device"
    exit 77
fi
