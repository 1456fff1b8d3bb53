#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Import and export: formats, bad input, interruption, and that what was acknowledged stays."""
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import time

import program
from program import FERRIC, ProgramTest


class FormatTest(ProgramTest):
    def test_jsonl_by_id(self):
        people = self.write("people.jsonl", '{"email":"a@x","n":1}\n{"email":"b@x"}\n')
        self.ferric("import", self.db, "-k", "users", "--id", "email", people, out="",
                    err="2 imported into users")
        self.ferric("get", self.db, "-k", "users", "a@x", out='{"email":"a@x","n":1}\n')

    def test_standard_input_and_uuids(self):
        self.ferric("import", self.db, stdin='{"a":1}\n7\n', err="2 imported into main")
        keys = self.ferric("keys", self.db).split()
        self.assertEqual([len(key) for key in keys], [36, 36])
        self.ferric("import", self.db, "-", stdin='{"_id":"k","a":2}\n', err="1 imported")
        self.ferric("get", self.db, "k", out='{"a":2}\n')

    def test_csv(self):
        table = self.write("t.csv", 'id,name,n\r\n1,"Ada, Countess",36\r\n2,"a ""b""\nc",\r\n')
        self.ferric("import", self.db, "--id", "id", table,
                    err='fields: "id" number, "name" string, "n" number')
        self.ferric("get", self.db, "1", "2", out='{"id":1,"name":"Ada, Countess","n":36}\n'
                    '{"id":2,"name":"a \\"b\\"\\nc"}\n')
        self.ferric("import", self.db, "--id", "id", "--types", "string,n=number", table,
                    err='"id" string, "name" string, "n" number')
        self.ferric("get", self.db, "1", out='{"id":"1","name":"Ada, Countess","n":36}\n')
        self.ferric("import", self.db, "--id", "id", "--types", "name=number", table,
                    err='line 2: the cell of "name" is no number: Ada, Countess', code=2)
        self.ferric("import", self.db, "--types", "age=number", table, code=2, err="no field age")
        self.ferric("import", self.db, "--types", "date", table, code=2, err="none of string")
        self.ferric("import", self.db, "--types", "string", stdin="", code=2, err="--format csv")

    def test_cells_that_do_not_suit_their_column(self):
        table = self.write("t.csv", "id,n\n" + "".join(f"{i},{i}\n" for i in range(50000))
                           + "last,none\n")
        self.ferric("import", self.db, "--id", "id", "--fsync", "never", table,
                    err='"n": 1 became strings, being no number; the first is in line 50002')
        self.ferric("get", self.db, "last", "7", out='{"id":"last","n":"none"}\n{"id":7,"n":7}\n')

    def test_json_array(self):
        array = self.write("a.json", '[\n  {"_id": "a", "n": 1},\n  {"_id": "b", "n":\n 2}\n]\n')
        self.ferric("import", self.db, array, err="2 imported")
        self.ferric("scan", self.db, out='a\t{"n":1}\nb\t{"n":2}\n')
        self.ferric("import", self.db, "--format", "json", stdin='{"_id":"c"} {"_id":"d"}',
                    err="2 imported")
        done = self.run_program("import", self.path("bad.db"), "--format", "json",
                                stdin='[{"_id":"a"},\n{"_id":"b",\n"x":tru},\n{"_id":"c"}]')
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"line 3: the value of line 2 is not JSON: byte 19", done.stderr)
        self.assertIn(b"2 imported into main", done.stderr)
        self.ferric("import", self.db, "--format", "json", stdin='[{"_id":"x"},\n{"_id":"y"',
                    code=2, err="line 2: the value that begins here has no end")
        self.ferric("get", self.db, "x", out="{}\n")

    def test_an_array_needs_no_memory_of_its_size(self):
        """64 MiB of one line, in 40 MiB of address space more than a small array needs."""
        def start(count, limit):
            code = ("import resource, os, sys\n"
                    f"resource.setrlimit(resource.RLIMIT_DATA, ({limit}, {limit}))\n"
                    f"os.execv({FERRIC!r}, [{FERRIC!r}, 'import', '-q', {self.db!r}, '--format',"
                    " 'json', '--fsync', 'never', '-o', 'memory_limit=16MiB'])\n")
            process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=program.environment())
            process.stdin.write(b"[")
            for i in range(count):
                process.stdin.write(b'%s{"_id":"%07d","x":"%s"}' % (b"," if i else b"", i % 100,
                                                                   b"x" * 1000))
            process.stdin.write(b"]")
            process.stdin.close()
            said = process.stderr.read()
            process.stderr.close()
            return process.wait(), said
        if "asan" in FERRIC:
            self.skipTest("the sanitizer's memory is not the program's")
        self.assertEqual(start(65000, 120 << 20), (0, b""))
        self.ferric("count", self.db, out="100\n")

    def test_deb822(self):
        packages = self.write("Packages", "Package: vim\nVersion: 9\nDescription: editor\n Long.\n"
                              "\nPackage: ed\n")
        self.ferric("import", self.db, "--format=deb822", "--id", "Package", packages,
                    err="2 imported")
        self.assertEqual(json.loads(self.ferric("get", self.db, "vim")),
                         {"Package": "vim", "Version": "9", "Description": "editor\nLong."})

    def test_raw_lines_keep_every_byte(self):
        every = bytes(range(256))
        lines = b"all\t" + b"".join(b"\\x%02x" % byte for byte in every) + b"\n"
        self.ferric("import", self.db, "--raw", "--format", "raw", stdin=lines, err="1 imported")
        self.ferric("get", self.db, "all", out=every + b"\n")
        exported = self.path("out.raw")
        self.ferric("export", self.db, exported, err="1 exported")
        other = self.path("other.db")
        self.ferric("import", other, "--raw", exported, err="1 imported")
        self.ferric("get", other, "all", out=every + b"\n")
        self.ferric("export", self.db, "--format", "jsonl", code=2, err="UTF-8")

    def test_export_reads_back(self):
        self.fill(a='{"x":[1,{"y":null}]}', b='"text"', c="{}", d="-1.50", e='{"_value":1}')
        for name in ("out.jsonl", "out.jsonl.gz", "out.tsv", "out.raw.gz", "out.json", "o.json.gz"):
            self.ferric("export", self.db, self.path(name), out="", err="5 exported")
            other = self.path("copy-of-" + name)
            self.ferric("import", other, self.path(name), err="5 imported")
            self.assertEqual(self.ferric("scan", other), self.ferric("scan", self.db), name)
            self.assertFalse(os.path.exists(self.path(name + ".part")))
        with gzip.open(self.path("out.jsonl.gz"), "rt") as file:
            self.assertEqual(file.read(), self.ferric("export", self.db))
        self.ferric("export", self.db, "--prefix", "b", "--format", "raw", out='b\t"text"\n')
        self.ferric("export", self.db, "--format", "deb822", code=2, err="jsonl, json, csv and raw")
        self.assertEqual(json.loads(self.ferric("export", self.db, "--format", "json"))[3:],
                         [{"_id": "d", "_value": -1.5}, {"_id": "e", "_value": {"_value": 1}}])
        self.ferric("export", self.db, "--format", "json", "--prefix", "none", out="[]\n")

    def test_csv_reads_back(self):
        documents = {"a": {"n": 1, "s": "x,\"y\"\nz", "b": True}, "b": {"n": -2.5, "s": ""},
                     "c": {"s": "12", "zip": "0123", "z": None, "t": [1, {"u": "v"}]},
                     "d": {"s": " true ", "b": False, "zip": "null", "z": None}}
        self.fill(**{key: json.dumps(value) for key, value in documents.items()})
        self.ferric("export", self.db, "--format", "csv", out=(
            '_id,n,s,b,zip,z,t\r\na,1,"x,""y""\nz",true,,,\r\nb,-2.5,"",,,,\r\n'
            'c,,"12",,"0123",null,"[1,{""u"":""v""}]"\r\nd,," true ",false,"null",null,\r\n')
            .replace('"0123"', "0123"))
        for name in ("t.csv", "t.csv.gz"):
            self.ferric("export", self.db, self.path(name), err="4 exported")
            other = self.path("copy-of-" + name)
            self.ferric("import", other, "--types", "t=json,z=json", self.path(name),
                        err="4 imported")
            self.assertEqual({line["_id"]: {k: v for k, v in line.items() if k != "_id"}
                              for line in map(json.loads, self.ferric("find", other).splitlines())},
                             documents)
        self.ferric("export", self.db, "--format", "csv", "--fields", "n,_id,none", "--to", "b",
                    out="n,_id,none\r\n1,a,\r\n")
        self.ferric("export", self.db, "--fields", "n", code=2, err="csv")
        self.ferric("export", self.db, "--format", "csv", "--prefix", "x", out="")

    def test_export_into_what_is_no_plain_file(self):
        self.fill(a="1")
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
            self.ferric("export", self.db, pipe, err="1 exported")
            self.assertEqual(reader.stdout.read(), b'{"_id":"a","_value":1}\n')
        self.assertTrue(stat.S_ISFIFO(os.stat(pipe).st_mode))
        os.symlink("/dev/full", self.path("full"))
        self.ferric("export", self.db, self.path("full"), code=5, err="full")
        said = self.run_program("export", self.db, "/dev/full").stderr
        self.assertEqual(said, b"ferric: cannot write /dev/full: No space left on device\n")
        os.symlink("target", self.path("link"))
        self.ferric("export", self.db, self.path("link"), err="1 exported")
        self.assertTrue(os.path.islink(self.path("link")))
        self.ferric("export", self.db, "/dev/stdout", out='{"_id":"a","_value":1}\n',
                    err="1 exported")
        self.ferric("export", self.db, self.directory, code=5, err="directory")

    def test_one_state_is_exported_whatever_the_batch(self):
        lines = "".join(f'{{"_id":"{i:05}","n":{i}}}\n' for i in range(3000))
        for batch in ("1", "7", "1000", "1000000"):
            db = self.path(f"batch-{batch}.db")
            self.ferric("import", db, "--batch", batch, "--fsync", "never", stdin=lines,
                        err="3,000 imported")
            self.assertEqual(self.ferric("export", db), lines)

    def test_large_commits_with_indexes(self):
        """A flush of several megabytes of documents and of their indexes' entries."""
        self.fill(first='{"n":0}')
        self.ferric("index", self.db, "create", "n")
        self.ferric("index", self.db, "create", "name")
        lines = "".join(f'{{"_id":"{i:05}","n":{i},"name":"{i * 7919:09}","x":"{"x" * 1000}"}}\n'
                        for i in range(12000))
        self.ferric("import", self.db, "--fsync", "never", stdin=lines, err="12,000 imported")
        self.ferric("compact", self.db, err="")
        self.assertIn("sound", self.ferric("verify", self.db))
        self.ferric("count", self.db, "n>=11990", out="10\n")

    def test_limit(self):
        self.ferric("import", self.db, "--limit", "2", stdin="1\n2\n3\n", err="2 imported")
        self.ferric("count", self.db, out="2\n")


