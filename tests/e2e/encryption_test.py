# SPDX-License-Identifier: Apache-2.0
"""Encrypted databases and the program: each command without the key, and how keys come and change.

The commands come from the program's own help, so that one that is added and not thought of here
fails the test.
"""
import hashlib
import os
import re
import signal
import subprocess

import pexpect

import program
from program import FERRIC, ProgramTest

HINT = "--key-file FILE"

# What each command that works on a database is given behind PATH; {new} is a path that is not
# there. Several: each is tried.
WORDS = {
    "get": [["a"]],
    "set": [["a", "2"], ["new", "1", "--if-absent"]],
    "del": [["a"], ["--from", ""]],
    "incr": [["n"]],
    "ttl": [["a"]],
    "expire": [["a", "1h"]],
    "touch": [["a", "1h"]],
    "persist": [["a"]],
    "scan": [[]],
    "keys": [[]],
    "count": [[], ["--estimate"]],
    "insert": [['{"n":10}']],
    "find": [["{}"]],
    "explain": [["{}"]],
    "distinct": [["n"]],
    "group": [["n"], ["-", "{}"]],
    "patch": [["a", '{"n":9}']],
    "update": [["{}", '{"$set":{"n":9}}']],
    "remove": [["{}"]],
    "index": [["list"], ["create", "n"], ["drop", "n"]],
    "import": [["{lines}"]],
    "export": [[], ["{new}"]],
    "info": [[], ["--json"]],
    "keyspaces": [[], ["rename", "main", "other"], ["drop", "main", "--yes"], ["ttl", "main"],
                  ["ttl", "main", "1h"]],
    "stats": [[], ["--json"]],
    "compact": [[]],
    "verify": [[]],
    "repair": [["{new}"]],
    "debug": [["wal"], ["table"], ["manifest"]],
    "rekey": [["--new-key-file", "{other}"], ["--add", "--new-key-file", "{other}"],
              ["--remove", "--new-key-file", "{other}"], ["--rotate"], ["--rotate", "--rewrite"]],
    "encrypt": [["{new}"]],
    "decrypt": [["{new}"]],
    "repl": [[]],
}
# Whoever may remove the files needs no key for it, and a database whose key is lost has to go too.
WITHOUT_KEY = {"destroy"}
# Makes a database of its own where there is none, and touches no other.
NOT_ON_EXISTING = {"bench"}
WITHOUT_DATABASE = {"completion", "version", "help"}


class KeyTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.key = self.write("key", os.urandom(32))
        self.other = self.write("other", os.urandom(32))
        self.phrase = self.write("phrase", "correct horse battery staple\n")
        self.wrong_phrase = self.write("wrong-phrase", "incorrect horse\n")
        self.lines = self.write("lines.jsonl", '{"_id":"z","n":26}\n')
        self.new = self.path("new.db")

    def run_program(self, *words, **options):
        """Without a terminal that a passphrase could be asked on."""
        options.setdefault("start_new_session", True)
        return super().run_program(*words, **options)

    def make(self, path, *key):
        """A database with something in tables, in the log, and in an index."""
        self.ferric("import", "-q", path, "-", *key, out=None,
                    stdin="".join(f'{{"_id":"{c}","n":{ord(c)}}}\n' for c in "abcdefgh"))
        self.ferric("index", "-q", path, "create", "n", *key, out=None)
        self.ferric("compact", "-q", path, *key)
        self.ferric("set", "-q", path, "n", "1", *key)
        return path

    def files(self):
        """What is in the test's directory: names, hashes and times."""
        found = {}
        for folder, _, names in os.walk(self.directory):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[path] = (hashlib.sha256(file.read()).hexdigest(),
                                   os.stat(path).st_mtime_ns)
        return found

    def commands(self):
        """Each command with each of its words, as functions of the path."""
        places = {"new": self.new, "other": self.other, "lines": self.lines}
        for command, forms in WORDS.items():
            for form in forms:
                words = [word.format(**places) if word in ("{new}", "{other}", "{lines}") else word
                         for word in form]
                if command == "debug":
                    yield command, lambda path, words=words: ["debug", words[0], path]
                else:
                    yield command, lambda path, c=command, words=words: [c, path, *words]


