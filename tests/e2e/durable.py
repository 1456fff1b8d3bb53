# SPDX-License-Identifier: Apache-2.0
"""Imports that something interrupts: what the program told must be there, and nothing but a prefix.

Each import has documents of its own, in order, a few to a commit. Afterwards, when nothing stands
in the way any more, the database must be sound and must hold of each import the first n documents,
with n no less than what the program had told was committed.
"""
import json
import re

import program
from program import ProgramTest

TOLD = re.compile(r"stopped: ([\d,]+) of")


class InterruptedImportTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.told = []  # Of each import: how many documents must be there.
        self.counts = []  # Of each import: how many it had.
        self.failures = 0

    def import_some(self, count, codes, prefix=(), words=(), **options):
        """Imports `count` documents by a process that starts with `prefix`; notes what it told."""
        number = len(self.told)
        lines = "".join(json.dumps({"_id": f"{number:03}-{i:05}", "text": self.text(number, i)})
                        + "\n" for i in range(count))
        path = self.write(f"import-{number}.jsonl", lines)
        done = self.run_words(*prefix, program.FERRIC, "import", "-q", "--batch", "10", *words,
                              self.db, path, **options)
        said = done.stderr.decode(errors="replace")
        self.assertIn(done.returncode, codes, said)
        told = TOLD.search(said)
        if done.returncode == 0:
            self.told.append(count)
        else:
            self.failures += 1
            self.told.append(int(told.group(1).replace(",", "")) if told else 0)
        self.counts.append(count)
        return done.returncode, said

    @staticmethod
    def text(number, i):
        return f"{number} {i} " + "padding " * (i % 40)

    def check(self):
        """All that was told is there; of each import a prefix; nothing else."""
        self.assertGreater(sum(self.told), 0)
        self.ferric("verify", "-q", self.db, out=None)
        path = self.path("all.jsonl")
        self.ferric("export", "-q", self.db, path)
        found = [0] * len(self.told)
        with open(path, encoding="utf-8") as file:
            for line in file:
                document = json.loads(line)
                number, i = map(int, document["_id"].split("-"))
                self.assertEqual(i, found[number], f"import {number} has a hole")
                self.assertEqual(document["text"], self.text(number, i))
                found[number] += 1
        for number, told in enumerate(self.told):
            self.assertGreaterEqual(found[number], told, f"import {number} lost documents")
            self.assertLessEqual(found[number], self.counts[number])
