#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each command that works on keys and databases: what it prints, where, and its exit code."""
import json
import os
import re
import subprocess
import time

import program
from program import ProgramTest


class LifetimeTest(ProgramTest):
    def test_a_key_lives_for_its_time(self):
        self.ferric("set", "-q", self.db, "a", "1")
        self.ferric("ttl", self.db, "a", out="none\n")
        self.ferric("set", "-q", "--ttl", "2h", self.db, "a", "1")
        self.assertGreater(float(self.ferric("ttl", self.db, "a")), 7000)
        left = json.loads(self.ferric("ttl", "--json", self.db, "a"))["ttl_ms"]
        self.assertLessEqual(left, 7200000)
        self.ferric("persist", self.db, "a", out="")
        self.ferric("ttl", "--json", self.db, "a", out='{"ttl_ms":null}\n')
        self.ferric("expire", self.db, "a", "90", out="")
        self.assertLessEqual(float(self.ferric("ttl", self.db, "a")), 90)
        self.ferric("expire", "--if-version", "1", self.db, "a", "5", code=7, err="another version")
        self.ferric("set", "-q", "--ttl", "1ms", self.db, "b", "1")
        while self.ferric("count", self.db) != "1\n":
            pass
        self.ferric("get", self.db, "b", code=1, err="no key b")
        self.ferric("set", "-q", "--if-absent", self.db, "b", "2")

    def test_lifetimes_that_make_no_sense(self):
        for wrong in ("0", "-1", "x", "10y", "1.5s", "", "99999999999999d"):
            self.ferric("set", f"--ttl={wrong}", self.db, "a", "1", code=2, err="no time to live")
        self.ferric("set", "-q", self.db, "a", "1")
        self.ferric("expire", self.db, "a", "soon", code=2, err="no time to live")
        for command in (("ttl",), ("persist",)):
            self.ferric(*command, self.db, "nothing", code=1, err="no key nothing")
        self.ferric("expire", self.db, "nothing", "1h", code=1, err="no key nothing")

    def test_incr(self):
        self.ferric("incr", self.db, "n", out="1\n", err="new database")
        self.ferric("incr", self.db, "n", "41", out="42\n")
        self.ferric("incr", self.db, "n", "-2", out="40\n")
        self.ferric("get", self.db, "n", out="40\n")
        self.ferric("incr", "--initial", "100", "--ttl", "1h", self.db, "m", out="101\n")
        self.assertGreater(float(self.ferric("ttl", self.db, "m")), 3500)
        self.ferric("incr", self.db, "n", "1.5", code=2, err="no integer")
        self.ferric("set", "-q", self.db, "n", "9223372036854775807")
        self.ferric("incr", self.db, "n", code=7, err="64 bits")
        self.ferric("set", "-q", self.db, "n", '"text"')
        self.ferric("incr", self.db, "n", code=2, err="no integer")
        self.ferric("incr", "-r", "-k", "raw", self.db, "n", "7", out="7\n")
        self.ferric("get", "-k", "raw", self.db, "n", out="7\n")

    def test_export_and_import_keep_the_time(self):
        self.ferric("set", "-q", "--ttl", "1h", self.db, "a", '{"x":1}')
        self.ferric("set", "-q", "--ttl", "1h", self.db, "b", "17")
        self.ferric("set", "-q", self.db, "c", '{"_expires_ms":5}')
        for form in ("jsonl", "raw"):
            copy = f"{self.db}.{form}"
            text = self.ferric("export", "--format", form, self.db)
            self.assertEqual(text.count("_expires_ms"), 3)
            self.ferric("import", "-q", "--format", form, copy, self.write("lines", text), out=None)
            self.assertEqual(self.ferric("export", "--format", form, copy), text)
            self.assertGreater(float(self.ferric("ttl", copy, "a")), 3000)
            self.ferric("ttl", copy, "c", out="none\n")
        bad = self.write("bad", '{"_id":"a","_expires_ms":"soon"}\n')
        self.ferric("import", "-q", self.db, bad, code=2, err="is no time")