class RefusalTest(KeyTest):
    def test_every_command_is_thought_of(self):
        listed = {line.split()[0] for line in self.ferric("help").splitlines()
                  if re.match(r"  [a-z]+  +[a-z]", line)}
        self.assertEqual(listed, set(WORDS) | WITHOUT_KEY | NOT_ON_EXISTING | WITHOUT_DATABASE)

    def refuse(self, words, before, err, **options):
        done = self.run_program(*words, stdin="GET a\nSET a 9\n", **options)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 6, f"{words}: {said}")
        self.assertIn(err, said, words)
        self.assertEqual(self.files(), before, words)
        shown = b"" if words[0] != "info" else done.stdout
        self.assertEqual(done.stdout, shown, words)

    def refuse_all(self, path, tried):
        """`tried`: options, environment and what standard error says."""
        before = self.files()
        count = 0
        for _, words in self.commands():
            for options, changes, err in tried:
                self.refuse([*words(path), *options], before, err,
                            env=program.environment(**changes))
                count += 1
        return count

    def wrong_keys(self):
        """With none, each kind of wrong one, and what is no key at all."""
        return [
            ([], {}, ""),
            (["--key-file", self.other], {}, ""),
            (["--passphrase-file", self.wrong_phrase], {}, ""),
            ([], {"FERRIC_KEY_FILE": self.other}, ""),
            ([], {"FERRIC_PASSPHRASE": "incorrect horse"}, ""),
            (["--key-file", self.lines], {}, "holds no key"),
            (["--key-file", self.path("missing")], {}, "cannot be opened"),
        ]

    def test_without_its_key_no_command_touches_a_closed_database(self):
        self.make(self.db, "--key-file", self.key)
        self.ferric("rekey", "-q", self.db, "--key-file", self.key, "--add",
                    "--new-passphrase-file", self.phrase)
        self.refuse_all(self.db, self.wrong_keys())
        self.ferric("get", self.db, "a", "--passphrase-file", self.phrase,
                    out='{"n":97}\n')

    def test_without_its_key_no_command_touches_a_database_that_was_killed(self):
        self.make(self.db, "--key-file", self.key)
        writer = subprocess.Popen([FERRIC, "repl", "-q", self.db, "--key-file", self.key],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env=program.environment(), start_new_session=True)
        writer.stdin.write(b"SET killed 1\nGET killed\n")
        writer.stdin.flush()
        while writer.stdout.readline().strip() != b"1":
            self.assertIsNone(writer.poll())
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdin.close()
        writer.stdout.close()
        self.refuse_all(self.db, self.wrong_keys()[:2])
        self.ferric("get", self.db, "killed", "--key-file", self.key, out="1\n")

    def test_the_answer_names_what_gives_a_key(self):
        self.make(self.db, "--key-file", self.key)
        for command, words in self.commands():
            if command == "encrypt":  # It is another key that is missing there: the new one's.
                continue
            done = self.run_program(*words(self.db), stdin="GET a\n")
            self.assertIn(HINT, done.stderr.decode(), words(self.db))

    def test_info_says_what_can_be_said_without_the_key(self):
        self.make(self.db, "--key-file", self.key)
        shown = self.ferric("info", self.db, code=6, err=HINT)
        self.assertRegex(shown, r"app\.db: encrypted, [0-9.]+ \w+, format 1\n$")

    def test_a_key_for_a_plain_database_is_refused(self):
        self.make(self.db)
        before = self.files()
        given = [(["--key-file", self.key], {}), (["--passphrase-file", self.phrase], {}),
                 ([], {"FERRIC_KEY_FILE": self.key}), ([], {"FERRIC_PASSPHRASE": "horse"})]
        for command, words in self.commands():
            for options, changes in given if command != "encrypt" else []:
                self.refuse([*words(self.db), *options], before, "not encrypted",
                            env=program.environment(**changes))

    def test_encrypt_and_bench_leave_what_is_there(self):
        self.make(self.db, "--key-file", self.key)
        before = self.files()
        self.refuse(["encrypt", self.db, self.new, "--key-file", self.other], before, "encrypted")
        self.ferric("bench", self.db, "--key-file", self.key, code=7, err="already")
        self.ferric("bench", self.db, code=7, err="already")
        self.assertEqual(self.files(), before)

    def test_destroy_needs_no_key(self):
        self.make(self.db, "--key-file", self.key)
        self.ferric("destroy", "-q", self.db, "--yes")
        self.assertFalse(os.path.exists(self.db))


