#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits of the process: files it may open, memory it may have, sizes of files, processor time.

Whatever the limit, the program ends with a status and a reason, and what it told is there.
"""
import resource
import signal

import program
from durable import InterruptedImportTest

MIB = 1 << 20
# Small tables, so that there are many files.
SMALL = ("-o", "memtable_size=64KiB", "-o", "table_size=64KiB", "-o", "log_size=64KiB")


class LimitTest(InterruptedImportTest):
    def import_limited(self, kind, limit, codes, words=(), xfsz=signal.SIG_DFL):
        def set_limit():
            signal.signal(signal.SIGXFSZ, xfsz)
            resource.setrlimit(kind, (limit, limit))
        return self.import_some(3000, codes, (), words, preexec_fn=set_limit)

    def test_files(self):
        self.import_some(3000, (0,), (), SMALL)
        for limit in (6, 8, 10, 12, 14, 16, 20, 24, 32):
            code, said = self.import_limited(resource.RLIMIT_NOFILE, limit, (0, 3, 5), SMALL)
            if code != 0:
                self.assertIn("Too many open files", said)
        self.assertEqual(code, 0, said)
        self.assertGreater(self.failures, 0)
        self.check()

    def test_memory(self):
        self.import_some(3000, (0,))
        for limit in (24, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024):
            # 127: the loader itself had too little.
            code, said = self.import_limited(resource.RLIMIT_AS, limit * MIB, (0, 2, 3, 5, 127))
        self.assertEqual(code, 0, said)
        self.assertGreater(self.failures, 0)
        self.check()

    def test_sizes_of_files(self):
        for limit in (MIB // 16, MIB // 4, MIB // 2, 4 * MIB):
            code, said = self.import_limited(resource.RLIMIT_FSIZE, limit, (0, 5),
                                             xfsz=signal.SIG_IGN)
            if code == 5:
                self.assertRegex(said, "File too large|No space")
        self.assertEqual(code, 0, said)
        self.assertGreater(self.failures, 0)
        self.check()

    def test_the_signal_for_sizes_of_files(self):
        self.import_some(1000, (0,))
        for limit in (MIB // 16, MIB // 4, 4 * MIB):
            code, said = self.import_limited(resource.RLIMIT_FSIZE, limit,
                                             (0, 5, -signal.SIGXFSZ))
        self.assertEqual(code, 0, said)
        self.assertGreater(self.failures, 0)
        self.check()


if __name__ == "__main__":
    program.main()
