#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the charts of docs/charts from what ferric-peers saved.

    charts.py [--check] [--out DIR] FILE.jsonl...

Only charts for which there are data are drawn: `ratios-KEYS.svg` and `latency-KEYS.svg` of a run,
`throughput-KEYS.svg` where a fill was recorded over time, and `scaling.svg` from runs of at least
three different numbers of keys. The same lines give the same bytes. --check draws nothing, and
fails when a chart of DIR is not what the lines give, is missing, or is there without lines.

Every colour can be read on white and on a dark page, and the pages stay transparent. What Ferric is
worst at comes first. Needs only Python's standard library.
"""
import argparse
import json
import math
import os
import statistics
import sys
import textwrap
from xml.sax.saxutils import escape

OURS = "ferric"
TEXT = "#757b82"
FAINT = "#8b9199"
COLORS = {"ferric": "#d9541e", "leveldb": "#2f7fd1", "lmdb": "#1f9254", "rocksdb": "#a855b5",
          "sqlite": "#8d7a1a", "wiredtiger": "#6a73d9"}
OTHER_COLOR = "#757b82"
WIDTH = 860
LEFT = 210  # Of the plot, where the rows have names.
FONT = "font-family=\"system-ui,'Segoe UI',Helvetica,Arial,sans-serif\""

# (metric, what is said behind the workload's name, whether less is better)
COMPARED = (("rate", "", False), ("beside_rate", ": writer", False), ("open_ms", "", True))
PERCENTILES = (("p50_ns", "50%"), ("p99_ns", "99%"), ("p999_ns", "99.9%"), ("max_ns", "longest"))
LATENCY_OF = ("fill-random", "read-random", "read-beside-write", "commit-1", "commit-16", "txn-1")
SCALING_OF = ("fill-random", "read-random", "read-missing", "scan-100")
SCALING_COUNTS_MIN = 3


# ---- What was saved ----------------------------------------------------------------------------

class Run:
    """The lines of one call of ferric-peers."""

    def __init__(self, line):
        self.about = line
        self.keys = int(line["keys"])
        self.notes = []
        self.values = {}  # (workload, metric, engine): one for each round.
        self.series = {}  # (workload, engine): {round: (width in ms, counts)}.

    def add(self, line):
        workload, engine = line["workload"], line["engine"]
        for metric in {name for name, _, _ in COMPARED} | {name for name, _ in PERCENTILES}:
            if metric in line:
                self.values.setdefault((workload, metric, engine), []).append(line[metric])

    def add_series(self, line):
        counts = [int(count) for count in line["items"].split()]
        rounds = self.series.setdefault((line["workload"], line["engine"]), {})
        rounds[int(line["round"])] = (line["width_ms"], counts)

    def median(self, workload, metric, engine):
        values = self.values.get((workload, metric, engine))
        return statistics.median(values) if values else None

    def workloads(self):
        return list(dict.fromkeys(workload for workload, _, _ in self.values))

    def engines(self):
        """Ours first, then the others by name."""
        names = {engine for _, _, engine in self.values} | {engine for _, engine in self.series}
        return sorted(names, key=lambda name: (name != OURS, name))


def read_runs(paths):
    runs = []
    for path in paths:
        notes = []
        with open(path, encoding="utf-8") as file:
            for text in file:
                line = json.loads(text)
                if line["kind"] == "run":
                    runs.append(Run(line))
                    runs[-1].notes += notes
                elif line["kind"] == "note":
                    notes.append(line["text"])
                elif line["kind"] == "result":
                    runs[-1].add(line)
                elif line["kind"] == "series":
                    runs[-1].add_series(line)
    return runs


# ---- Numbers as text ---------------------------------------------------------------------------

def short(number):
    """1500000 is 1.5M."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g}{letter}"
    return f"{number:.3g}"


def duration(nanoseconds):
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanoseconds >= factor:
            return f"{nanoseconds / factor:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def decades(least, most):
    """The powers of ten from below `least` to above `most`."""
    return [10.0 ** exponent for exponent in
            range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)]


# ---- Drawing -----------------------------------------------------------------------------------

