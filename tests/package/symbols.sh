#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the symbol table of libferric.so: it exports every function of the public header, and
# nothing whose name does not begin with ferric_.
#
# Usage: symbols.sh LIBRARY HEADER COMPILER
set -eu
export LC_ALL=C.UTF-8
library=$1 header=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u >"$work/exported"
if ! [ -s "$work/exported" ]; then
    echo "$library exports nothing"
    exit 1
fi
if grep -v '^ferric_' "$work/exported"; then
    echo "the names above are exported and do not begin with ferric_"
    exit 1
fi

# Declarations as the compiler sees them, one statement a line, without bodies and types in braces.
include=$(dirname "$(dirname "$header")")
"$compiler" -E -P -I "$include" "$header" | tr '\n' ' ' |
    sed ':inner; s/{[^{}]*}/;/g; t inner' | tr ';' '\n' |
    grep -v -e typedef -e inline |
    sed -n 's/.*\(\<ferric_[a-z0-9_]*\) *(.*/\1/p' | sort -u >"$work/declared"
if ! [ -s "$work/declared" ]; then
    echo "found no function in $header"
    exit 1
fi
if ! comm -23 "$work/declared" "$work/exported" >"$work/missing" || [ -s "$work/missing" ]; then
    cat "$work/missing"
    echo "the functions above are declared in $(basename "$header") and not exported"
    exit 1
fi
echo "$(wc -l <"$work/exported") symbols exported, $(wc -l <"$work/declared") functions declared"
