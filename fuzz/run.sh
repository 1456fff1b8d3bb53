#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a libFuzzer program on inputs that it makes of those in the folders, which are only read.
# Below a FERRIC_TEST_SCALE of 100 (20 when not set) it tries RUNS inputs, the same ones each time.
# At 100 it goes on for 20 seconds, or FERRIC_FUZZ_SECONDS, with the inputs that earlier runs found,
# which are kept beside the program. FERRIC_TEST_SEED chooses other inputs.
# Fails when an input failed, or fewer than RUNS were tried (a quarter of them in 20 seconds). An
# input that failed is kept in PROGRAM.crashes; PROGRAM FILE runs it again.
#
# Usage: run.sh PROGRAM RUNS FOLDER...
set -eu
program=$1 runs=$2
shift 2
scale=${FERRIC_TEST_SCALE:-20} seconds=${FERRIC_FUZZ_SECONDS:-}
found=$program.found seed=${FERRIC_TEST_SEED:-1}
[ -n "$seconds" ] || [ "$scale" -lt 100 ] || seconds=20
if [ -n "$seconds" ]; then
    limit=-max_total_time=$seconds runs=$((runs / 4))
else
    rm -rf "$found"
    limit=-runs=$runs
fi
mkdir -p "$found" "$program.crashes"

# libFuzzer's numbers have 32 bits, and 0 would let it choose.
seed=$((seed % 4294967295 + 1))
status=0
"$program" -seed="$seed" "$limit" -print_final_stats=1 -timeout=60 -rss_limit_mb=2048 \
    -artifact_prefix="$program.crashes/" "$found" "$@" >"$program.log" 2>&1 || status=$?
tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$program.log")
tail -n 40 "$program.log"
name=$(basename "$program")
echo "figure: $name ${tried:-0} inputs (floor $runs), seed $seed${seconds:+, $seconds s}"
if [ "$status" -eq 0 ] && [ "${tried:-0}" -ge "$runs" ]; then
    echo "1 passed, 0 failed"
else
    echo "0 passed, 1 failed"
    exit 1
fi
