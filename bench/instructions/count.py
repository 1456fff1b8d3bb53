#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of each workload of ferric-instructions and holds them to figures.csv.

A figure that is off by more than 3%, either way, fails: who makes an operation dearer or cheaper
says so by committing the new figure (--update) with the change.

Usage: count.py PROGRAM --compiler "ID VERSION CPU" [--update] [WORKLOAD...]
Exit: 0 all hold, 1 one does not, 77 not comparable here (another compiler or CPU).
"""
import argparse
import csv
import pathlib
import re
import subprocess
import sys

FIGURES = pathlib.Path(__file__).with_name("figures.csv")
TOLERANCE = 0.03
SKIPPED = 77
COLLECTED = re.compile(r"Collected : (\d+)")


def read_figures():
    with open(FIGURES, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0][0].removeprefix("# "), {name: float(figure) for name, figure in rows[2:]}


def write_figures(compiler, figures):
    with open(FIGURES, "w", encoding="utf-8", newline="") as file:
        file.write(f"# {compiler}\nworkload,instructions per operation\n")
        file.writelines(f"{name},{figure:.1f}\n" for name, figure in figures.items())


def names_of(program):
    usage = subprocess.run([program], capture_output=True, text=True, check=False).stderr
    return usage.split("workloads:")[1].split()


def count(program, name):
    """Instructions per operation inside `measured`, without what prepares it."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         "--toggle-collect=measured", program, name],
        capture_output=True, text=True, check=False)
    found = COLLECTED.search(run.stderr)
    if run.returncode != 0 or found is None or int(found.group(1)) == 0:
        sys.exit(f"count: {name}: exit {run.returncode}\n{run.stderr}")
    return int(found.group(1)) / int(run.stdout)


def why_not_here(compiler, expected):
    """What the figures rest on beside the source: compiler, and the C library's choice by CPU."""
    if compiler != expected:
        return f"the figures are for {expected}, this build is by {compiler}"
    if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split():
        return "the figures are for a CPU with AVX2"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_intermixed_args()
    expected, figures = read_figures() if FIGURES.exists() else (options.compiler, {})
    reason = why_not_here(options.compiler, expected)
    if reason and not options.update:
        print(f"skipped: {reason}")
        return SKIPPED
    names = options.workloads or names_of(options.program)
    counted = {name: count(options.program, name) for name in names}
    if options.update:
        write_figures(options.compiler, {**figures, **counted})
        return 0
    worst = 0
    for name, figure in counted.items():
        change = figure / figures[name] - 1 if name in figures else float("inf")
        worst = max(worst, abs(change))
        verdict = "" if abs(change) <= TOLERANCE else "  <- more than 3% off"
        print(f"{name:14} {figure:10.1f} committed {figures.get(name, 0):10.1f} "
              f"{change:+7.1%}{verdict}")
    if worst > TOLERANCE:
        print(f"If the change is meant: {sys.argv[0]} --update with the same arguments, and commit "
              "figures.csv with the reason.")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
