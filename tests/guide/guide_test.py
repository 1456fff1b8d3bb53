#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example of the guide is run, and what it shows is compared with what happens.

    guide_test.py PROGRAM [PAGE...]     compares; all pages of docs/guide without PAGE
    guide_test.py --write PROGRAM PAGE  puts what happens into the page, to be read and kept

The fenced blocks of a page run in their order, in one temporary directory:

    ```console  "$ COMMAND" lines, "> " goes on with one; what follows is shown, both streams
    ```repl     a session in the database repl.db: "main> STATEMENT" lines and what they print
    ```c        a piece of a program in examples/, which are built and run by tests of their own

In what is shown "..." stands for anything within a line, and as a line for any lines; a tab is
four spaces. There is no other kind of block: an example that does not run is none.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GUIDE = os.path.join(ROOT, "docs", "guide")
EXAMPLES = os.path.join(ROOT, "examples")
PROMPT = re.compile(r"^(?:[\w.]+[*@]?|\.\.\.)> ")


class Block:
    """A fenced block: its kind, its lines, and the number of its first line in the page."""

    def __init__(self, kind, lines, number):
        self.kind, self.lines, self.number = kind, lines, number


def blocks_of(text):
    found, lines, kind = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("```"):
            if lines is not None:
                lines.append(line)
        elif lines is None:
            lines, kind, begin = [], line.strip()[3:], number + 1
        else:
            found.append(Block(kind, lines, begin))
            lines = None
    return found


def steps_of(block):
    """Pairs of what is typed (the lines as they stand, and their text) and what is shown."""
    steps = []
    for line in block.lines:
        if block.kind == "console":
            typed = line[2:] if line.startswith("$ ") else None
            goes_on = line[2:] if line.startswith("> ") and steps and not steps[-1][2] else None
        else:
            match = PROMPT.match(line)
            typed = line[match.end():] if match and not line.startswith("...> ") else None
            goes_on = line[5:] if line.startswith("...> ") else None
        if goes_on is not None:
            steps[-1][0].append(line)
            steps[-1][1] += "\n" + goes_on
        elif typed is not None:
            steps.append([[line], typed, []])
        elif not steps:
            raise ValueError(f"nothing was typed before: {line}")
        else:
            steps[-1][2].append(line)
    return steps


def is_shown(shown, happened):
    pattern = "".join(
        "(?:.*\n)*?" if line == "..." else
        ".*?".join(map(re.escape, line.split("..."))) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(line + "\n" for line in happened)) is not None


class Page:
    """One page, run in a directory of its own."""

    def __init__(self, program, path):
        self.program, self.path = program, path
        self.failures, self.count = [], 0
        with open(path, encoding="utf-8") as file:
            self.text = file.read()

    def fail(self, block, reason):
        self.failures.append(f"{os.path.relpath(self.path, ROOT)}:{block.number}: {reason}")

    def environment(self):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("FERRIC_") and name not in ("HOME", "NO_COLOR")}
        path = os.path.dirname(self.program) + os.pathsep + kept["PATH"]
        kept.update(PATH=path, LC_ALL="C.UTF-8", HOME=self.directory)
        return kept

    def shell(self, command):
        done = subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        return done.stdout.decode().replace("\t", "    ").splitlines()

    def session(self, steps):
        """What each statement prints: behind each stands one that does not exist, as a mark."""
        results = []
        script = ""
        for number, step in enumerate(steps):
            script += step[1] + f"\n.mark {number}\n"
        done = subprocess.run([self.program, "repl", "-q", "repl.db"], input=script.encode(),
                              cwd=self.directory, env=self.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        lines = []
        for line in done.stdout.decode().replace("\t", "    ").splitlines():
            if line.startswith("ferric: there is no .mark"):
                results.append(lines)
                lines = []
            else:
                lines.append(line)
        return results

    def run_steps(self, block):
        steps = steps_of(block)
        if block.kind == "repl":
            results = self.session(steps)
        else:
            results = [self.shell(step[1]) for step in steps]
        if len(results) != len(steps):
            self.fail(block, f"{len(steps)} statements, {len(results)} answers")
        for step, happened in zip(steps, results):
            self.count += 1
            if not is_shown(step[2], happened):
                self.fail(block, "{}\n  shown:\n{}\n  happened:\n{}".format(
                    step[1], *("\n".join("    " + line for line in lines)
                               for lines in (step[2], happened))))
                step[2] = happened
        return [line for step in steps for line in step[0] + step[2]]

    def check_code(self, block):
        self.count += 1
        wanted = textwrap.dedent("\n".join(block.lines)).strip()
        for name in sorted(os.listdir(EXAMPLES)):
            if not name.endswith(".c"):
                continue
            with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
                lines = file.read().split("\n")
            size = len(wanted.split("\n"))
            for at in range(len(lines) - size + 1):
                if textwrap.dedent("\n".join(lines[at:at + size])).strip() == wanted:
                    return
        self.fail(block, "this piece of code is in no program of examples/")

    def run(self, writes):
        self.directory = tempfile.mkdtemp(prefix="ferric-guide-")
        try:
            for block in blocks_of(self.text):
                if block.kind in ("console", "repl"):
                    lines = self.run_steps(block)
                    if writes:
                        self.text = self.text.replace("\n".join(block.lines) + "\n```",
                                                      "\n".join(lines) + "\n```", 1)
                elif block.kind == "c":
                    self.check_code(block)
                else:
                    self.fail(block, f"a block of kind '{block.kind}' does not run")
        finally:
            shutil.rmtree(self.directory)
        if writes:
            with open(self.path, "w", encoding="utf-8") as file:
                file.write(self.text)


def main():
    words = sys.argv[1:]
    writes = words[0] == "--write"
    program, *pages = words[1:] if writes else words
    pages = pages or sorted(os.path.join(GUIDE, name) for name in os.listdir(GUIDE)
                            if name.endswith(".md"))
    passed = failed = 0
    for path in pages:
        page = Page(os.path.abspath(program), path)
        page.run(writes)
        for failure in page.failures:
            print(failure)
        passed += page.count - len(page.failures)
        failed += len(page.failures)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed > 0 or passed == 0 else 0)


if __name__ == "__main__":
    main()
