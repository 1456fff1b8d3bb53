#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what CTest wrote with --output-junit and tells how many test cases passed and failed.

A cmocka program counts as many cases as it ran, a harness as many as its last line "N passed, M
failed" says, any other test as one. A test that failed or could not start counts at least one
failure, and so does a harness that ran nothing.

Usage: test_report.py sum FILE...              skipped tests, figures, and last "PASSED FAILED"
       test_report.py csv COMMIT SEED FILE...  a line for each figure, as in docs/soak.csv
       test_report.py soak docs/soak.csv       what the long runs came to, round by round

A harness prints a figure as a line "figure: NAME COUNT WORDS...", such as
"figure: crash 10412 disks (floor 10000)"; docs/soak.csv calls that "crash disks".
"""
import csv
import datetime
import re
import sys
import xml.etree.ElementTree as ElementTree

CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (\d+) test\(s\), listed below", re.M)
# A test says "SKIPPED: reason" before it is skipped.
CMOCKA_SKIPPED = re.compile(r"^(?:SKIPPED: (.*)\n)?\[  SKIPPED \] ([A-Za-z_]\w*)$", re.M)
HARNESS_SKIPPED = re.compile(r"^\w+: SKIPPED: (.*)$", re.M)
HARNESS = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
FIGURE = re.compile(r"^figure: (\S+) (\d+) (.*?)(?: \(floor \d+\))?$", re.M)


class Case:
    """One CTest entry: its name, time, output, and how many test cases passed and failed in it."""

    def __init__(self, element):
        self.name = element.get("name")
        self.seconds = float(element.get("time") or 0)
        self.output = element.findtext("system-out") or ""
        self.passed = self.failed = 0
        # cmocka lists them once more at its end, without a reason.
        reasons = {}
        for why, name in CMOCKA_SKIPPED.findall(self.output):
            reasons.setdefault(name, why or "no reason given")
        self.skipped = [f"{self.name}: {name}: {why}" for name, why in reasons.items()]
        reason = element.find("skipped")
        if reason is not None and "SKIP_RETURN_CODE" in reason.get("message", ""):
            why = HARNESS_SKIPPED.findall(self.output) or ["no reason given"]
            self.skipped.append(f"{self.name}: {why[-1]}")
            return
        self.passed, self.failed = self.count_cases()
        if element.get("status") != "run":
            self.passed, self.failed = self.passed if self.failed else 0, max(self.failed, 1)

    def count_cases(self):
        harness = HARNESS.findall(self.output)
        if harness:
            passed, failed = map(int, harness[-1])
            return passed, failed if passed + failed else 1
        if CMOCKA_PASSED.search(self.output) or CMOCKA_FAILED.search(self.output):
            return (sum(map(int, CMOCKA_PASSED.findall(self.output))),
                    sum(map(int, CMOCKA_FAILED.findall(self.output))))
        return 1, 0


def read_cases(paths):
    cases = []
    for path in paths:
        cases += [Case(element) for element in ElementTree.parse(path).iter("testcase")]
    return cases


def print_sum(paths):
    cases = read_cases(paths)
    for case in cases:
        for name in case.skipped:
            print(f"skipped: {name}")
        for figure in FIGURE.finditer(case.output):
            print(figure.group())
    print(sum(case.passed for case in cases), sum(case.failed for case in cases))


def print_csv(commit, seed, paths):
    for case in read_cases(paths):
        figures = FIGURE.findall(case.output)
        if not figures and (case.failed or not case.skipped):
            figures = [(case.name, case.passed, "cases")]
        # The harness itself does not know that it is the second time, on encrypted databases.
        encrypted = "encrypted " if case.name.startswith("encrypted_") else ""
        for name, count, what in figures:
            name = encrypted + name if not name.startswith("encrypted") else name
            what = what.replace(",", ";")
            print(f"{commit},{name} {what},{seed},{count},{case.seconds:.0f},{case.failed}")


class Round:
    """What a seed of docs/soak.csv did: each harness once, though it has a line for each figure."""

    def __init__(self, commit, seed):
        self.commit = commit
        self.start = datetime.datetime.fromtimestamp(int(seed) // 1000, datetime.timezone.utc)
        self.seed = seed
        self.harnesses = {}  # Name: seconds and failures.

    def add(self, row):
        words = row["harness"].split()
        name = " ".join(words[:2]) if words[0] == "encrypted" else words[0]
        self.harnesses[name] = (int(row["seconds"]), int(row["failures"]))

    def seconds(self):
        return sum(seconds for seconds, _ in self.harnesses.values())

    def failures(self):
        return sum(failures for _, failures in self.harnesses.values())


def print_soak(path):
    rounds, totals = {}, {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            seed = row["seed"]
            rounds.setdefault(seed, Round(row["commit"], seed)).add(row)
            totals[row["harness"]] = totals.get(row["harness"], 0) + int(row["count"])
    for each in rounds.values():
        print(f"{each.commit}, seed {each.seed}, {each.start:%Y-%m-%d %H:%M}: "
              f"{len(each.harnesses)} harnesses, {each.seconds() / 60:.1f} minutes one after "
              f"another, {each.failures()} failures")
    clean = sum(each.seconds() for each in rounds.values() if each.failures() == 0)
    print(f"rounds without a failure: {clean / 60:.1f} minutes one after another")
    for name, count in totals.items():
        print(f"{name}: {count:,}")


def main():
    if len(sys.argv) > 2 and sys.argv[1] == "sum":
        print_sum(sys.argv[2:])
    elif len(sys.argv) > 4 and sys.argv[1] == "csv":
        print_csv(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif len(sys.argv) == 3 and sys.argv[1] == "soak":
        print_soak(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
