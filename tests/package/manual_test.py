#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual of the C API: every exported function has its page, every option stands in the page of
options, no page refers to one that is not there, mandoc has nothing to say, and the maker refuses
a header that explains too little.

Usage: manual_test.py LIBRARY HEADER MAKER
"""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

LIBRARY, HEADER, MAKER = sys.argv[1:4]

# What mandoc cannot know: the pages are not installed where it looks.
NOT_OURS = "referenced manual not found"


def make(header, folder):
    return subprocess.run([sys.executable, "-B", MAKER, header, folder], capture_output=True,
                          text=True, check=False)


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.pages = os.path.join(cls.folder, "man3")
        done = make(HEADER, cls.pages)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def read(self, name):
        with open(os.path.join(self.pages, f"{name}.3"), encoding="utf-8") as file:
            return file.read()

    def make_changed(self, old, new):
        """What the maker says of the header with one text replaced by another."""
        with open(HEADER, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        changed = os.path.join(self.folder, "changed.h")
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))
        for name in os.listdir(os.path.dirname(HEADER)):  # What it includes.
            shutil.copy(os.path.join(os.path.dirname(HEADER), name), self.folder)
        return make(changed, os.path.join(self.folder, "changed"))

    def test_every_exported_function_has_a_page_that_names_and_declares_it(self):
        listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True,
                                text=True, check=True).stdout
        functions = sorted({line.split()[-1].split("@")[0] for line in listed.splitlines()})
        self.assertGreater(len(functions), 40)
        for name in functions:
            page = self.read(name)
            self.assertRegex(page, rf"\n\.Nm {name}( ,)?\n", name)
            self.assertIn(f"\n.Fo {name}\n", page, name)
            self.assertRegex(page, r"\n\.Sh DESCRIPTION\n\S", name)

    def test_the_page_of_options_has_every_option_and_its_variable(self):
        library = ctypes.CDLL(LIBRARY)
        library.ferric_options_name.restype = ctypes.c_char_p
        library.ferric_options_name.argtypes = [ctypes.c_size_t, ctypes.c_void_p]
        names, page = [], self.read("ferric_options")
        while library.ferric_options_name(len(names), None) is not None:
            names.append(library.ferric_options_name(len(names), None).decode())
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertRegex(page, rf'\n\.It "\w+ {name}"\n[A-Z0-9.]', name)
            self.assertIn(f"\n.It Ev FERRIC_{name.upper()}\n", page)
        self.assertEqual(page.count(".It Ev "), len(names))

    def test_what_a_page_refers_to_is_there(self):
        count = 0
        for file in os.listdir(self.pages):
            for name in re.findall(r"^\.(?:It )?Xr (\w+) 3", self.read(file[:-2]), re.M):
                self.assertTrue(os.path.exists(os.path.join(self.pages, f"{name}.3")), name)
                count += 1
        self.assertGreater(count, 100)

    def test_a_page_lists_the_errors_of_the_one_it_refers_to(self):
        page = self.read("ferric_delete").partition(".Sh ERRORS")[2]
        for status in ("FERRIC_CONFLICT", "FERRIC_NO_SPACE", "FERRIC_OUTCOME_UNKNOWN"):
            self.assertIn(f".It Dv {status}\n", page)

    def test_functions_with_one_comment_share_a_page(self):
        self.assertEqual(self.read("ferric_iterator_next"), self.read("ferric_iterator_prev"))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_has_nothing_to_say(self):
        files = [os.path.join(self.pages, file) for file in sorted(os.listdir(self.pages))]
        said = subprocess.run(["mandoc", "-Tlint", "-W", "style", *files], capture_output=True,
                              text=True, check=False).stdout
        self.assertEqual([line for line in said.splitlines() if NOT_OURS not in line], [])

    def test_a_function_without_comment_is_refused(self):
        done = self.make_changed("// ---- Reading ", "int ferric_bare(void);\n\n// ---- Reading ")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ferric_bare is not explained", done.stderr)

    def test_a_reference_to_a_missing_function_is_refused(self):
        done = self.make_changed("Errors: as ferric_get.", "Errors: as ferric_got.")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ferric_got, which is not there", done.stderr)

    def test_a_header_without_functions_is_refused(self):
        empty = os.path.join(self.folder, "empty.h")
        with open(empty, "w", encoding="utf-8") as file:
            file.write("// A file.\n#ifndef A\n#define FERRIC_VERSION_MAJOR 1\n"
                       "#define FERRIC_VERSION_MINOR 1\n#define FERRIC_VERSION_PATCH 1\n#endif\n")
        done = make(empty, os.path.join(self.folder, "empty"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no function found", done.stderr)


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1], exit=False)
    failed = len(program.result.failures) + len(program.result.errors)
    skipped = len(program.result.skipped)
    print(f"{program.result.testsRun - failed - skipped} passed, {failed} failed")
    sys.exit(0 if program.result.wasSuccessful() and program.result.testsRun > 0 else 1)
