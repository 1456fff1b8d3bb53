#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines that tests ran, for the parts of the engine that have a floor of their own.

usage: coverage_parts.py SUMMARY

SUMMARY is what `gcovr --json-summary` wrote. Prints a line for each part. Exits with 1 when one is
below its floor or has no file, so that a part whose files were renamed does not pass unseen.
"""
import json
import re
import sys

# Name, floor in percent, and the files that it is made of.
PARTS = [
    ("log", 95, r"src/format/(record_log|log_ring|frame).*|src/lsm/(log_|recovery).*"),
    ("memtable", 90, r"src/lsm/(memtable|skiplist)\.c|src/base/arena\.c"),
    ("table reader and writer", 90,
     r"src/format/(table|block|filter|keydir|compression).*|src/lsm/table_.*"),
    ("engine", 90, r"src/(base|crypto|format|lsm|os|txn)/.*"),
    ("documents", 85, r"src/doc/.*"),
]


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    is_good = True
    for name, floor, pattern in PARTS:
        chosen = [each for each in files if re.fullmatch(pattern, each["filename"])]
        total = sum(each["line_total"] for each in chosen)
        covered = sum(each["line_covered"] for each in chosen)
        percent = 100 * covered / total if total else 0
        is_enough = total > 0 and percent >= floor
        is_good = is_good and is_enough
        verdict = "" if is_enough else ", BELOW ITS FLOOR"
        print(f"figure: coverage of {name} {percent:.1f}% of {total} lines (floor {floor}%)"
              f"{verdict}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
