#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program on small file systems of its own, and prints on which: tmpfs in a user namespace,
# which needs no privilege; on loop devices, where the user is root, ext4, and at full scale XFS and
# Btrfs. Exits with 77, saying why, when none can be made.
#
# usage: full_disk.sh PROGRAM
#
# FERRIC_FULL_DISK, names between blanks, chooses others.
set -u
program=$1
wanted="tmpfs ext4"
[ "${FERRIC_TEST_SCALE:-20}" -lt 100 ] || wanted="$wanted xfs btrfs"
wanted=${FERRIC_FULL_DISK:-$wanted}
directory=$(mktemp -d "${TMPDIR:-/tmp}/ferric-full-XXXXXX") || exit 1
# shellcheck disable=SC2317
tidy_up() {
    umount "$directory/disk" 2>/dev/null
    rm -f "$directory/image" "$directory/why"
    rmdir "$directory/disk" "$directory" 2>/dev/null
}
trap tidy_up EXIT
trap 'exit 1' HUP INT TERM
mkdir "$directory/disk" || exit 1
ran=0

# on_tmpfs MIB: the mount lives and dies with the namespace.
on_tmpfs() {
    if ! unshare -rm mount -t tmpfs -o "size=$1m" tmpfs "$directory/disk" 2>"$directory/why"; then
        echo "full_disk: no tmpfs in a namespace: $(cat "$directory/why")"
        return
    fi
    echo "full_disk: on tmpfs of $1 MiB in a user namespace"
    ran=1
    # shellcheck disable=SC2016
    unshare -rm sh -c 'mount -t tmpfs -o "size=$3m" tmpfs "$1" && exec "$2" "$1"' \
        sh "$directory/disk" "$program" "$1" || exit 1
}

# on_loop MIB TYPE MKFS...: a file system in a file.
on_loop() {
    mib=$1 type=$2
    shift 2
    rm -f "$directory/image"
    if [ "$(id -u)" != 0 ]; then
        echo "full_disk: no $type on a loop device: the user is not root"
    elif truncate -s "${mib}M" "$directory/image" &&
        "$@" "$directory/image" >"$directory/why" 2>&1 &&
        mount -t "$type" -o loop "$directory/image" "$directory/disk" 2>>"$directory/why"; then
        echo "full_disk: on $type of $mib MiB on a loop device"
        ran=1
        "$program" "$directory/disk" || exit 1
        umount "$directory/disk" || exit 1
    else
        echo "full_disk: no $type on a loop device: $(tail -n 1 "$directory/why")"
    fi
}

for type in $wanted; do
    case $type in
    tmpfs) on_tmpfs 64 ;;
    ext4) on_loop 64 ext4 mkfs.ext4 -q -F ;;
    xfs) on_loop 320 xfs mkfs.xfs -q -f ;; # It is made no smaller than 300 MiB.
    btrfs) on_loop 128 btrfs mkfs.btrfs -q -f ;;
    *)
        echo "full_disk: there is no file system called $type here" >&2
        exit 2
        ;;
    esac
done

if [ "$ran" = 0 ]; then
    echo "full_disk: SKIPPED: this machine lets this user mount neither tmpfs nor a loop device"
    exit 77
fi
