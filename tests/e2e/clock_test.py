#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unmodified program under faketime: a system clock that is years off, stands or jumps.

Nothing that is stored may depend on it: neither order, nor what is there, nor when it is synced.
"""
import json
import subprocess
import time

import program
from program import FERRIC, ProgramTest, environment

# As faketime takes them: absolute, or relative to now.
TIMES = ("@2031-07-01 12:00:00", "-4000d", "+0", "@1975-01-01 00:00:00", "+20000d", "-1",
         "@2026-01-01 00:00:00 x100", "@2100-01-01 00:00:00")


def preload():
    """The library that faketime loads, as it tells its child."""
    done = subprocess.run(["faketime", "-m", "-f", "+0", "sh", "-c", "echo $LD_PRELOAD"],
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


class ClockTest(ProgramTest):
    def at(self, when, *words):
        done = self.run_words("faketime", "-m", "-f", when, FERRIC, *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def check_all(self, count):
        self.ferric("verify", "-q", self.db, out=None)
        self.assertEqual(self.ferric("count", self.db).strip(), str(count))
        for i in range(count):
            self.ferric("get", self.db, f"key{i}", out=f"{i}\n")

    def test_each_open_has_another_time(self):
        for i, when in enumerate(TIMES):
            for fsync in ("always", "periodic:5"):
                self.at(when, "set", "-q", "--fsync", fsync, self.db, f"key{i}", str(i))
            if i % 2 == 1:
                self.at(when, "compact", "-q", self.db)
            self.at(when, "verify", "-q", self.db)
        self.check_all(len(TIMES))

    def left(self, when, key):
        """Seconds that a key still lives, None when it is not there, by a reader at that time."""
        done = self.run_words("faketime", "-m", "-f", when, FERRIC, "ttl", "--json", self.db, key)
        if done.returncode == 1:
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["ttl_ms"] / 1000

    def test_keys_expire_by_a_time_that_never_goes_back(self):
        self.at("@2031-07-01 12:00:00", "set", "-q", "--ttl", "1h", self.db, "short", "1")
        self.at("@2031-07-01 12:00:00", "set", "-q", "--ttl", "30d", self.db, "long", "1")
        self.assertGreater(self.left("@2031-07-01 12:30:00", "short"), 1700)
        self.assertLess(self.left("@2031-07-01 12:30:00", "short"), 1900)
        self.assertIsNone(self.left("@2031-07-01 13:00:01", "short"))
        # A reader records nothing, so for one at an earlier time the key is there.
        self.assertIsNotNone(self.left("@2031-07-01 12:59:00", "short"))
        # A clock years behind: time stands where the last commit left it.
        self.assertGreater(self.left("@1999-01-01 00:00:00", "short"), 3500)
        # What a commit has recorded holds for whoever comes with an earlier clock.
        self.at("@2031-07-01 14:00:00", "set", "-q", self.db, "other", "1")
        for when in ("@2031-07-01 12:30:00", "@1975-01-01 00:00:00"):
            self.assertIsNone(self.left(when, "short"))
            self.assertGreater(self.left(when, "long"), 29 * 86400)
            self.at(when, "set", "-q", "--if-absent", "--ttl", "1h", self.db, "short", "2")
            self.assertGreater(self.left(when, "short"), 3500)
            self.at(when, "del", "-q", self.db, "short")
            self.at(when, "compact", "-q", self.db)
        self.ferric("verify", "-q", self.db, out=None)

    def test_the_clock_jumps_while_a_process_writes(self):
        now = self.write("now", "+0\n")
        changes = {"LD_PRELOAD": preload(), "FAKETIME_TIMESTAMP_FILE": now,
                   "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                   "DONT_FAKE_MONOTONIC": "1"}
        for fsync in ("periodic:5", "always"):
            process = subprocess.Popen([FERRIC, "repl", "--fsync", fsync, self.db],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, env=environment(**changes),
                                       cwd=self.directory)
            for i, when in enumerate(TIMES):
                with open(now, "w", encoding="utf-8") as file:
                    file.write(when + "\n")
                process.stdin.write(f"SET key{i} {i}\n".encode())
                process.stdin.flush()
                time.sleep(0.02)  # Lets the timer of `periodic` meet this time, or not.
            said, _ = process.communicate(b".quit\n", timeout=120)
            self.assertEqual(process.returncode, 0, said)
            self.check_all(len(TIMES))


if __name__ == "__main__":
    program.need("faketime")
    program.main()
