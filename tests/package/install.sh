#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs a build into an empty prefix, moves it, and uses it as a stranger would: user.c is
# compiled through pkg-config (shared and static) and through find_package, and run.
#
# Usage: install.sh BUILD_FOLDER THIS_FOLDER COMPILER
set -eu
export LC_ALL=C.UTF-8
build=$1 here=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/prefix"
prefix=$work/prefix
config=$(find "$prefix" -name ferric.pc)
libraries=$(dirname "$(dirname "$config")")
export PKG_CONFIG_PATH="${config%/ferric.pc}"

use() {
    rm -rf "$work/db"
    LD_LIBRARY_PATH=$libraries "$@" "$work/db"
    echo "used: $(basename "$1")"
}

# Word splitting is wanted: pkg-config prints several arguments.
# shellcheck disable=SC2046
"$compiler" -std=c11 -o "$work/through_pkg_config" "$here/user.c" \
    $(pkg-config --cflags --libs ferric)
use "$work/through_pkg_config"
# The program that the README begins with, and what it says that is printed.
awk '/^```c$/ { inside = 1; print "#include <stdio.h>"; next }
    /^```$/ && inside { print "}"; exit }
    inside && /^#include/ { print; print "int main(void)\n{"; next }
    inside' "$here/../../README.md" >"$work/readme.c"
# shellcheck disable=SC2046
"$compiler" -std=c11 -Wall -Wextra -Werror -o "$work/readme" "$work/readme.c" \
    $(pkg-config --cflags --libs ferric)
printed=$(cd "$work" && LD_LIBRARY_PATH=$libraries ./readme)
if ! grep -qF "// $printed" "$work/readme.c"; then
    echo "the README's program printed $printed"
    exit 1
fi
echo "used: readme"

mkdir "$work/static"
cp "$libraries/libferric.a" "$work/static"
# shellcheck disable=SC2046
"$compiler" -std=c11 -o "$work/through_pkg_config_static" "$here/user.c" \
    $(pkg-config --cflags ferric) -L"$work/static" \
    $(pkg-config --static --libs-only-l ferric) -pthread
use "$work/through_pkg_config_static"

cmake -G Ninja -S "$here/find_package" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$compiler" -DUSER_SOURCE="$here/user.c" >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
use "$work/build/user_shared"
use "$work/build/user_static"

# The manual is there if the build had what makes it.
manual=$prefix/share/man/man3/ferric_open.3
[ -e "$build/docs/man3/ferric_open.3" ] || manual=
for file in "$prefix/include/ferric/ferric.h" "$libraries/libferric.so.0" $manual; do
    [ -e "$file" ] || { echo "not installed: $file"; exit 1; }
done
if ! ldd "$work/through_pkg_config" | grep -q 'libferric\.so\.0' ||
    ldd "$work/build/user_static" | grep -q libferric; then
    echo "a program was linked with the wrong kind of library"
    exit 1
fi
