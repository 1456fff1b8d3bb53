#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that a stripped copy of a library stays within a number of bytes.
#
# Usage: size.sh LIBRARY BYTES
set -eu
library=$1 limit=$2
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT

strip --strip-unneeded -o "$copy" "$library"
size=$(wc -c <"$copy")
echo "$(basename "$library"): $size bytes stripped, $limit allowed"
[ "$size" -le "$limit" ]
