#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ferric bench and stats --watch: that they do what they say, not how fast."""
import json
import os
import signal
import subprocess

import program
from program import FERRIC, ProgramTest

WORKLOADS = ("fill-sequential fill-batch fill-sync fill-sync-4 fill-sync-16 fill-random overwrite "
             "read-random read-zipfian read-missing read-multi scan reader writer ycsb-a ycsb-b "
             "ycsb-c ycsb-d ycsb-e ycsb-f delete").split()


class BenchTest(ProgramTest):
    def test_every_workload_runs_and_leaves_nothing(self):
        out = self.ferric("bench", self.db, "--entries", "500", "--json")
        results = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([result["workload"] for result in results], WORKLOADS)
        for result in results:
            name = result["workload"]
            if name != "writer":  # It may not get its turn beside a short reader.
                self.assertGreater(result["operations"], 0, name)
                self.assertLessEqual(result["p50_ns"], result["p99_ns"], name)
                self.assertLessEqual(result["p99_ns"], result["max_ns"], name)
        self.assertFalse(os.path.exists(self.db))

    def test_a_choice_of_workloads_as_a_table(self):
        out = self.ferric("bench", self.db, "--entries", "300", "--operations", "50", "--workload",
                          "read-random,delete", "--value-size", "64", "--seed", "7")
        lines = out.splitlines()
        self.assertIn("300 entries", lines[0])
        self.assertIn("seed 7", lines[0])
        self.assertEqual([line.split()[:2] for line in lines[2:]],
                         [["read-random", "50"], ["delete", "50"]])

    def test_keep_leaves_a_sound_database(self):
        self.ferric("bench", self.db, "--entries", "300", "--workload", "fill-random", "--keep")
        self.ferric("count", self.db, out="300\n")
        self.assertIn("sound", self.ferric("verify", self.db))

    def test_what_exists_is_not_touched(self):
        self.fill(a="1")
        self.ferric("bench", self.db, "--entries", "300", "--json", code=7, err="app.db")
        self.ferric("get", self.db, "a", out="1\n")

    def test_wrong_words_are_usage(self):
        self.ferric("bench", self.db, "--workload", "nothing", code=2, err="no workload nothing")
        self.ferric("bench", self.db, "--entries", "1", code=2, err="2 entries")
        self.ferric("bench", self.db, "--value-size", "8", code=2, err="16 bytes")

    def test_control_c_ends_it_and_cleans_up(self):
        process = subprocess.Popen(
            [FERRIC, "bench", self.db, "--entries", "200", "--operations", "4G", "--json",
             "--workload", "fill-sequential,read-random"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=program.environment())
        self.addCleanup(process.kill)
        while not os.path.exists(os.path.join(self.db, "CURRENT")):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(os.path.exists(self.db))


class WatchTest(ProgramTest):
    def test_watch_prints_again_until_interrupted(self):
        self.fill(a="1")
        process = subprocess.Popen([FERRIC, "stats", self.db, "--watch", "1", "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=program.environment())
        self.addCleanup(process.kill)
        first = json.loads(process.stdout.readline())
        second = json.loads(process.stdout.readline())
        self.assertEqual(first["version"], second["version"])
        self.assertEqual(second["commits"], 0)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    program.main()
