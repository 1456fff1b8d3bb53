#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The known mistakes of the test build: their table in docs/TESTING.md, made from the sources.

src/base/seeded_bug.h says what each mistake is, seeded_bug.c what it is called at run time,
tests/seeded/catchers.c which program must notice it. Here these are held against one another, and
against the places that make the mistakes. tidy.py calls check(); `seeded_table.py --write` brings
the table up to date.
"""
import argparse
import os
import re
import subprocess
import sys

LIST = "src/base/seeded_bug.h"
NAMES = "src/base/seeded_bug.c"
CATCHERS = "tests/seeded/catchers.c"
DOCUMENT = "docs/TESTING.md"
BEGIN = "<!-- The table is made by tools/seeded_table.py --write. -->\n\n"
END = "\n<!-- End of the table. -->\n"
REMEDY = "run tools/seeded_table.py --write"


def known(texts):
    """(name, what it is) in the order of the enum."""
    found = re.findall(r"^ +FE_BUG_(\w+),(?:\s*(//.*(?:\n[ \t]*//.*)*))?", texts[LIST], re.M)
    return [(name, " ".join(part.strip("/ \t") for part in text.splitlines()).strip())
            for name, text in found if name != "COUNT"]


def catchers(texts):
    return dict(re.findall(r'\[FE_BUG_(\w+)\] = "(\w+)"', texts[CATCHERS]))


def table(texts):
    programs = catchers(texts)
    rows = [f"| {name} | {what} | {programs.get(name, '')} |\n" for name, what in known(texts)]
    return "".join(["| mistake | what is wrong then | noticed by |\n", "|---|---|---|\n", *rows])


def with_table(text, made):
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + made + END + rest.split(END, 1)[1]


def is_made(name, texts):
    call = re.compile(rf"FE_SEEDED_BUG\(\s*FE_BUG_{name}\s*\)")
    return any(call.search(text) for path, text in texts.items()
               if path.startswith("src/") and path.endswith((".c", ".cpp")))


def is_program(name, texts):
    call = re.compile(rf"^\s*ferric_(\w+_)?test\(\s*{name}\b", re.M)
    return any(call.search(text) for path, text in texts.items()
               if path.startswith("tests/") and path.endswith("CMakeLists.txt"))


def check(texts):
    """(path, line, what is wrong) for each contradiction; nothing in a tree without mistakes."""
    if LIST not in texts:
        return []
    names = dict(re.findall(r'\[FE_BUG_(\w+)\] = "(\w+)"', texts[NAMES]))
    programs = catchers(texts)
    wrong = []
    for name, what in known(texts):
        line = texts[LIST][:texts[LIST].index(f"FE_BUG_{name},")].count("\n") + 1
        if not what:
            wrong.append((LIST, line, f"{name} does not say what it is"))
        if names.get(name) != name:
            wrong.append((NAMES, 1, f"{name} is called {names.get(name, 'nothing')}"))
        if name not in programs:
            wrong.append((CATCHERS, 1, f"{name} has no program that must notice it"))
        elif not is_program(programs[name], texts):
            wrong.append((CATCHERS, 1, f"{programs[name]} is no test"))
        if not is_made(name, texts):
            wrong.append((LIST, line, f"nothing under src/ makes the mistake {name}"))
    text = texts.get(DOCUMENT, "")
    if BEGIN not in text or END not in text:
        wrong.append((DOCUMENT, 1, "the marks around the table of known mistakes are gone"))
    elif with_table(text, table(texts)) != text:
        line = text[:text.index(BEGIN)].count("\n") + 2
        wrong.append((DOCUMENT, line, f"the table of known mistakes is out of date: {REMEDY}"))
    return wrong


def read_tree(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "src",
                             "tests", "docs"], capture_output=True, text=True, check=True).stdout
    texts = {}
    for path in listed.split():
        if path.endswith((".c", ".cpp", ".h", ".md", "CMakeLists.txt")):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                texts[path] = file.read()
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--root", default=home, help="the tree")
    parser.add_argument("--write", action="store_true", help="write the table anew")
    arguments = parser.parse_args()
    texts = read_tree(arguments.root)
    if arguments.write:
        texts[DOCUMENT] = with_table(texts[DOCUMENT], table(texts))
        with open(os.path.join(arguments.root, DOCUMENT), "w", encoding="utf-8") as file:
            file.write(texts[DOCUMENT])
    wrong = check(texts)
    for path, line, message in wrong:
        print(f"{path}:{line}: {message}")
    print(f"{len(known(texts))} known mistakes, {len(wrong)} contradictions")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
