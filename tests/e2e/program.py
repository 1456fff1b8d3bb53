# SPDX-License-Identifier: Apache-2.0
"""What the tests that run the real program share: starting it, a directory for each test, a count.

A test file is run as `python3 FILE PROGRAM`; it ends with "N passed, M failed".
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

FERRIC = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "ferric"


def environment(**changes):
    """The variables of a test: nothing of the caller's Ferric, locale or terminal."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("FERRIC_") and name not in ("NO_COLOR", "HOME")}
    leaks = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaks_of_others.txt")
    kept.update(LC_ALL="C.UTF-8", TERM="xterm", **changes)
    kept["LSAN_OPTIONS"] = f"suppressions={leaks}:print_suppressions=0"
    return kept


class ProgramTest(unittest.TestCase):
    """Each test has a directory of its own, which is also the working directory of the program."""

    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ferric-e2e-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.db = os.path.join(self.directory, "app.db")

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        """Makes a file of text or bytes; returns its path."""
        if isinstance(content, str):
            content = content.encode()
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def run_words(self, *words, stdin=b"", timeout=120, **options):
        """Runs a command; returns the finished process with bytes as output."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        options.setdefault("env", environment())
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(words, input=stdin, stderr=subprocess.PIPE, cwd=self.directory,
                              timeout=timeout, check=False, **options)

    def run_program(self, *words, **options):
        """Runs `ferric WORDS...`; returns the finished process with bytes as output."""
        return self.run_words(FERRIC, *words, **options)

    def ferric(self, *words, code=0, out=None, err=None, **options):
        """Runs it and checks the exit code, all of standard output, and that standard error
        contains `err` (None: is empty). Returns standard output as text."""
        done = self.run_program(*words, **options)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{words}: {said}")
        if err is None:
            self.assertEqual(said, "", f"{words}")
        else:
            self.assertIn(err, said, f"{words}")
        if done.stdout is None:
            return None
        if out is not None:
            expected = out if isinstance(out, bytes) else out.encode()
            self.assertEqual(done.stdout, expected, f"{words}")
        return done.stdout.decode(errors="surrogateescape")

    def fill(self, **documents):
        """Sets each name to its JSON text in a quiet way."""
        for key, text in documents.items():
            self.ferric("set", "-q", self.db, key, text)


def need(tool):
    """Ends the test, as one that cannot run here, where `tool` is not installed."""
    if shutil.which(tool) is None:
        print(f"SKIPPED: {tool} is not installed")
        sys.exit(77)


def crc32c(data):
    """The checksum of file headers, slowly."""
    value = 0xffffffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
    return value ^ 0xffffffff


def main(module="__main__"):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(0 if bad == 0 and result.testsRun > 0 else 1)