class Drawing:
    """An SVG of one width, whose height grows with what is added."""

    def __init__(self, title):
        self.title, self.parts, self.bottom = title, [], 0
        self.text(16, 26, title, size=16, weight="600")

    def place(self, y):
        self.bottom = max(self.bottom, y)

    def text(self, x, y, text, anchor="start", size=12, color=TEXT, weight="400"):
        self.place(y + 4)
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-weight="{weight}" fill="{color}">{escape(text)}</text>')

    def line(self, ends, color=FAINT, width=1.0, dashes=""):
        self.place(max(ends[1], ends[3]))
        x1, y1, x2, y2 = ends
        dashes = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{color}" stroke-width="{width:g}"{dashes}/>')

    def dot(self, x, y, color):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>')

    def curve(self, points, color, is_ours):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" '
                          f'stroke-width="{2.5 if is_ours else 1.5:g}" stroke-linejoin="round"/>')

    def foot(self, run):
        """What was measured on what, and what is to be known of it."""
        about = run.about
        rounds = int(about["rounds"])
        text = (f'{about["date"]}, {about["processor"]}, {int(about["processors"])} processors, '
                f'{about["build"]} build; {short(about["value_size"])} byte values, '
                f'{"median of " + str(rounds) + " rounds" if rounds > 1 else "one round"}. ')
        lines = textwrap.wrap(text + " ".join(run.notes), 130)
        for number, line in enumerate(lines):
            self.text(16, self.bottom + (26 if number == 0 else 14), line, size=11)

    def finish(self):
        height = self.bottom + 12
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                f'width="{WIDTH}" height="{height:.0f}" role="img" {FONT}>\n'
                f"<title>{escape(self.title)}</title>\n" + "\n".join(self.parts) + "\n</svg>\n")


def color_of(engine):
    return COLORS.get(engine, OTHER_COLOR)


def keep_apart(labels, distance=13):
    """Moves labels [(y, ...)] down until none covers another; in the order of y."""
    moved, last = [], -math.inf
    for label in sorted(labels):
        last = max(label[0], last + distance)
        moved.append((last,) + label[1:])
    return moved


class Panel:
    """A plot of curves: x as the caller scales it, y in powers of ten or from 0."""

    def __init__(self, drawing, box, name, y_range, y_text):
        self.drawing, self.y_text = drawing, y_text
        self.left, self.top, self.right, self.bottom = box
        self.least, self.most = y_range
        self.is_log = self.least > 0
        self.labels = []
        drawing.text(self.left, self.top - 10, name, weight="600")
        ticks = decades(*y_range) if self.is_log else [self.most * part / 4 for part in range(5)]
        if self.is_log:
            self.least, self.most = ticks[0], ticks[-1]
        for tick in ticks:
            y = self.y(tick)
            drawing.line((self.left, y, self.right, y), width=0.5)
            drawing.text(self.left - 6, y + 4, y_text(tick), anchor="end", size=11)

    def y(self, value):
        if self.is_log:
            value = max(value, self.least)
            share = math.log(value / self.least) / math.log(self.most / self.least)
        else:
            share = value / self.most
        return self.bottom - share * (self.bottom - self.top)

    def x_tick(self, x, text):
        self.drawing.line((x, self.bottom, x, self.bottom + 4))
        self.drawing.text(x, self.bottom + 17, text, anchor="middle", size=11)

    def add(self, engine, points):
        """Points are (x in the drawing, value)."""
        placed = [(x, self.y(value)) for x, value in points]
        self.drawing.curve(placed, color_of(engine), engine == OURS)
        self.labels.append((placed[-1][1] + 4, engine))

    def name_curves(self):
        for y, engine in keep_apart(self.labels):
            self.drawing.text(self.right + 8, y, engine, size=11, color=color_of(engine),
                              weight="600" if engine == OURS else "400")


# ---- Ratios ------------------------------------------------------------------------------------

def ratios_of(run):
    """[(name, [(peer, how many times better ours is)])], what ours is worst at first."""
    rows = []
    for workload in run.workloads():
        for metric, suffix, is_less_better in COMPARED:
            ours = run.median(workload, metric, OURS)
            found = []
            for engine in run.engines():
                theirs = run.median(workload, metric, engine)
                if engine != OURS and ours and theirs:
                    found.append((engine, theirs / ours if is_less_better else ours / theirs))
            if found:
                name = "reopen" if not workload else workload
                has_writer = run.median(workload, "beside_rate", OURS) is not None
                rows.append((name + (suffix or (": reader" if has_writer else "")), found))
    return sorted(rows, key=lambda row: (min(ratio for _, ratio in row[1]), row[0]))


