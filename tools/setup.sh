#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what Ferric needs from Debian 12, and only what is missing: a second run needs neither
# root nor the network. Works on a bare system: plain sh, and apt-get is all it calls.
#
# Usage: tools/setup.sh build|check|bench
#   build  to compile the library, the program and its man pages
#   check  the same and all that ./check uses
#   bench  the same as build and the engines that the benchmarks compare with
# Exit: 0 all is there, 1 apt failed, 2 somebody must install it first or the usage was wrong.
set -eu
export LC_ALL=C.UTF-8

build_packages="gcc g++ cmake ninja-build pkg-config libc6-dev libxxhash-dev liblz4-dev libzstd-dev
    zlib1g-dev libedit-dev libsimdjson-dev libpcre2-dev libssl-dev libargon2-dev ca-certificates
    scdoc python3"
check_packages="libcmocka-dev libgcrypt20-dev python3-cryptography-vectors argon2 clang clang-format
    clang-tidy libclang-rt-14-dev valgrind gcovr python3-pexpect tmux faketime fiu-utils e2fsprogs
    xfsprogs btrfs-progs util-linux mount procps mandoc shellcheck"
bench_packages="librocksdb-dev libleveldb-dev liblmdb-dev libsqlite3-dev libsqlcipher-dev
    libwiredtiger-dev"

case "${1-}" in
build) wanted=$build_packages ;;
check) wanted="$build_packages $check_packages" ;;
bench) wanted="$build_packages $bench_packages" ;;
*)
    echo "usage: tools/setup.sh build|check|bench" >&2
    exit 2
    ;;
esac

# Whether node and npm of version 18 or newer are here, from wherever. Debian's packages would not
# stand beside another source's, so they are wanted only where there are none.
has_node() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}
if [ "$1" = check ] && ! has_node; then wanted="$wanted nodejs npm"; fi

# What the document language is compared with (tests/query). Without it these tests say so and are
# skipped, so a registry that cannot be reached stops nothing.
install_peers() {
    folder=$(dirname "$0")/../tests/query
    [ "$1" = check ] || return 0
    installed=$folder/node_modules/.package-lock.json
    if [ -f "$installed" ] && [ -z "$(find "$folder/package-lock.json" -newer "$installed")" ]; then
        return 0
    fi
    # One more try at once: without a network npm would wait for minutes.
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
        --fetch-retry-mintimeout=1000) ||
        echo "setup: npm could not install what tests/query compares with; these are skipped"
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not Debian, so nothing is installed; the build needs the counterparts of:"
    # Word splitting is wanted here and below: the lists are separated by white space.
    # shellcheck disable=SC2086
    echo $wanted
    exit 0
fi

missing=
for package in $wanted; do
    # Only "installed" counts: a removed package whose configuration remains is still known to dpkg.
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "setup: nothing is missing for $1"
    install_peers "$1"
    exit 0
fi
echo "setup: missing for $1:$missing"

apt_get="apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
install="install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    echo "setup: not root, and no sudo that works here. Let an administrator run this line:"
    echo "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get $install"
    exit 2
fi

# A source that cannot be reached (a third party's, say) need not stop us: the install will tell.
# shellcheck disable=SC2086
$as_root $apt_get update || echo "setup: apt-get update failed; trying with the lists of before"
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive $apt_get $install || {
    echo "setup: apt could not install$missing"
    exit 1
}
echo "setup: installed"
install_peers "$1"
