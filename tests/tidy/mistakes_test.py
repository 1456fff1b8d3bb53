#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tools/seeded_table.py finds each contradiction between the lists of known mistakes.

A small tree of texts agrees with itself; each case changes one text, and must be told.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import seeded_table as table  # pylint: disable=wrong-import-position

GOOD = {
    table.LIST: "typedef enum {\n    FE_BUG_NONE = 0,\n    FE_BUG_ONE, // A sync is left out.\n"
                "    FE_BUG_TWO,\n    // Told in\n    // two lines.\n    FE_BUG_COUNT,\n} x;\n",
    table.NAMES: '    [FE_BUG_ONE] = "ONE",\n    [FE_BUG_TWO] = "TWO",\n',
    table.CATCHERS: '    [FE_BUG_ONE] = "a_test",\n    [FE_BUG_TWO] = "b_test",\n',
    "src/lsm/a.c": "if (FE_SEEDED_BUG(FE_BUG_ONE)) x();\nif (FE_SEEDED_BUG(\n FE_BUG_TWO)) y();\n",
    "tests/a/CMakeLists.txt": "ferric_test(a_test a_test.c)\nferric_api_test(b_test)\n",
}
ROWS = "| ONE | A sync is left out. | a_test |\n| TWO | Told in two lines. | b_test |\n"
GOOD[table.DOCUMENT] = ("before\n" + table.BEGIN + table.table(GOOD) + table.END + "behind\n")

# (what it is, path, old text, new text, words of the answer)
CASES = [
    ("a mistake without a word", table.LIST, " // A sync is left out.", "", "does not say"),
    ("a mistake without a name", table.NAMES, '    [FE_BUG_TWO] = "TWO",\n', "", "called nothing"),
    ("a mistake of another name", table.NAMES, '"TWO"', '"ONE"', "called ONE"),
    ("a mistake without a program", table.CATCHERS, '    [FE_BUG_TWO] = "b_test",\n', "",
     "has no program"),
    ("a program that nobody builds", "tests/a/CMakeLists.txt", "(b_test)", "(c_test)", "no test"),
    ("a program whose name is part of another", "tests/a/CMakeLists.txt", "(b_test)",
     "(b_test_more)", "no test"),
    ("a mistake that nobody makes", "src/lsm/a.c", "FE_BUG_ONE", "FE_BUG_NONE", "nothing under"),
    ("a table without a row", table.DOCUMENT, ROWS.splitlines()[1] + "\n", "", "out of date"),
    ("a row with another program", table.DOCUMENT, "| a_test |", "| b_test |", "out of date"),
    ("a row with other words", table.LIST, "is left out", "comes late", "out of date"),
    ("a document without its marks", table.DOCUMENT, table.END, "", "marks"),
]


def main():
    failed = 0
    answer = table.check(GOOD)
    if answer or ROWS not in GOOD[table.DOCUMENT] or table.check({}):
        failed += 1
        print(f"FAILED: the good tree: {answer}\n{GOOD[table.DOCUMENT]}")
    for name, path, old, new, wanted in CASES:
        assert old in GOOD[path], name
        answer = table.check({**GOOD, path: GOOD[path].replace(old, new, 1)})
        if not any(wanted in message for _, _, message in answer):
            failed += 1
            print(f"FAILED: {name}: {answer}")
    bad = {**GOOD, table.DOCUMENT: GOOD[table.DOCUMENT].replace(ROWS, "stale\n")}
    if table.with_table(bad[table.DOCUMENT], table.table(bad)) != GOOD[table.DOCUMENT]:
        failed += 1
        print("FAILED: a table that is written anew")
    print(f"{len(CASES) + 2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