def draw_ratios(run):
    rows = ratios_of(run)
    if not rows:
        return None
    every = [ratio for _, found in rows for _, ratio in found]
    least, most = min(0.5, min(every) / 1.15), max(2.0, max(every) * 1.15)
    right = WIDTH - 110

    def x(ratio):
        return LEFT + math.log(ratio / least) / math.log(most / least) * (right - LEFT)

    drawing = Drawing(f"How many times faster Ferric is, {short(run.keys)} keys")
    drawing.text(16, 46, "right of 1.0 Ferric is faster, left of it the other; what it is worst at "
                 "comes first", size=11)
    top = y = 78
    for name, found in rows:
        drawing.text(LEFT - 12, y + 4 + 7 * (len(found) - 1), name, anchor="end")
        for engine, ratio in found:
            drawing.line((x(1), y, x(ratio), y), color=color_of(engine), width=2)
            drawing.dot(x(ratio), y, color_of(engine))
            is_left = ratio < 1
            drawing.text(x(ratio) + (-8 if is_left else 8), y + 4, f"{ratio:.2f} {engine}",
                         anchor="end" if is_left else "start", size=11, color=color_of(engine))
            y += 14
        y += 10
    for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50):
        if least <= tick <= most:
            is_one = tick == 1
            drawing.line((x(tick), top - 10, x(tick), y - 6), color=TEXT if is_one else FAINT,
                         width=1.5 if is_one else 0.5, dashes="" if is_one else "2 4")
            drawing.text(x(tick), top - 14, "1.0" if is_one else f"{tick:g}", anchor="middle",
                         size=11, weight="600" if is_one else "400")
    drawing.foot(run)
    return drawing.finish()


# ---- Latency -----------------------------------------------------------------------------------

def draw_latency(run):
    panels = []
    for workload in LATENCY_OF:
        curves = {engine: [run.median(workload, metric, engine) for metric, _ in PERCENTILES]
                  for engine in run.engines()}
        curves = {engine: values for engine, values in curves.items() if all(values)}
        if OURS in curves:
            panels.append((workload, curves))
    if not panels:
        return None
    drawing = Drawing(f"How long single operations take, {short(run.keys)} keys")
    drawing.text(16, 46, "so many of all operations are done within this time; lower is better",
                 size=11)
    for number, (workload, curves) in enumerate(panels):
        left = 70 + number % 2 * 425
        top = 90 + number // 2 * 250
        every = [value for values in curves.values() for value in values]
        panel = Panel(drawing, (left, top, left + 265, top + 180), workload,
                      (min(every), max(every)), duration)
        xs = [left + 15 + step * 78 for step in range(len(PERCENTILES))]
        for x, (_, name) in zip(xs, PERCENTILES):
            panel.x_tick(x, name)
        for engine, values in curves.items():
            panel.add(engine, list(zip(xs, values)))
        panel.name_curves()
    drawing.foot(run)
    return drawing.finish()


# ---- Throughput over time ----------------------------------------------------------------------

