#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tools/test_report.py counts what ran and never takes a failure for a pass."""
import os
import subprocess
import sys
import tempfile

REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools",
                      "test_report.py")
CMOCKA = "[==========] Running 3 test(s).\n[  SKIPPED ] test_c\n[  PASSED  ] 2 test(s).\n"
CMOCKA_BAD = "[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] test_b\n"

# (what it is, status, text in <skipped> or None, output, the expected last line)
CASES = [
    ("cmocka cases are counted", "run", None, CMOCKA, "2 0"),
    ("two groups of cmocka are added", "run", None, CMOCKA + CMOCKA, "4 0"),
    ("a failed cmocka case", "fail", None, CMOCKA_BAD, "2 1"),
    ("a cmocka program that died", "fail", None, "[ RUN      ] test_a\nSegmentation fault\n",
     "0 1"),
    ("a leak after all cases passed", "fail", None, CMOCKA + "LeakSanitizer: ...\n", "0 1"),
    ("a harness", "run", None, "figure: crash 7 disks\n7 passed, 0 failed\n", "7 0"),
    ("a harness that failed", "fail", None, "6 passed, 1 failed\n", "6 1"),
    ("a harness that failed and forgot to say so", "run", None, "6 passed, 1 failed\n", "6 1"),
    ("a harness that ran nothing", "run", None, "0 passed, 0 failed\n", "0 1"),
    ("another test", "run", None, "fine\n", "1 0"),
    ("another test that failed", "fail", None, "", "0 1"),
    ("a program that is missing", "notrun", "Unable to find executable", "", "0 1"),
    ("a test that asks to be skipped", "notrun", "SKIP_RETURN_CODE=77", "", "0 0"),
]


# (what it is, status, output, the expected lines of docs/soak.csv)
CSV_CASES = [
    ("a figure of each kind", "run",
     "figure: crash 7 disks (floor 5)\nfigure: crash 3 after a second loss, too\n"
     "7 passed, 0 failed\n",
     ["c0,crash disks,9,7,1,0", "c0,crash after a second loss; too,9,3,1,0"]),
    ("a harness without a figure", "run", "7 passed, 0 failed\n", ["c0,a cases,9,7,1,0"]),
    ("a harness that died", "fail", "", ["c0,a cases,9,0,1,1"]),
]

# (what it is, text in <skipped> or None, output, the line about it)
SKIP_CASES = [
    ("a harness with its reason", "SKIP_RETURN_CODE=77", "a: SKIPPED: no mounts\n",
     "skipped: a: no mounts"),
    ("a harness without", "SKIP_RETURN_CODE=77", "", "skipped: a: no reason given"),
    ("a case with its reason, which is listed twice", None,
     "SKIPPED: no ring\n[  SKIPPED ] test_x\n[  SKIPPED ] 1 test(s), listed below:\n"
     "[  SKIPPED ] test_x\n[  PASSED  ] 2 test(s).\n", "skipped: a: test_x: no ring"),
]


# Two rounds: a harness with two figures counts its seconds and failures once, and so does its
# second time on encrypted databases.
SOAK = """commit,harness,seed,count,seconds,failures
c0,crash disks,1000001,5,60,1
c0,crash after a second loss,1000001,3,60,1
c1,crash disks,90000002,2,30,0
c1,encrypted crash disks,90000002,4,60,0
"""
SOAK_LINES = [
    "c0, seed 1000001, 1970-01-01 00:16: 1 harnesses, 1.0 minutes one after another, 1 failures",
    "c1, seed 90000002, 1970-01-02 01:00: 2 harnesses, 1.5 minutes one after another, 0 failures",
    "rounds without a failure: 1.5 minutes one after another",
    "crash disks: 7",
    "crash after a second loss: 3",
    "encrypted crash disks: 4",
]


def soak():
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(SOAK)
        file.flush()
        done = subprocess.run([sys.executable, REPORT, "soak", file.name], capture_output=True,
                              text=True, check=False)
    return done.stdout.splitlines() or [done.stderr]


def report(arguments, status, skipped, output):
    skip = f'<skipped message="{skipped}"/>' if skipped else ""
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(f'<testsuite><testcase name="a" time="1" status="{status}">{skip}'
                   f"<system-out>{output}</system-out></testcase></testsuite>")
        file.flush()
        done = subprocess.run([sys.executable, REPORT, *arguments, file.name], capture_output=True,
                              text=True, check=False)
    return done.stdout.splitlines() or [done.stderr]


def main():
    failed = 0
    for name, status, skipped, output, wanted in CASES:
        got = report(["sum"], status, skipped, output)[-1]
        if got != wanted:
            failed += 1
            print(f"FAILED: {name}: wanted {wanted!r}, got {got!r}")
    for name, skipped, output, wanted in SKIP_CASES:
        got = report(["sum"], "notrun" if skipped else "run", skipped, output)
        if got[:-1] != [wanted]:
            failed += 1
            print(f"FAILED: {name}: wanted {wanted!r}, got {got!r}")
    for name, status, output, lines in CSV_CASES:
        got = report(["csv", "c0", "9"], status, None, output)
        if got != lines:
            failed += 1
            print(f"FAILED: {name}: wanted {lines!r}, got {got!r}")
    if soak() != SOAK_LINES:
        failed += 1
        print(f"FAILED: the long runs: got {soak()!r}")
    print(f"{1 + len(CASES) + len(SKIP_CASES) + len(CSV_CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