class BadInputTest(ProgramTest):
    LINES = '{"_id":"a"}\n{broken\n{"_id":"b"}\n{"_id":null}\n{"_id":"c"}\n'

    def test_bad_lines_are_told_and_skipped(self):
        done = self.run_program("import", self.db, stdin=self.LINES)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        said = done.stderr.decode()
        self.assertIn("line 2: not JSON: byte 1", said)
        self.assertIn("line 4: the field _id is null", said)
        self.assertIn("3 imported into main", said)
        self.assertIn("2 bad skipped", said)
        self.ferric("keys", self.db, out="a\nb\nc\n")

    def test_a_bad_line_stops_when_asked(self):
        self.ferric("import", self.db, "--on-error", "stop", stdin=self.LINES, code=2,
                    err="1 of 1 committed, up to line 1 of standard input")
        self.ferric("keys", self.db, out="a\n")

    def test_nothing_but_bad_lines_is_an_error(self):
        self.ferric("import", self.db, stdin="x\ny\n", code=2, err="2 bad skipped\n"
                    "nothing could be read: --format says what it is: jsonl json csv deb822 raw")
        self.ferric("import", self.db, stdin="", err="0 imported")

    def test_many_bad_lines_are_only_counted(self):
        done = self.run_program("import", self.db, stdin="x\n" * 1000 + "1\n")
        self.assertEqual(done.returncode, 0)
        self.assertLess(len(done.stderr.splitlines()), 30)
        self.assertIn(b"1,000 bad skipped", done.stderr)

    def test_a_line_that_is_too_long_has_its_number(self):
        text = '{"_id":"a"}\n"' + "x" * 5000 + '"\n{"_id":"b"}\n'
        self.ferric("import", self.db, "--line-max", "1KiB", stdin=text,
                    err="line 2: longer than 1024 bytes")
        self.ferric("keys", self.db, out="a\nb\n")

    def test_keys_that_no_key_can_be(self):
        text = '{"_id":""}\n' + json.dumps({"_id": "k" * 70000}) + '\n{"_id":[1]}\n{"_id":"a"}\n'
        done = self.run_program("import", self.db, stdin=text)
        for line in (b"line 1:", b"line 2:", b"line 3:"):
            self.assertIn(line, done.stderr)
        self.ferric("keys", self.db, out="a\n")

    def test_a_file_that_cannot_be_read_makes_no_database(self):
        self.ferric("import", self.db, self.path("absent"), code=5, err="absent")
        self.ferric("import", self.db, self.directory, code=5, err="directory")
        self.ferric("import", self.db, "--format", "csv", code=2, err="names the fields")
        self.assertFalse(os.path.exists(self.db))

    def test_a_cut_archive_keeps_what_was_good(self):
        whole = gzip.compress("".join(f'{{"_id":"{i:06}","r":{i * 7919}}}\n'
                                      for i in range(50000)).encode())
        file = self.write("cut.jsonl.gz", whole[:len(whole) // 2])
        self.ferric("import", self.db, "--fsync", "never", file, code=5,
                    err="cut.jsonl.gz behind line ")
        self.assertGreater(int(self.ferric("count", self.db)), 1000)

    def test_key_is_another_word_for_id(self):
        self.ferric("import", self.db, "--format=deb822", "--key", "Package",
                    stdin="Package: vim\nSize: 7\n", err="1 imported")
        self.ferric("get", self.db, "vim", out='{"Package":"vim","Size":"7"}\n')
        self.ferric("import", self.db, "--key", "a", "--id", "a", stdin="", code=2, err="same")

    def test_wrong_combinations_are_usage(self):
        self.ferric("import", self.db, "--raw", stdin="", code=2, err="--raw")
        self.ferric("import", self.db, "--format", "xml", code=2, err="jsonl json csv deb822 raw")
        self.ferric("import", self.db, "--batch", "0", stdin="", code=2, err="at least 1")
        self.ferric("import", self.db, "--on-error", "maybe", code=2, err="skip stop")


class ResumeTest(ProgramTest):
    """An import that is ended by anything goes on behind what it stored."""

    def resume(self, *words, **options):
        return self.ferric("import", self.db, "-k", "all", "--resume", *words, **options)

    def test_in_parts(self):
        """Without keys of their own, a record that is read twice would be there twice."""
        lines = [json.dumps({"n": i, "text": "two\nlines"}) for i in range(100)]
        cells = "n,text\n" + "".join(f'{i},"two\nlines"\n' for i in range(100))
        jsonl = "\n".join(lines)
        for name, text in (("a.jsonl", jsonl), ("a.json", "[" + ",\n".join(lines) + "]"),
                           ("a.csv", cells), ("b.jsonl.gz", gzip.compress(jsonl.encode()))):
            self.db = self.path(name + ".db")
            file = self.write(name, text)
            self.resume(file, "--limit", "30", "--batch", "7", err="30 imported into all")
            self.assertIn("ferric.imports", self.ferric("keyspaces", self.db))
            self.resume(file, "--limit", "30", err="going on at byte")
            self.resume(file, err="40 imported into all")
            found = [json.loads(line)["n"] for line in self.ferric("scan", self.db, "-k", "all",
                                                                   "--json").splitlines()]
            self.assertEqual(sorted(found), list(range(100)), name)
            self.ferric("keyspaces", self.db, out="collection all\n")

    def test_a_bad_line_is_mended(self):
        file = self.write("a.jsonl", '{"n":1}\n{"n":2}\n{bad\n{"n":4}\n')
        self.resume(file, "--on-error", "stop", code=2, err="2 of 2 committed, up to line 2")
        self.write("a.jsonl", '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n')
        self.resume(file, "--on-error", "stop", err="2 imported into all")
        self.ferric("count", self.db, "-k", "all", out="4\n")

    def test_another_file_is_refused(self):
        file = self.write("a.jsonl", '{"n":1}\n{"n":2}\n')
        self.resume(file, "--limit", "1", err="1 imported")
        self.write("a.jsonl", '{"n":5}\n{"n":2}\n')
        self.resume(file, code=7, err="is not what it was")
        self.resume(file, "--id", "n", code=7, err="another --format or --id")
        self.write("a.jsonl", "")
        self.resume(file, code=7, err="is not what it was")
        self.ferric("count", self.db, "-k", "all", out="1\n")

    def test_kill(self):
        total = 120000  # Far more than is stored between two looks, however fast the disk is.
        text = "".join('{"n":%d}\n' % i for i in range(total))
        file = self.write("a.jsonl", text)
        kills = 0
        while True:
            process = subprocess.Popen(
                [FERRIC, "import", self.db, "-q", "-k", "all", "--resume", "--batch", "100",
                 "--ack-file", self.path("acks"), file],
                cwd=self.directory, env=program.environment())
            before = self.acknowledged()
            while process.poll() is None and self.acknowledged() < before + 3000:
                time.sleep(0.001)
            if kills < 8 and process.poll() is None:
                process.kill()
                kills += 1
            if process.wait() == 0:
                break
            self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertGreaterEqual(kills, 3)
        found = [json.loads(line)["n"] for line in self.ferric("scan", self.db, "-k", "all",
                                                               "--json").splitlines()]
        self.assertEqual(sorted(found), list(range(total)))

    def acknowledged(self):
        try:
            return os.stat(self.path("acks")).st_size // 37
        except FileNotFoundError:
            return 0


class EndlessImport(ProgramTest):
    """Imports from a pipe that never ends, until somebody ends it."""

    def start(self, *words):
        process = subprocess.Popen(
            [FERRIC, "import", self.db, "--batch", "50", "--ack-file", self.path("acks"), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.directory, env=program.environment())
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        process.kill()
        process.communicate()

    def feed_until_acknowledged(self, process, count, begin):
        """Writes lines until `count` keys are acknowledged. Returns the number of the next line."""
        number = begin
        deadline = time.monotonic() + 60
        while len(self.acknowledged()) < count:
            self.assertLess(time.monotonic(), deadline)
            for _ in range(200):
                process.stdin.write(b'{"_id":"%08d","n":%d}\n' % (number, number))
                number += 1
            process.stdin.flush()
        return number

    def acknowledged(self):
        try:
            with open(self.path("acks"), encoding="utf-8") as file:
                return [line[:-1] for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def check_all_there(self):
        acknowledged = self.acknowledged()
        present = set(self.ferric("keys", self.db).split())
        self.assertEqual([key for key in acknowledged if key not in present], [])
        for key in acknowledged[::97]:
            self.ferric("get", self.db, key, out='{"n":%d}\n' % int(key))
        return len(acknowledged)

    def test_kill_loses_nothing_acknowledged(self):
        number = 0
        for policy in ("always", "periodic:10", "never"):
            process = self.start("--fsync", policy)
            number = self.feed_until_acknowledged(process, len(self.acknowledged()) + 2000, number)
            process.kill()
            process.communicate()
            self.assertEqual(process.returncode, -signal.SIGKILL)
            self.check_all_there()
        self.assertGreaterEqual(self.check_all_there(), 6000)

    def test_control_c_keeps_what_was_committed_and_says_how_far(self):
        process = self.start()
        self.feed_until_acknowledged(process, 500, 0)
        process.send_signal(signal.SIGINT)
        try:
            process.stdin.write(b"1\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertRegex(said.decode(), r"interrupted: [\d,]+ of [\d,]+ committed, up to line \d+")
        self.assertGreaterEqual(self.check_all_there(), 500)


if __name__ == "__main__":
    program.main()
