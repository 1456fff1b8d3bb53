#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ferric debug: sound files are told whole, and every kind of damage is told with its place."""
import json
import os
import signal
import subprocess

import program
from program import ProgramTest


class DebugTest(ProgramTest):
    """A database with a table of several blocks, a log of three commits, and a manifest."""

    KEYS = 400

    def setUp(self):
        super().setUp()
        lines = "".join(f'{{"_id":"key{i:04}","n":{i}}}\n' for i in range(self.KEYS))
        self.ferric("import", "-q", self.db, stdin=lines)
        self.ferric("compact", self.db, err="compacted")
        lines = "".join(f'{{"_id":"{key}","_value":"{key}"}}\n' for key in ("one", "two", "three"))
        self.ferric("import", "-q", self.db, "--batch", "1", stdin=lines)
        self.log = self.largest(".log")
        self.table = self.largest(".table")
        self.manifest = self.largest(".manifest")

    def largest(self, suffix):
        paths = [os.path.join(self.db, name) for name in os.listdir(self.db)
                 if name.endswith(suffix)]
        return max(paths, key=os.path.getsize)

    def parts(self, what, path, code=0, *words):
        """The parts that debug prints, as objects."""
        done = self.run_program("debug", what, path, "--json", "-n", "1000000", *words)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def named(self, parts, name):
        return [part for part in parts if part["part"] == name]

    def damage(self, what, path):
        """The damaged parts; there are some."""
        found = [part for part in self.parts(what, path, 4) if part["damage"]]
        self.assertTrue(found)
        for part in found:
            self.assertTrue(part["problem"])
        return found

    def change(self, path, content):
        with open(path, "wb") as file:
            file.write(content)

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def flip(self, path, offset):
        content = bytearray(self.content(path))
        content[offset] ^= 0x41
        self.change(path, bytes(content))

    # ---- Sound files ------------------------------------------------------------------------

    def test_every_key_is_told(self):
        parts = self.parts("table", self.db)
        keys = [part["key"] for part in self.named(parts, "put") if part["keyspace"] == 1]
        self.assertEqual(keys, [f"key{i:04}" for i in range(self.KEYS)])
        self.assertGreater(len(self.named(parts, "block")), 2)
        total = self.named(parts, "total")[0]
        self.assertEqual(total["entries"], self.named(parts, "properties")[0]["entries"])
        self.assertEqual(total["damaged"], 0)
        puts = [part for part in self.named(self.parts("wal", self.db), "put")
                if part["keyspace"] == 1]
        self.assertEqual([(part["key"], part["value"]) for part in puts],
                         [(key, f'\x01"{key}"') for key in ("one", "two", "three")])

    def test_the_manifest_names_its_files(self):
        parts = self.parts("manifest", self.db)
        self.assertEqual(parts[0]["part"], "current")
        self.assertEqual(parts[0]["manifest"], self.named(parts, "manifest")[0]["number"])
        added = self.named(parts, "add table")[0]
        self.assertEqual(added["bytes"], os.path.getsize(self.table))
        self.assertEqual(added["largest"], f"key{self.KEYS - 1:04}")
        logs = {part["number"] for part in self.named(parts, "live log")}
        self.assertIn(int(os.path.basename(self.log).split(".")[0]), logs)

    def test_text_for_people(self):
        text = self.ferric("debug", "wal", self.log)
        self.assertIn(f"{self.log}: log  ", text)
        self.assertRegex(text, r"\n +64  commits  \d+ bytes  sequence \d+  batches 1")
        self.assertIn('keyspace 1 (main)  key "two"  value "\\x01\\"two\\""\n', text)
        self.assertTrue(text.endswith("total  frames 3  operations 3  damaged 0\n"), text)

    def test_long_values_are_shortened_unless_asked(self):
        self.ferric("set", "-q", self.db, "long", '"' + "x" * 3000 + '"')
        self.assertIn('xxx"... (3,003 bytes)', self.ferric("debug", "wal", self.db))
        self.assertIn("x" * 3000, self.ferric("debug", "wal", self.db, "--full"))
        part = [p for p in self.named(self.parts("wal", self.db), "put") if p["key"] == "long"][0]
        self.assertEqual((len(part["value"]), part["value_size"]), (64, 3003))

    def test_large_values_are_told_by_where_they_stand(self):
        self.ferric("set", "-q", self.db, "large", '"' + "x" * 5000 + '"')
        part = [p for p in self.named(self.parts("wal", self.db), "put") if p["key"] == "large"][0]
        self.assertEqual(part["value_offset"], 64)
        self.assertNotIn("value", part)
        path = os.path.join(self.db, f"{part['value_file']:06}.values")
        self.assertGreaterEqual(os.path.getsize(path), 64 + part["value_record"])
        self.ferric("compact", self.db, err="compacted")
        parts = self.named(self.parts("manifest", self.db), "values of table")
        self.assertEqual({(p["file"], p["count"]) for p in parts}, {(part["value_file"], 1)})
        self.assertIn("sound", self.ferric("verify", self.db))

    def test_one_key(self):
        text = self.ferric("debug", "wal", self.db, "--key", "two")
        self.assertEqual(text.count("  put  "), 1)
        self.assertEqual(text.count("  commits  "), 1)
        self.assertIn('key "two"', text)
        parts = self.parts("table", self.db, 0, "--key", "key0123")
        self.assertEqual([p["value"] for p in self.named(parts, "put")], ['\x01{"n":123}'])
        self.assertEqual(len(self.named(self.parts("manifest", self.db, 0, "--key", "key0123"),
                                        "add table")), 1)

    def test_output_is_bounded(self):
        text = self.ferric("debug", "table", self.db, "-n", "7", err="more parts are not listed")
        self.assertEqual(len(text.splitlines()), 7 + 2)  # And the file and its total.
        self.assertIn(f"entries {self.KEYS + 1}", text)
        done = subprocess.run(f"'{program.FERRIC}' debug table '{self.db}' -n 1000000 | head -n 2",
                              shell=True, capture_output=True, check=False,
                              env=program.environment())
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (2, b""))

    def test_it_takes_no_lock_and_changes_nothing(self):
        def state():
            return {name: (self.content(os.path.join(self.db, name)),
                           os.stat(os.path.join(self.db, name)).st_mtime_ns)
                    for name in os.listdir(self.db)}

        # Without threads nothing is written some time after a commit.
        with subprocess.Popen([program.FERRIC, "repl", self.db, "--option", "background_threads=0"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=program.environment()) as writer:
            writer.stdin.write(b"SET four 4\nGET four\n")
            writer.stdin.flush()
            self.assertEqual(writer.stdout.readline(), b"4\n")
            # It holds still, or it would write what it writes when nobody else does.
            writer.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, writer.pid, os.WSTOPPED | os.WNOWAIT)
            try:
                before = state()
                self.assertIn('key "four"', self.ferric("debug", "wal", self.db))
                self.parts("table", self.db)
                self.parts("manifest", self.db)
                self.assertEqual(state(), before)
            finally:
                writer.send_signal(signal.SIGCONT)
            writer.stdin.close()
            self.assertEqual(writer.wait(), 0)
        os.remove(os.path.join(self.db, "LOCK"))
        self.parts("manifest", self.db)
        self.assertFalse(os.path.exists(os.path.join(self.db, "LOCK")))

    # ---- Wrong words ------------------------------------------------------------------------

    def test_wrong_words(self):
        self.ferric("debug", code=2, err="usage: ferric debug wal|table|manifest PATH")
        self.ferric("debug", "tables", self.db, code=2, err="wal, table or manifest, not tables")
        self.ferric("debug", "wal", self.path("none"), code=3, err="none")
        self.ferric("debug", "wal", self.directory, code=3, err="no file of a Ferric database")
        self.ferric("debug", "wal", self.table, code=2, err="is a table, not a log")
        self.ferric("debug", "table", self.manifest, code=2, err="is a manifest, not a table")
        self.ferric("inspect", self.db, "x", code=2, err="did you mean debug?")

    # ---- Damage -----------------------------------------------------------------------------

    def test_damaged_frames_are_passed_over(self):
        frames = self.named(self.parts("wal", self.log), "commits")
        self.assertGreaterEqual(len(frames), 3)
        second = frames[1]
        for at in (second["offset"] + 1, second["offset"] + second["size"] // 2):
            whole = self.content(self.log)
            self.flip(self.log, at)
            found = self.damage("wal", self.log)
            self.assertEqual([(part["offset"], part["size"]) for part in found],
                             [(second["offset"], second["size"])])
            left = self.named(self.parts("wal", self.log, 4), "commits")
            self.assertEqual(left, [frames[0]] + frames[2:])
            self.assertEqual(self.ferric("debug", "wal", self.db, code=4, err="damaged")
                             .count("frames go on at"), 1)
            self.change(self.log, whole)

    def test_a_hole_in_a_log(self):
        frames = self.named(self.parts("wal", self.log), "commits")
        content = self.content(self.log)
        start, end = frames[1]["offset"], frames[1]["offset"] + frames[1]["size"]
        self.change(self.log, content[:start] + bytes(end - start) + content[end:])
        self.assertIn("zeros where a frame", self.damage("wal", self.log)[0]["problem"])

    def test_the_last_frame_may_be_torn(self):
        last = self.named(self.parts("wal", self.log), "commits")[-1]
        self.change(self.log, self.content(self.log)[:last["offset"] + last["size"] - 3])
        tail = self.named(self.parts("wal", self.log), "tail")
        self.assertEqual([part["offset"] for part in tail], [last["offset"]])
        self.assertLess(tail[0]["size"], last["size"] - 2)
        self.assertIn("longer than the file", tail[0]["found"])

    def test_a_damaged_header_does_not_hide_what_verifies(self):
        whole = {path: self.content(path) for path in (self.log, self.table, self.manifest)}
        for path, what, name in ((self.log, "wal", "commits"), (self.table, "table", "put"),
                                 (self.manifest, "manifest", "edit")):
            count = len(self.named(self.parts(what, path), name))
            for offset in (0, 5, 35, 62):  # Magic, version, database id, check.
                self.change(path, whole[path])
                self.flip(path, offset)
                found = self.damage(what, path)
                self.assertEqual(found[0]["offset"], 0)
                if offset in (35, 62):
                    self.assertEqual(len(self.named(self.parts(what, path, 4), name)), count)
            self.change(path, whole[path])
            self.flip(path, 50)  # The salt: nothing verifies any more.
            self.damage(what, path)

    def test_damaged_blocks_are_passed_over(self):
        blocks = self.named(self.parts("table", self.table), "block")
        self.flip(self.table, blocks[1]["offset"] + blocks[1]["size"] // 2)
        found = self.damage("table", self.table)
        self.assertEqual([(part["offset"], part["size"]) for part in found],
                         [(blocks[1]["offset"], blocks[1]["size"])])
        parts = self.parts("table", self.table, 4)
        self.assertEqual(len(self.named(parts, "put")),
                         sum(block["entries"] for block in blocks) - blocks[1]["entries"])
        self.assertEqual(self.named(parts, "total")[0]["damaged"], 1)

    def test_every_byte_behind_the_blocks_of_a_table_counts(self):
        whole = self.content(self.table)
        last = self.named(self.parts("table", self.table), "block")[-1]
        size = len(whole)
        lost = 0
        for at in range(last["offset"] + last["size"], size, 7):
            self.flip(self.table, at)
            self.damage("table", self.table)
            lost += not self.named(self.parts("table", self.table, 4), "put")
            self.change(self.table, whole)
        # Filter and properties can be done without; index, directory and footer cannot.
        self.assertGreater(lost, 0)
        self.assertLess(lost, (size - last["offset"] - last["size"]) // 7)

    def test_files_that_are_cut(self):
        for path, what in ((self.log, "wal"), (self.table, "table"),
                           (self.manifest, "manifest")):
            whole = self.content(path)
            for size in (0, 1, 63):
                self.change(path, whole[:size])
                self.assertIn("file header", self.damage(what, path)[0]["problem"])
            for size in (64, 65, len(whole) // 2, len(whole) - 1):
                self.change(path, whole[:size])
                done = self.run_program("debug", what, path, "--json")
                self.assertIn(done.returncode, (4,) if what == "table" else (0, 4))
                self.assertTrue(done.stdout)
            self.change(path, whole)

    def test_a_damaged_manifest(self):
        edits = self.named(self.parts("manifest", self.manifest), "edit")
        self.assertGreater(len(edits), 1)
        self.flip(self.manifest, edits[0]["offset"] + 20)
        self.assertEqual(self.damage("manifest", self.db)[0]["offset"], edits[0]["offset"])
        self.assertEqual(self.named(self.parts("manifest", self.db, 4), "edit"), edits[1:])

    def test_current_missing_or_damaged(self):
        current = os.path.join(self.db, "CURRENT")
        self.flip(current, 20)
        found = self.damage("manifest", self.db)
        self.assertEqual((os.path.basename(found[0]["file"]), found[0]["part"]),
                         ("CURRENT", "current"))
        os.remove(current)
        self.assertIn("missing", self.damage("manifest", self.db)[0]["problem"])
        self.assertGreater(len(self.named(self.parts("manifest", self.db, 4), "edit")), 1)

    def test_a_newer_format_is_told_and_left(self):
        # Version 2 with a check that holds: as another release would write it.
        content = bytearray(self.content(self.log))
        content[4] = 2
        content[60:64] = program.crc32c(bytes(content[:60])).to_bytes(4, "little")
        self.change(self.log, bytes(content))
        found = self.damage("wal", self.log)
        self.assertIn("format version 2", found[0]["problem"])
        self.assertEqual(len(self.parts("wal", self.log, 4)), 1)


if __name__ == "__main__":
    program.main()