class UsageTest(ProgramTest):
    def test_without_words_help_goes_to_standard_error(self):
        self.ferric(code=2, out="", err="usage: ferric COMMAND PATH")

    def test_help_is_data(self):
        text = self.ferric("help")
        for command in ("get", "import", "completion"):
            self.assertIn(f"  {command} ", text)
        self.assertEqual(self.ferric("--help"), text)
        self.assertIn("--if-absent", self.ferric("help", "set"))
        self.assertEqual(self.ferric("set", "--help"), self.ferric("help", "set"))

    def test_every_command_has_help(self):
        for line in self.ferric("help").splitlines():
            if re.match(r"  [a-z]+  +[a-z]", line):
                text = self.ferric("help", line.split()[0])
                self.assertIn("usage: ferric", text)
                # Only lists are indented: behind an empty line, or their own lines.
                self.assertNotRegex(text.split("\noptions:")[0], r"\n\S.*\n ", line)

    def test_version(self):
        version = self.ferric("version").split()[1]
        self.ferric("--version", out=f"ferric {version}\n")
        self.assertEqual(json.loads(self.ferric("version", "--json")), {"version": version})

    def test_unknown_words_are_answered_with_near_ones(self):
        for wrong, right in (("rm", "del"), ("ls", "keys"), ("put", "set"), ("cat", "get"),
                             ("gte", "get"), ("improt", "import")):
            self.ferric(wrong, self.db, "k", code=2, out="", err=f"did you mean {right}?")
        self.ferric("aggregate", self.db, "k", code=2, err="did you mean group?")
        self.ferric("sacn", code=2, err="did you mean scan?")
        self.ferric("elephant", self.db, "k", code=2, err="no command elephant")
        self.ferric("elephant", code=2, err="ferric repl elephant")
        self.assertEqual(os.listdir(self.directory), [])
        self.ferric("keys", self.db, "--revrse", code=2, err="did you mean --reverse?")
        self.ferric("help", "nothing", code=2, err="nothing")
        self.ferric("help", "rm", code=2, err="did you mean del?")
        self.ferric(self.db, "get", "k", code=2, err=f"comes first: ferric get {self.db}")

    def test_wrong_words_are_usage(self):
        self.ferric("get", self.db, code=2, err="usage: ferric get PATH KEY...")
        self.ferric("keys", self.db, "--limit", "x", code=2, err="--limit takes a number")
        self.ferric("keys", self.db, "--json=3", code=2, err="--json takes no value")
        self.ferric("keys", self.db, "-qZ", code=2, err="no option -Z")
        self.ferric("get", "", "k", code=2, err="path")
        self.ferric("keys", self.db, "-o", "memory=1g", code=2, err='nearest is "memory_limit"')
        self.ferric("./app.db", "key", code=2, err="the command comes first")
        self.assertFalse(os.path.exists(self.db))

    def test_the_guide_lists_every_option_of_a_database(self):
        here = os.path.dirname(os.path.abspath(__file__))
        guide = os.path.join(here, "..", "..", "docs", "guide", "options.md")
        with open(guide, encoding="utf-8") as file:
            rows = [line for line in file if line.startswith("| `")]
        options = [line.split(maxsplit=1) for line in self.ferric("help", "options").splitlines()]
        self.assertEqual(rows, [f"| `{name}` | {text} |\n" for name, text in options])

    def test_completion_knows_every_command(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.ferric("completion", shell)
            for word in ("import", "verify", "line-max"):
                self.assertIn(word, script)
        self.ferric("completion", "tcsh", code=2, err="tcsh")

    def test_completion_of_bash_completes(self):
        script = self.write("ferric.bash", self.ferric("completion", "bash"))
        ask = (f"source {script}; COMP_WORDS=(ferric {{words}}); COMP_CWORD={{index}}; _ferric; "
               "printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        for words, index, expected in (("expo", 1, "export"), ("get --me", 2, "--meta"),
                                       ("import x --format d", 4, "deb822")):
            got = subprocess.run(["bash", "-c", ask.format(words=words, index=index)],
                                 capture_output=True, text=True, check=True, cwd=self.directory)
            self.assertEqual(got.stdout, expected + "\n", got.stderr)


class KeyTest(ProgramTest):
    def test_set_get_del(self):
        self.ferric("set", self.db, "user:1", '{ "name": "alice" }', out="", err="new database")
        self.ferric("get", self.db, "user:1", out='{"name":"alice"}\n')
        self.ferric("get", self.db, "user:1", "-0", out=b'{"name":"alice"}\0')
        self.ferric("del", self.db, "user:1", out="")
        self.ferric("get", self.db, "user:1", code=1, out="", err="main has no key user:1")
        self.ferric("del", self.db, "user:1", code=1, err="no key user:1")

    def test_some_missing_keys_do_not_hide_the_others(self):
        self.fill(a="1", c="3")
        self.ferric("get", self.db, "a", "b", "c", code=1, out="1\n3\n", err="no key b")
        self.ferric("del", self.db, "a", "b", "c", code=1, err="no key b")
        self.ferric("count", self.db, out="0\n")

    def test_del_takes_a_range(self):
        self.fill(a="1", b1="1", b2="1", c="1", d="1")
        self.ferric("del", self.db, "--prefix", "b", out="", err="")
        self.ferric("keys", self.db, out="a\nc\nd\n")
        self.ferric("del", self.db, "--from", "c", "--to", "d", out="")
        self.ferric("keys", self.db, out="a\nd\n")
        self.ferric("del", self.db, code=2, err="--prefix")
        self.ferric("del", self.db, "a", "--prefix", "a", code=2, err="exclude")
        self.ferric("del", self.db, "--prefix", "", code=2, err="empty prefix")
        self.ferric("del", self.db, "--from", "a", "--if-version", "1", code=2, err="one key")
        self.ferric("keys", self.db, out="a\nd\n")
        self.ferric("del", self.db, "--from", "", out="")
        self.ferric("keys", self.db, out="")

    def test_keyspaces_have_a_default_time_to_live(self):
        self.ferric("keyspaces", self.db, "ttl", "main", code=3, err="no database")
        self.fill(a="1")
        self.ferric("keyspaces", self.db, "ttl", "main", out="none\n")
        self.ferric("keyspaces", self.db, "ttl", "main", "2h", out="", err="")
        self.ferric("keyspaces", self.db, "ttl", "main", out="7200.000\n")
        self.ferric("keyspaces", self.db, "ttl", "main", "--json", out='{"ttl_ms":7200000}\n')
        self.ferric("keyspaces", self.db, out="collection main\tttl 7200.000\n")
        self.ferric("keyspaces", self.db, "--json",
                    out='{"name":"main","kind":"collection","ttl_ms":7200000}\n')
        self.ferric("set", "-q", self.db, "b", "1")
        self.ferric("ttl", self.db, "a", out="none\n")
        self.assertGreater(float(self.ferric("ttl", self.db, "b")), 7000)
        self.ferric("keyspaces", self.db, "ttl", "main", "none", out="")
        self.ferric("set", "-q", self.db, "c", "1")
        self.ferric("ttl", self.db, "c", out="none\n")
        # One that is not there yet is made.
        self.ferric("keyspaces", self.db, "ttl", "sessions", code=1, err="no keyspace sessions")
        self.ferric("keyspaces", self.db, "ttl", "sessions", "30m", out="")
        self.ferric("set", "-q", self.db, "-k", "sessions", "s", "1")
        self.assertGreater(float(self.ferric("ttl", self.db, "-k", "sessions", "s")), 1700)
        self.ferric("keyspaces", self.db, "ttl", "main", "soon", code=2, err="no time to live")
        self.ferric("keyspaces", self.db, "ttl", code=2, err="usage")

    def test_touch_lets_keys_live_on(self):
        self.fill(a="1")
        self.ferric("expire", self.db, "a", "90", out="")
        self.ferric("touch", self.db, "a", "1h", out="", err="")
        self.assertGreater(float(self.ferric("ttl", self.db, "a")), 3500)
        self.ferric("touch", self.db, "a", "10s", out="")  # Never shortens.
        self.assertGreater(float(self.ferric("ttl", self.db, "a")), 3500)
        self.ferric("keyspaces", self.db, "ttl", "main", "3h", out="")
        self.ferric("touch", self.db, "a", out="")
        self.assertGreater(float(self.ferric("ttl", self.db, "a")), 10000)
        self.ferric("touch", self.db, "nothing", code=1, err="no key nothing")
        self.ferric("touch", self.db, "a", "soon", code=2, err="no time to live")

    def test_meta_shows_the_expiry(self):
        self.fill(a="1")
        self.assertNotIn("expires_ms", self.ferric("get", "--meta", self.db, "a"))
        self.ferric("expire", self.db, "a", "1h", out="")
        meta = json.loads(self.ferric("get", "--meta", self.db, "a"))
        self.assertEqual(sorted(meta), ["_id", "expires_ms", "value", "version"])
        self.assertAlmostEqual(meta["expires_ms"] / 1000, time.time() + 3600, delta=600)

    def test_keyspaces_are_renamed_and_dropped(self):
        self.fill(a="1")
        self.ferric("set", "-q", self.db, "-k", "users", "u", "2")
        self.ferric("set", "-q", self.db, "-k", "bytes", "--raw", "r", "3")
        self.ferric("keyspaces", self.db, out="raw        bytes\ncollection main\n"
                    "collection users\n")
        self.ferric("keyspaces", self.db, "rename", "users", "people", out="", err="")
        self.ferric("get", self.db, "-k", "people", "u", out="2\n")
        self.ferric("keyspaces", self.db, "rename", "bytes", "people", code=7, err="already")
        self.ferric("keyspaces", self.db, "rename", "users", "x", code=1, err="no keyspace users")
        self.ferric("keyspaces", self.db, "drop", "people", code=2, err="--yes")
        self.ferric("keyspaces", self.db, "drop", "people", "--yes", out="", err="")
        self.ferric("keyspaces", self.db, "drop", "people", "--yes", code=1, err="no keyspace")
        self.ferric("keyspaces", self.db, "drop", "main", "--yes", code=2, err="main")
        self.ferric("keyspaces", self.db, "lose", "x", code=2, err="usage")
        self.assertEqual([json.loads(line) for line in
                          self.ferric("keyspaces", self.db, "--json").splitlines()],
                         [{"name": "bytes", "kind": "raw"}, {"name": "main", "kind": "collection"}])

    def test_values_are_json_or_strings(self):
        self.fill(number="-12.50", list="[1, 2]", negative="-5")
        self.ferric("get", self.db, "number", "list", "negative", out="-12.50\n[1,2]\n-5\n")
        self.ferric("set", self.db, "s", "hello", err='stored as the string "hello"')
        self.ferric("set", "-q", self.db, "s", "hello")
        self.ferric("get", self.db, "s", out='"hello"\n')
        for broken in ("{a:1}", "[1,", '"open'):
            self.ferric("set", self.db, "s", broken, code=2, err="byte ")
            new = self.path("new.db")
            self.assertNotIn(b"new database", self.run_program("set", new, "s", broken).stderr)
            self.assertFalse(os.path.exists(new))
        self.ferric("get", self.db, "s", out='"hello"\n')

    def test_values_come_from_standard_input(self):
        self.fill(k="1")
        self.ferric("set", self.db, "k", stdin='{"a":\n 2}\n')
        self.ferric("get", self.db, "k", out='{"a":2}\n')
        self.ferric("set", "-q", self.db, "k", "-", stdin="one line\n")
        self.ferric("get", self.db, "k", out='"one line"\n')

    def test_meta_and_versions_make_conditions(self):
        self.fill(k="1")
        meta = json.loads(self.ferric("get", self.db, "k", "--meta"))
        self.assertEqual((meta["_id"], meta["value"]), ("k", 1))
        version = str(meta["version"])
        self.ferric("set", self.db, "k", "2", "--if-version", version)
        self.ferric("set", self.db, "k", "3", "--if-version", version, code=7, err="at version")
        self.ferric("set", self.db, "k", "3", "--if-absent", code=7, err="exists")
        self.ferric("set", self.db, "n", "3", "--if-absent")
        self.ferric("set", self.db, "gone", "3", "--if-version", "1", code=7, err="not exist")
        self.ferric("set", self.db, "k", "3", "--if-absent", "--if-version", "1", code=2,
                    err="exclude")
        self.ferric("del", self.db, "k", "--if-version", version, code=7, err="at version")
        self.ferric("get", self.db, "k", out="2\n")

    def test_an_id_inside_must_be_the_key(self):
        self.fill(k='{"_id":"k","a":1}')
        self.ferric("get", self.db, "k", out='{"a":1}\n')
        self.ferric("set", self.db, "k", '{"_id":"other"}', code=2, err="_id")

    def test_patch_changes_one_document(self):
        self.fill(ann='{"age":31,"home":{"city":"Rome","zip":5},"x":[1]}')
        self.ferric("patch", self.db, "ann", '{"age":32,"home":{"zip":null}}', out="")
        self.ferric("get", self.db, "ann", out='{"age":32,"home":{"city":"Rome"},"x":[1]}\n')
        operations = ('[{"op":"test","path":"/age","value":32},'
                      '{"op":"add","path":"/x/-","value":2},'
                      '{"op":"remove","path":"/home"}]')
        self.ferric("patch", self.db, "ann", stdin=operations + "\n", out="")
        self.ferric("get", self.db, "ann", out='{"age":32,"x":[1,2]}\n')
        self.ferric("patch", self.db, "ann", '[{"op":"test","path":"/age","value":1},'
                    '{"op":"remove","path":"/x"}]', code=7, err="a test of the patch does not hold")
        version = str(json.loads(self.ferric("get", "--meta", self.db, "ann"))["version"])
        self.ferric("patch", self.db, "ann", "{}", "--if-version", "1", code=7,
                    err=f"ann is at version {version}; nothing was written")
        self.ferric("patch", self.db, "ann", '[{"op":"test","path":"/age","value":1}]',
                    "--if-version", version, code=7, err="a test of the patch")
        self.ferric("patch", self.db, "bob", "{}", code=1, err="main has no key bob")
        self.ferric("patch", self.db, "ann", "-", "--if-version", version, stdin='{"age":33}')
        self.ferric("get", self.db, "ann", out='{"age":33,"x":[1,2]}\n')
        self.ferric("patch", self.db + "2", "ann", "{}", code=3, err="no database")
        self.ferric("patch", self.db + "2", "ann", "{", code=2, err="patch: not JSON: byte 1")
        self.assertFalse(os.path.exists(self.db + "2"))
        self.ferric("set", "-r", "-k", "raw", "-q", self.db, "k", "v")
        self.ferric("patch", "-k", "raw", self.db, "k", "{}", code=7, err="raw")

    def test_patch_keeps_the_indexes(self):
        self.ferric("insert", "-q", self.db, '{"_id":"ann","n":1}', '{"_id":"bob","n":2}')
        self.ferric("index", self.db, "create", "n", "--unique")
        self.ferric("patch", self.db, "ann", '{"n":3}')
        self.ferric("find", "-q", self.db, "n=3", out='{"_id":"ann","n":3}\n')
        self.ferric("find", "-q", self.db, "n=1", out="")
        self.ferric("patch", self.db, "ann", '{"n":2}', code=7, err='"bob"')

    PEOPLE = ('{"_id":"a","city":"Rome","age":31,"job":"cook"}',
              '{"_id":"b","city":"Oslo","age":17}',
              '{"_id":"c","city":"Rome","age":54.5}', '{"_id":"d","age":"old"}')

    def test_group(self):
        self.ferric("insert", "-q", self.db, *self.PEOPLE)

        def group(*words, out):
            self.ferric("group", self.db, *words, out=out)

        group("city", out='{"_id":null,"count":1}\n{"_id":"Oslo","count":1}\n'
              '{"_id":"Rome","count":2}\n')
        group("city", "--sort", "-count", "--limit", "1", "--sum", "age", "--avg", "age", "--min",
              "age,job", "--max", "age", out='{"_id":"Rome","count":2,"sum_age":85.5,'
              '"avg_age":42.75,"min_age":31,"min_job":"cook","max_age":54.5}\n')
        group("city", "--skip", "1", "--limit", "1", out='{"_id":"Oslo","count":1}\n')
        group("-", "age<50", "--sum", "age", out='{"_id":null,"count":2,"sum_age":48}\n')
        group("city,job", '{"city":"Rome"}', out='{"_id":{"city":"Rome","job":null},"count":1}\n'
              '{"_id":{"city":"Rome","job":"cook"},"count":1}\n')
        group('{"_id":"$city","oldest":{"$max":"$age"}}', "city^=R", "--as", "table",
              out="+------+--------+\n| _id  | oldest |\n+------+--------+\n"
              "| Rome | 54.5   |\n+------+--------+\n")
        group("city", "age>100", out="")
        group("city", "--as", "csv", "city=Oslo", out="_id,count\r\nOslo,1\r\n")

    def test_groups_that_make_no_sense(self):
        self.ferric("insert", "-q", self.db, *self.PEOPLE)
        for words, why in ((("",), 'group takes fields'), (("a,,b",), 'group takes fields'),
                           (("a,",), 'not "a,"'), (("a", "--sum", ""), 'sum takes fields'),
                           (("a", "--max", ",b"), 'max takes fields'), (("a", "x"), "is no filter"),
                           (('{"n":{"$count":{}}}',), 'a group has an "_id"'),
                           (('{"_id":null,"n":{"$median":"$age"}}',), "$count $sum $avg $min $max"),
                           (('{"_id":null,"n":{"$summ":"$age"}}',), "did you mean $sum?"),
                           (('{"_id":null}', "--sum", "age"), "--sum stands beside FIELDS"),
                           (('{"_id"',), "group: not JSON: byte 6"), (("a..b",), "empty step"),
                           (("a", "--sort", "b..c"), "empty step"), ((), "usage: ferric group"),
                           (("a", "--limit", "x"), "--limit takes a number"),
                           (("a", "b=1", "--max-scan", "1"), "examined 1 documents")):
            self.ferric("group", self.db, *words, code=2, out="", err=why)
        self.ferric("group", self.db + "2", "a", code=3, err="no database")
        self.ferric("group", "-k", "none", self.db, "a", out="", err="no keyspace none")

    def test_keyspaces_are_apart(self):
        self.ferric("set", "-q", self.db, "k", "1")
        self.ferric("set", self.db, "k", "2", "-k", "users")
        self.ferric("get", self.db, "k", "-k", "users", out="2\n")
        self.ferric("get", self.db, "k", out="1\n")
        self.ferric("get", self.db, "k", "-k", "nobody", code=1, err="nobody has no key k")
        note = "there is no keyspace nobody; -k chooses one of: main users\n"
        self.ferric("count", self.db, "-k", "nobody", out="0\n", err=note)
        self.ferric("keys", self.db, "-k", "nobody", "-q", out="")
        self.ferric("destroy", self.db, "--yes", "-q")
        self.ferric("set", self.db, "k", "2", "-k", "users", "-q")
        self.ferric("keys", self.db, out="", err="no keyspace main; -k chooses one of: users")
        self.ferric("set", self.db, "k", "1", "-k", "_x", code=2, err="_")

    def test_raw_keyspaces_hold_bytes(self):
        self.ferric("set", "-q", self.db, "k", "--raw", stdin=b"\x00\xff{\n")
        self.ferric("get", self.db, "k", out=b"\x00\xff{\n\n")
        self.ferric("set", self.db, "k", "{}", code=7, err="raw")
        self.ferric("get", self.db, "k", "--json", out='{"$hex":"00ff7b0a"}\n')
        self.ferric("set", self.db, "d", "1", "-k", "docs")
        self.ferric("set", self.db, "d", "1", "-k", "docs", "--raw", code=7,
                    err="docs is a collection: leave --raw out")

    def test_a_long_key_does_not_hide_what_is_said_of_it(self):
        key = "k" * 70000
        self.fill(a="1")
        said = self.run_program("set", self.db, key, "1").stderr.decode()
        self.assertRegex(said, r"^ferric: kkk+ \.\.\. kkk+.* 65535 .*\n$")
        self.assertLess(len(said), 1100)

    def test_wrong_keys_are_usage(self):
        self.ferric("set", "-q", self.db, "", "1", code=2, err="key")
        self.ferric("set", "-q", self.db, "x" * 65536, "1", code=2, err="65")
        self.ferric("set", "-q", self.db, "x" * 65535, "1")


class RangeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.fill(a="1", b1='{"x":1}', b2='"s"', c="[]")

    def test_keys(self):
        self.ferric("keys", self.db, out="a\nb1\nb2\nc\n")
        self.ferric("keys", self.db, "--prefix", "b", out="b1\nb2\n")
        self.ferric("keys", self.db, "--from", "b1", "--to", "c", out="b1\nb2\n")
        self.ferric("keys", self.db, "--reverse", "--limit", "2", out="c\nb2\n")
        self.ferric("keys", self.db, "-0", "--limit", "1", out=b"a\0")
        self.ferric("keys", self.db, "--json", "-n", "1", out='"a"\n')
        self.ferric("keys", self.db, "--limit", "0", out="")
        self.ferric("keys", self.db, "--prefix", "zz", out="")

    def test_scan(self):
        self.ferric("scan", self.db, out='a\t1\nb1\t{"x":1}\nb2\t"s"\nc\t[]\n')
        self.ferric("scan", self.db, "--prefix", "b", "--reverse", "--limit", "1",
                    out='b2\t"s"\n')
        self.ferric("scan", self.db, "-0", "--limit", "1", out=b"a\x001\0")
        lines = self.ferric("scan", self.db, "--json").splitlines()
        self.assertEqual([json.loads(line) for line in lines],
                         [{"_id": "a", "_value": 1}, {"_id": "b1", "x": 1},
                          {"_id": "b2", "_value": "s"}, {"_id": "c", "_value": []}])

    def test_count(self):
        self.ferric("count", self.db, out="4\n")
        self.ferric("count", self.db, "--prefix", "b", out="2\n")
        self.ferric("count", self.db, "--from", "b2", out="2\n")
        self.ferric("count", self.db, "--to", "b2", out="2\n")
        self.assertRegex(self.ferric("count", self.db, "--estimate"), r"^~\d+\n$")

    def test_keys_with_strange_bytes_pass_a_pipe_unchanged(self):
        self.ferric("set", self.db, b"n\nl\x1b[1m", "1")
        self.ferric("keys", self.db, "--prefix", "n", out=b"n\nl\x1b[1m\n")
        self.ferric("keys", self.db, "--prefix", "n", "-0", out=b"n\nl\x1b[1m\0")
        self.ferric("keys", self.db, "--prefix", "n", "--json", out='"n\\nl\\u001b[1m"\n')


class DatabaseTest(ProgramTest):
    def test_reading_commands_make_nothing(self):
        for words in (["get", self.db, "k"], ["keys", self.db], ["scan", self.db],
                      ["count", self.db], ["del", self.db, "k"], ["export", self.db],
                      ["info", self.db], ["stats", self.db], ["verify", self.db],
                      ["compact", self.db], ["destroy", self.db, "--yes"]):
            self.ferric(*words, code=3, out="", err=f"no database at {self.db}")
            self.assertFalse(os.path.exists(self.db), words)

    def test_words_in_another_order(self):
        self.fill(a="1")
        self.ferric("index", "create", self.db, "age", code=3, out="",
                    err=f"write its path first: ferric index {self.db} ...")
        self.ferric("get", "a", self.db, code=3, out="", err="ferric get")

    def test_a_file_or_another_directory_is_no_database(self):
        file = self.write("file", "text")
        self.ferric("get", file, "k", code=3, err="file")
        os.mkdir(self.path("other"))
        self.write("other/notes.txt", "mine")
        self.ferric("get", self.path("other"), "k", code=3, err="other")
        self.ferric("set", self.path("other"), "k", "1", code=3, err="other")
        self.ferric("destroy", self.path("other"), "--yes", code=3, err="other")
        self.assertEqual(os.listdir(self.path("other")), ["notes.txt"])
        self.ferric("set", self.path("no/such/db"), "k", "1", code=3, err="no")

    def test_reading_changes_no_byte(self):
        self.fill(a="1")
        before = self.snapshot()
        self.ferric("get", self.db, "a")
        self.ferric("scan", self.db)
        self.ferric("info", self.db)
        self.assertEqual(self.snapshot(), before)

    def snapshot(self):
        content = {}
        for name in os.listdir(self.db):
            with open(os.path.join(self.db, name), "rb") as file:
                content[name] = file.read()
        return content

    def test_info_and_stats(self):
        self.fill(a="1", b="2")
        self.ferric("set", "-q", self.db, "r", "x", "--raw", "-k", "bytes")
        text = self.ferric("info", self.db, "--exact")
        for part in ("collection   main  2 keys", "raw          bytes  1 key\n", "memory",
                     "recovery"):
            self.assertIn(part, text)
        self.assertIn("app.db  3 keys, ", self.ferric("info", self.db))
        info = json.loads(self.ferric("info", self.db, "--json", "--exact"))
        self.assertEqual({(k["name"], k["kind"], k["keys"]) for k in info["keyspaces"]},
                         {("main", "collection", 2), ("bytes", "raw", 1)})
        self.assertIn("memory_limit", info["stats"])
        stats = json.loads(self.ferric("stats", self.db, "--json"))
        self.assertEqual(stats["last_version"], info["stats"]["last_version"])
        self.assertIn("recovery", self.ferric("stats", self.db))

    def test_info_estimates_what_is_large(self):
        lines = "".join(f'{{"_id":"k{i}"}}\n' for i in range(10001))
        self.ferric("import", "-q", "--fsync", "never", self.db, stdin=lines)
        self.assertIn("  ~10,00", self.ferric("info", self.db))
        self.assertIn("  10,001 keys, ", self.ferric("info", self.db, "--exact"))

    def test_options_of_the_database(self):
        self.fill(a="1")
        stats = json.loads(self.ferric("stats", self.db, "--json", "-o", "memory_limit=32MiB"))
        self.assertEqual(stats["memory_limit"], 32 << 20)
        env = program.environment(FERRIC_MEMORY_LIMIT="16MiB")
        self.assertEqual(json.loads(self.ferric("stats", self.db, "--json", env=env))
                         ["memory_limit"], 16 << 20)
        self.ferric("get", self.db, "a", "-o", "memory_limt=1", code=2, err="memory_limit")
        self.ferric("get", self.db, "a", "-o", "nothing", code=2, err="NAME=VALUE")
        self.ferric("set", self.db, "a", "1", "--fsync", "sometimes", code=2, err="always")
        for policy in ("always", "never", "periodic", "periodic:20"):
            self.ferric("set", self.db, "a", "1", "--fsync", policy)
        self.ferric("get", self.db, "a", env=program.environment(FERRIC_FSYNC="x"), code=2,
                    err="FERRIC_FSYNC")

    def test_compact_verify_destroy(self):
        self.fill(a="1", b="2")
        said = self.run_program("compact", self.db).stderr.decode()
        self.assertRegex(said, r"app.db compacted in .*: .*B, now .*B\n$")
        self.assertTrue(self.ferric("verify", self.db).startswith("sound: "))
        report = json.loads(self.ferric("verify", self.db, "--json"))
        self.assertEqual(report["findings"], 0)
        self.assertGreater(report["blocks"], 0)
        self.ferric("destroy", self.db, code=2, err="--yes")
        self.ferric("get", self.db, "a", out="1\n")
        self.ferric("destroy", self.db, "--yes", out="", err="removed")
        self.assertFalse(os.path.exists(self.db))

    def test_destroy_leaves_what_is_not_the_databases(self):
        self.fill(a="1")
        self.write("app.db/notes.txt", "mine")
        self.ferric("destroy", self.db, "--yes", err="removed")
        self.assertEqual(os.listdir(self.db), ["notes.txt"])

    def damage_table(self):
        """Makes a database of one table and flips a bit in its data, which are well beyond the
        first quarter. Returns the file's name."""
        lines = "".join(f'{{"_id":"key{i:04}","n":{i}}}\n' for i in range(2000))
        self.ferric("import", "-q", self.db, stdin=lines)
        self.ferric("compact", self.db, err="compacted")
        table = max((os.path.join(self.db, name) for name in os.listdir(self.db)
                     if name.endswith(".table")), key=os.path.getsize)
        with open(table, "r+b") as file:
            place = os.path.getsize(table) // 4
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 0x40]))
        return os.path.basename(table)

    def test_repair_saves_what_can_be_read(self):
        name = self.damage_table()
        new = self.path("new.db")
        self.ferric("repair", self.db, new, out="", err=f"{name}: byte")
        kept = self.ferric("keys", new).split()
        self.assertGreater(len(kept), 1000)
        self.assertLess(len(kept), 2000)
        self.assertEqual(kept, sorted(kept))
        self.ferric("get", new, kept[-1], out='{"n":%d}\n' % int(kept[-1][3:]))
        self.assertIn("sound", self.ferric("verify", new))
        self.ferric("repair", self.db, new, code=7, err="new.db")
        other = self.path("other.db")
        report = json.loads(self.ferric("repair", self.db, other, "--json", err=name))
        self.assertGreater(report["findings"], 0)
        self.assertGreaterEqual(report["entries"], len(kept))
        self.ferric("repair", self.path("none"), other + "2", code=3, err="no database at")

    def test_damage_is_exit_4_with_file_and_offset(self):
        name = self.damage_table()
        done = self.run_program("verify", self.db)
        self.assertEqual(done.returncode, 4)
        self.assertIn(name.encode(), done.stdout)
        self.assertIn(b"byte ", done.stdout)
        finding = json.loads(self.run_program("verify", self.db, "--json").stdout.splitlines()[0])
        self.assertEqual(os.path.basename(finding["file"]), name)
        self.ferric("scan", self.db, code=4, err=name)

    def test_a_newer_database_is_exit_3(self):
        # Version 2 with a check that holds: as another release would write it.
        self.fill(a="1")
        with open(os.path.join(self.db, "CURRENT"), "r+b") as file:
            content = bytearray(file.read())
            content[4] = 2
            content[60:64] = program.crc32c(bytes(content[:60])).to_bytes(4, "little")
            file.seek(0)
            file.write(content)
        for words in (["get", self.db, "a"], ["set", self.db, "a", "2"], ["info", self.db],
                      ["verify", self.db], ["repl", self.db]):
            self.ferric(*words, code=3, out="", err="format version 2")


if __name__ == "__main__":
    program.main()
