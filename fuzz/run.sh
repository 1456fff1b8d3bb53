#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a libFuzzer program for FERRIC_FUZZ_SECONDS (20 when not set), beginning with a corpus that
# is only read; what it finds is kept beside the program. Fails when the target was not called.
#
# Usage: run.sh PROGRAM CORPUS
set -eu
program=$1 corpus=$2
found=$program.found
mkdir -p "$found" "$found/crashes"
[ -d "$corpus" ] || corpus=

status=0
"$program" -max_total_time="${FERRIC_FUZZ_SECONDS:-20}" -print_final_stats=1 -timeout=10 \
    -rss_limit_mb=2048 -artifact_prefix="$found/crashes/" "$found" ${corpus:+"$corpus"} \
    >"$program.log" 2>&1 || status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$program.log")
tail -n 40 "$program.log"
echo "figure: $(basename "$program") ${runs:-0} inputs"
[ "$status" -eq 0 ] && [ "${runs:-0}" -gt 0 ]