def middle_round(run, workload, engine):
    """The series of the round with the median time."""
    rounds = run.series[(workload, engine)]
    by_length = sorted(rounds, key=lambda one: (len(rounds[one][1]) * rounds[one][0], one))
    return rounds[by_length[len(by_length) // 2]]


def draw_throughput(run):
    workloads = list(dict.fromkeys(workload for workload, engine in run.series if engine == OURS))
    if not workloads:
        return None
    drawing = Drawing(f"Writes over time, {short(run.keys)} keys")
    drawing.text(16, 46, "operations per second while the database fills, until the last one is "
                 "acknowledged", size=11)
    for number, workload in enumerate(workloads):
        top = 90 + number * 270
        curves, seconds = {}, 0
        for engine in run.engines():
            if (workload, engine) in run.series:
                width_ms, counts = middle_round(run, workload, engine)
                seconds = max(seconds, len(counts) * width_ms / 1000)
                # The last stretch ended with the fill, somewhere within it.
                curves[engine] = [((at + 0.5) * width_ms / 1000, count * 1000 / width_ms)
                                  for at, count in enumerate(counts[:-1] or counts)]
        most = max(rate for points in curves.values() for _, rate in points)
        box = (70, top, WIDTH - 100, top + 200)
        panel = Panel(drawing, box, workload, (0, most), short)
        for part in range(6):
            panel.x_tick(box[0] + (box[2] - box[0]) * part / 5, f"{seconds * part / 5:.3g} s")
        for engine, points in curves.items():
            panel.add(engine, [(box[0] + at / seconds * (box[2] - box[0]), rate)
                               for at, rate in points])
        panel.name_curves()
    drawing.foot(run)
    return drawing.finish()


# ---- Scaling -----------------------------------------------------------------------------------

def draw_scaling(runs):
    runs = sorted(runs, key=lambda run: run.keys)
    panels = []
    for workload in SCALING_OF:
        curves = {}
        for run in runs:
            for engine in run.engines():
                rate = run.median(workload, "rate", engine)
                if rate:
                    curves.setdefault(engine, {})[run.keys] = rate
        curves = {engine: points for engine, points in curves.items()
                  if len(points) >= SCALING_COUNTS_MIN}
        if OURS in curves:
            panels.append((workload, curves))
    if not panels:
        return None
    drawing = Drawing("From few keys to many")
    drawing.text(16, 46, "operations per second by the number of keys; higher is better", size=11)
    for number, (workload, curves) in enumerate(panels):
        left = 70 + number % 2 * 425
        top = 90 + number // 2 * 250
        counts = sorted({keys for points in curves.values() for keys in points})
        every = [rate for points in curves.values() for rate in points.values()]
        panel = Panel(drawing, (left, top, left + 265, top + 180), workload,
                      (min(every), max(every)), short)
        reach = math.log(counts[-1] / counts[0])
        xs = {keys: left + 10 + math.log(keys / counts[0]) / reach * 245 for keys in counts}
        for keys, x in xs.items():
            panel.x_tick(x, short(keys))
        for engine in sorted(curves, key=lambda name: (name != OURS, name)):
            panel.add(engine, [(xs[keys], curves[engine][keys]) for keys in sorted(curves[engine])])
        panel.name_curves()
    drawing.foot(runs[-1])
    return drawing.finish()


# ---- All of them -------------------------------------------------------------------------------

def draw_all(runs):
    """{file name: SVG}; of runs with as many keys the one of most workloads is drawn."""
    charts = {}
    for run in sorted(runs, key=lambda run: (run.keys, -len(run.workloads()))):
        for name, draw in (("ratios", draw_ratios), ("latency", draw_latency),
                           ("throughput", draw_throughput)):
            name = f"{name}-{short(run.keys)}.svg"
            drawn = draw(run) if name not in charts else None
            if drawn is not None:
                charts[name] = drawn
    drawn = draw_scaling(runs)
    if drawn is not None:
        charts["scaling.svg"] = drawn
    return charts


def differences(charts, folder):
    """What is wrong about the charts in a folder, a sentence each."""
    there = {name for name in os.listdir(folder) if name.endswith(".svg")}
    wrong = [f"{name} is there, and no lines for it" for name in sorted(there - set(charts))]
    for name, drawn in sorted(charts.items()):
        if name not in there:
            wrong.append(f"{name} is missing")
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            if file.read() != drawn:
                wrong.append(f"{name} is not what the lines give")
    return wrong


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Draws what ferric-peers saved.")
    parser.add_argument("--out", default=os.path.join(here, "..", "docs", "charts"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl")
    arguments = parser.parse_args()
    charts = draw_all(read_runs(arguments.files))
    if arguments.check:
        wrong = differences(charts, arguments.out)
        for sentence in wrong:
            print(f"charts: {sentence}; run tools/charts.py again", file=sys.stderr)
        sys.exit(1 if wrong else 0)
    for name, drawn in charts.items():
        with open(os.path.join(arguments.out, name), "w", encoding="utf-8") as file:
            file.write(drawn)
        print(name)


if __name__ == "__main__":
    main()
