#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unmodified program under libfiu (fiu-run), which lets calls of POSIX fail at random.

libfiu chooses by a clock of its own, so that no two runs are alike; what must hold holds in all.
"""
import os

import program
from durable import InterruptedImportTest
from program import environment

# What fails, and how likely: the calls that read and write, that make durable, that open, all.
FAULTS = (("posix/io/rw/*", 0.02), ("posix/io/sync/*", 0.05), ("posix/io/oc/*", 0.05),
          ("posix/io/*", 0.01), ("posix/io/rw/*", 0.002), ("posix/io/*", 0.1))
# Imports that failed, of full scale. Half the imports or so come through.
FAILURE_FLOOR = 50


class FaultTest(InterruptedImportTest):
    def test_import_while_calls_fail(self):
        floor = FAILURE_FLOOR * int(os.environ.get("FERRIC_TEST_SCALE", "20")) // 100
        # The first one comes through, so that there is a database to lose.
        self.import_some(300, (0,))
        for number in range(20 * floor):
            name, probability = FAULTS[number % len(FAULTS)]
            prefix = ("fiu-run", "-x", "-f", self.path("control"), "-c",
                      f"enable_random name={name},probability={probability}")
            # Any way to say no, none of which is a crash: cannot be opened, damaged (an open that
            # is told ENOENT finds a file missing), I/O.
            self.import_some(300, (0, 2, 3, 4, 5), prefix, ("--wait", "5"), env=environment())
            if number % 10 == 9:
                self.check()
            if self.failures >= floor and number >= len(FAULTS):
                break
        self.check()
        print(f"figure: faults {len(self.told) - 1} imports (floor {floor})")
        print(f"faults: {self.failures} of them failed")
        self.assertGreaterEqual(self.failures, floor)


if __name__ == "__main__":
    program.need("fiu-run")
    program.main()
