#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A short life of the unmodified program under valgrind: no read of what was never written, none
beside a block, nothing lost."""
import program
from program import FERRIC, ProgramTest

VALGRIND = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--num-callers=30")
SMALL = ("-o", "memtable_size=64KiB", "-o", "table_size=64KiB", "-o", "log_size=64KiB")


class ValgrindTest(ProgramTest):
    def watched(self, *words, code=0, stdin=b""):
        done = self.run_words(*VALGRIND, FERRIC, *words, stdin=stdin, timeout=600)
        self.assertEqual(done.returncode, code, done.stderr.decode(errors="replace"))
        return done.stdout.decode()

    def test_a_short_life(self):
        lines = "".join(f'{{"_id":"k{i:04}","n":{i},"text":"{"word " * (i % 60)}"}}\n'
                        for i in range(1500))
        people = self.write("people.jsonl", lines)
        self.watched("import", "-q", *SMALL, "--batch", "50", self.db, people)
        self.watched("set", "-q", self.db, "one", '{"a":[1,2.5,"\\u00e9"]}')
        self.assertEqual(self.watched("get", self.db, "one"), '{"a":[1,2.5,"\\u00e9"]}\n')
        self.watched("get", self.db, "none", code=1)
        self.watched("del", "-q", self.db, "one")
        self.assertEqual(self.watched("count", self.db), "1500\n")
        self.watched("compact", "-q", self.db)
        self.watched("verify", "-q", self.db)
        self.watched("export", "-q", self.db, self.path("out.jsonl.gz"))
        self.watched("repair", "-q", self.db, self.path("repaired.db"))
        self.assertEqual(self.watched("count", self.path("repaired.db")), "1500\n")
        self.watched("repl", self.db, stdin=b"SET a 1\nGET a\nKEYS k000\n.quit\n")


if __name__ == "__main__":
    program.need("valgrind")
    program.main()