class GivingTest(KeyTest):
    def test_all_ways_of_giving_a_key(self):
        with open(self.key, "rb") as file:
            digits = file.read().hex()
        self.make(self.db, "--key-file", self.key)
        self.ferric("rekey", "-q", self.db, "--key-file", self.key, "--add",
                    "--new-passphrase-file", self.phrase)
        for number, text in enumerate((digits, digits.upper(), digits + "\n", digits + "\r\n")):
            form = self.write(f"hex{number}", text)
            self.ferric("get", self.db, "n", "--key-file", form, out="1\n")
        for changes in ({"FERRIC_KEY_FILE": self.key},
                        {"FERRIC_PASSPHRASE": "correct horse battery staple"}):
            self.ferric("get", self.db, "n", out="1\n", env=program.environment(**changes))
        # What is given by hand counts more than the environment.
        self.ferric("get", self.db, "n", "--key-file", self.key, out="1\n",
                    env=program.environment(FERRIC_KEY_FILE=self.other))
        self.ferric("get", self.db, "n", "--key-file", self.key, "--passphrase-file", self.phrase,
                    code=2, err="not both")

    def test_a_key_is_never_an_argument(self):
        self.make(self.db, "--key-file", self.key)
        self.ferric("get", self.db, "n", "--passphrase", "correct horse", code=6,
                    err="the file correct horse cannot be opened")
        for line in self.ferric("help", "get").splitlines():
            if "--key-" in line or "--passphrase" in line:
                self.assertIn("FILE", line)

    def test_half_a_key_is_none(self):
        for size in (0, 1, 31, 33, 63, 65, 5000):
            bad = self.write("bad", b"\x01" * size)
            self.ferric("set", self.db, "a", "1", "--key-file", bad, code=6, err="key")
        self.ferric("set", self.db, "a", "1", "--passphrase-file", self.write("bad", "\n"), code=6,
                    err="holds no passphrase")
        self.assertFalse(os.path.exists(self.db))


class ChangeTest(KeyTest):
    def test_a_key_takes_the_place_of_another(self):
        self.make(self.db, "--key-file", self.key)
        self.ferric("rekey", "-q", self.db, "--key-file", self.key, "--new-key-file", self.other)
        self.ferric("get", self.db, "n", "--key-file", self.key, code=6, err=HINT)
        self.ferric("get", self.db, "n", "--key-file", self.other, out="1\n")

    def test_a_key_is_added_and_removed(self):
        self.make(self.db, "--key-file", self.key)
        self.ferric("rekey", "-q", self.db, "--key-file", self.key, "--add", "--new-key-file",
                    self.other)
        for key in (self.key, self.other):
            self.ferric("get", self.db, "n", "--key-file", key, out="1\n")
        self.ferric("rekey", "-q", self.db, "--key-file", self.other, "--remove", "--new-key-file",
                    self.key)
        self.ferric("get", self.db, "n", "--key-file", self.key, code=6, err=HINT)
        self.ferric("get", self.db, "n", "--key-file", self.other, out="1\n")
        # The last one stays.
        self.ferric("rekey", "-q", self.db, "--key-file", self.other, "--remove", "--new-key-file",
                    self.other, code=2, err="only key")

    def test_a_rotation_seals_all_files_anew(self):
        self.make(self.db, "--key-file", self.key)
        old = {hash for path, (hash, _) in self.files().items() if ".table" in path}
        text = self.ferric("export", self.db, "--key-file", self.key)
        self.ferric("rekey", "-q", self.db, "--key-file", self.key, "--rotate", "--rewrite")
        now = {hash for path, (hash, _) in self.files().items() if ".table" in path}
        self.assertTrue(old and now and not old & now)
        self.assertEqual(self.ferric("export", self.db, "--key-file", self.key), text)
        self.ferric("verify", self.db, "--key-file", self.key, out=None)

    def test_a_copy_is_encrypted_and_one_of_it_is_plain(self):
        self.make(self.db)
        text = self.ferric("export", self.db)
        back = self.path("back.db")
        self.ferric("encrypt", "-q", self.db, self.new, "--key-file", self.key)
        self.ferric("export", self.new, code=6, err=HINT)
        self.assertEqual(self.ferric("export", self.new, "--key-file", self.key), text)
        self.ferric("decrypt", "-q", self.new, back, "--key-file", self.key)
        self.assertEqual(self.ferric("export", back), text)
        self.assertEqual(self.ferric("index", back, "list"), self.ferric("index", self.db, "list"))
        self.ferric("rekey", "-q", self.db, "--new-key-file", self.key, code=6, err="not encrypted")


