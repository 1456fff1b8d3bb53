#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tools/charts.py draws what was saved, the worst first, in colours that can be read on
any page, and that the charts of docs/charts are those of the lines beside them."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(HERE, "..", "..", "tools", "charts.py")
DOCS = os.path.join(HERE, "..", "..", "docs", "charts")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(TOOL))
import charts  # pylint: disable=wrong-import-position


def about(keys, rounds=1):
    return {"kind": "run", "date": "2026-01-02", "processor": "a <fast> one", "processors": 2,
            "build": "release", "keys": keys, "value_size": 100, "rounds": rounds}


def result(engine, workload, **metrics):
    return {"kind": "result", "engine": engine, "workload": workload, "round": 1, **metrics}


def texts(svg):
    root = xml.etree.ElementTree.fromstring(svg)
    return [part.text for part in root.iter("{http://www.w3.org/2000/svg}text")]


def brightness(color):
    """The relative luminance of WCAG."""
    parts = [int(color[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
             for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    least, most = sorted((brightness(a), brightness(b)))
    return (most + 0.05) / (least + 0.05)


class ChartsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ferric-charts-")
        self.addCleanup(self.folder.cleanup)

    def save(self, name, *lines):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        return path

    def draw(self, *lines):
        return charts.draw_all(charts.read_runs([self.save("one.jsonl", *lines)]))

    def test_the_committed_charts_are_those_of_their_lines(self):
        files = sorted(glob.glob(os.path.join(DOCS, "*.jsonl")))
        self.assertTrue(files)
        subprocess.run([sys.executable, "-B", TOOL, "--check", *files], check=True)

    def test_ratios_are_of_medians_and_the_worst_comes_first(self):
        lines = [about(1000000, 3)]
        for rate in (100, 300, 900):
            lines += [result("ferric", "good", rate=rate), result("other", "good", rate=150),
                      result("ferric", "bad", rate=rate), result("other", "bad", rate=600)]
        lines += [result("ferric", "reopen", open_ms=2), result("other", "reopen", open_ms=3),
                  result("ferric", "alone", rate=5)]
        drawn = self.draw(*lines)
        self.assertEqual(list(drawn), ["ratios-1M.svg"])
        shown = texts(drawn["ratios-1M.svg"])
        rows = [text for text in shown if text in ("good", "bad", "reopen", "alone")]
        self.assertEqual(rows, ["bad", "reopen", "good"])
        ratios = [text for text in shown if text.endswith(" other")]
        self.assertEqual(ratios, ["0.50 other", "1.50 other", "2.00 other"])
        self.assertIn("1.0", shown)
        self.assertIn("median of 3 rounds", " ".join(shown))

    def test_latency_needs_every_percentile(self):
        whole = {"p50_ns": 900, "p99_ns": 5000, "p999_ns": 40000, "max_ns": 20000000}
        part = {"p50_ns": 900}
        drawn = self.draw(about(1000), result("ferric", "fill-random", **whole),
                          result("lmdb", "fill-random", **part),
                          result("ferric", "read-random", **part))
        self.assertEqual(list(drawn), ["latency-1k.svg"])
        shown = texts(drawn["latency-1k.svg"])
        self.assertIn("fill-random", shown)
        self.assertIn("99.9%", shown)
        self.assertNotIn("read-random", shown)
        self.assertNotIn("lmdb", shown)

    def test_throughput_takes_the_round_in_the_middle(self):
        def series(number, counts):
            return {"kind": "series", "engine": "ferric", "workload": "fill-random",
                    "round": number, "width_ms": 100, "items": " ".join(map(str, counts))}
        drawn = self.draw(about(10000000, 3), series(1, [1] * 50), series(2, [4000] * 30),
                          series(3, [9] * 20))
        self.assertEqual(list(drawn), ["throughput-10M.svg"])
        shown = texts(drawn["throughput-10M.svg"])
        self.assertIn("40k", shown)
        self.assertIn("3 s", shown)

    def test_scaling_needs_three_numbers_of_keys(self):
        def files(counts):
            return [self.save(f"{keys}.jsonl", about(keys),
                              result("ferric", "read-random", rate=1e9 / keys)) for keys in counts]
        few = charts.draw_all(charts.read_runs(files((1000, 100000))))
        self.assertEqual(few, {})
        many = charts.draw_all(charts.read_runs(files((1000, 100000, 10000000))))
        self.assertEqual(list(many), ["scaling.svg"])
        self.assertTrue({"1k", "100k", "10M"} <= set(texts(many["scaling.svg"])))

    def test_of_runs_with_as_many_keys_the_one_of_most_workloads_is_drawn(self):
        small = self.save("a.jsonl", about(1000), result("ferric", "get", rate=1),
                          result("lmdb", "get", rate=1))
        large = self.save("b.jsonl", about(1000), result("ferric", "get", rate=2),
                          result("lmdb", "get", rate=1), result("ferric", "put", rate=3),
                          result("lmdb", "put", rate=1))
        for files in ([small, large], [large, small]):
            drawn = charts.draw_all(charts.read_runs(files))
            self.assertIn("2.00 lmdb", texts(drawn["ratios-1k.svg"]))

    def test_notes_and_strange_letters_are_shown(self):
        drawn = self.draw({"kind": "note", "text": "a busy & noisy machine"}, about(1000),
                          result("ferric", "get", rate=2), result("lmdb", "get", rate=1))
        said = " ".join(texts(drawn["ratios-1k.svg"]))
        self.assertIn("a busy & noisy machine", said)
        self.assertIn("a <fast> one", said)

    def test_check_tells_what_differs(self):
        lines = self.save("one.jsonl", about(1000), result("ferric", "get", rate=2),
                          result("lmdb", "get", rate=1))
        call = [sys.executable, "-B", TOOL, "--out", self.folder.name]

        def check():
            done = subprocess.run([*call, "--check", lines], capture_output=True, text=True,
                                  check=False)
            return done.returncode, done.stderr

        self.assertEqual(check()[0], 1)
        self.assertIn("ratios-1k.svg is missing", check()[1])
        subprocess.run([*call, lines], check=True, capture_output=True)
        self.assertEqual(check(), (0, ""))
        drawn = os.path.join(self.folder.name, "ratios-1k.svg")
        with open(drawn, "a", encoding="utf-8") as file:
            file.write(" ")
        self.assertIn("ratios-1k.svg is not what the lines give", check()[1])
        os.rename(drawn, os.path.join(self.folder.name, "old.svg"))
        self.assertIn("old.svg is there, and no lines for it", check()[1])

    def test_every_colour_is_read_on_white_and_on_dark(self):
        for page in ("#ffffff", "#0d1117"):
            for color in [*charts.COLORS.values(), charts.OTHER_COLOR]:
                self.assertGreaterEqual(contrast(color, page), 3, f"{color} on {page}")
            self.assertGreaterEqual(contrast(charts.TEXT, page), 4, charts.TEXT)
        for path in glob.glob(os.path.join(DOCS, "*.svg")):
            with open(path, encoding="utf-8") as file:
                used = set(re.findall(r"#[0-9a-f]{6}", file.read()))
            known = {*charts.COLORS.values(), charts.TEXT, charts.FAINT, charts.OTHER_COLOR}
            self.assertLessEqual(used, known, path)


if __name__ == "__main__":
    unittest.main()
