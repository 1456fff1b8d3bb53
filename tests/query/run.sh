#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs one comparison, or says why it cannot run. Usage: run.sh SCRIPT PROGRAM
set -eu
cd "$(dirname "$0")"
if ! node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null; then
    echo "query: SKIPPED: node of version 18 or newer is not here"
    exit 77
fi
if [ ! -d node_modules/mingo ]; then
    echo "query: SKIPPED: what is compared with is not here (npm ci --ignore-scripts)"
    exit 77
fi
exec node "$1" "$2"