class TerminalTest(KeyTest):
    """A passphrase is asked on the terminal, not shown, and never read from standard input."""

    def spawn(self, *words):
        child = pexpect.spawn(FERRIC, list(words), cwd=self.directory, timeout=60, encoding="utf-8",
                              env=program.environment(NO_COLOR="1"), dimensions=(24, 100))
        self.addCleanup(child.close, force=True)
        child.said = ""
        return child

    def answer(self, child, question, text):
        child.expect_exact(question)
        child.said += child.before
        child.waitnoecho()
        child.sendline(text)

    def end(self, child, code):
        child.expect(pexpect.EOF)
        child.said += child.before
        child.close()
        self.assertEqual(child.exitstatus, code, child.said)
        self.assertNotIn("horse", child.said)

    def setUp(self):
        super().setUp()
        self.make(self.db, "--passphrase-file", self.phrase)

    def test_the_right_one_opens(self):
        child = self.spawn("get", self.db, "n")
        self.answer(child, f"Passphrase of {self.db}: ", "correct horse battery staple")
        self.end(child, 0)
        self.assertIn("1\r\n", child.said)

    def test_a_wrong_one_and_none_do_not(self):
        before = self.files()
        for text in ("incorrect horse", ""):
            child = self.spawn("get", self.db, "n")
            self.answer(child, "Passphrase of", text)
            self.end(child, 6)
        self.assertEqual(self.files(), before)

    def test_standard_input_stays_data(self):
        child = pexpect.spawn("/bin/sh", ["-c", f"echo 42 | {FERRIC} set {self.db} n -"],
                              cwd=self.directory, timeout=60, encoding="utf-8",
                              env=program.environment(NO_COLOR="1"))
        child.said = ""
        self.addCleanup(child.close, force=True)
        self.answer(child, "Passphrase of", "correct horse battery staple")
        self.end(child, 0)
        self.ferric("get", self.db, "n", "--passphrase-file", self.phrase, out="42\n")

    def test_a_new_one_is_typed_twice(self):
        before = self.files()
        child = self.spawn("rekey", self.db)
        self.answer(child, "Passphrase of", "correct horse battery staple")
        self.answer(child, "New passphrase of", "another horse")
        self.answer(child, "Once more", "another horze")
        self.end(child, 6)
        self.assertIn("the two passphrases differ", child.said)
        same = {path: what for path, what in self.files().items() if path.endswith("KEYRING")}
        self.assertEqual(same.items() & before.items(), same.items())
        child = self.spawn("rekey", self.db)
        self.answer(child, "Passphrase of", "correct horse battery staple")
        self.answer(child, "New passphrase of", "another horse")
        self.answer(child, "Once more", "another horse")
        self.end(child, 0)
        self.ferric("get", self.db, "n", "--passphrase-file", self.phrase, code=6, err=HINT)
        self.ferric("get", self.db, "n", out="1\n",
                    env=program.environment(FERRIC_PASSPHRASE="another horse"))


if __name__ == "__main__":
    program.main()
