#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streams, terminals, locks and signals: how the program behaves among other programs."""
import json
import os
import resource
import signal
import subprocess
import sys
import time

import pexpect

import program
from program import FERRIC, ProgramTest


def on_terminal(test, *words, **changes):
    """What `ferric WORDS...` shows on a terminal, and its exit code."""
    child = pexpect.spawn(FERRIC, list(words), cwd=test.directory, timeout=60, encoding="utf-8",
                          env=program.environment(**changes), dimensions=(24, 80))
    text = child.read()
    child.close()
    return text, child.exitstatus


class OutputTest(ProgramTest):
    def test_a_closed_pipe_ends_quietly(self):
        lines = "".join(f'{{"_id":"{i:06}"}}\n' for i in range(30000))
        self.ferric("import", self.db, "--fsync", "never", stdin=lines, err="imported")
        for command in ("keys", "scan", "export"):
            with subprocess.Popen([FERRIC, command, self.db], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=program.environment()) as process:
                process.stdout.readline()
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"", command)
                self.assertEqual(process.wait(timeout=60), 0, command)

    def test_a_full_disk_behind_standard_output_is_exit_5(self):
        self.fill(a="1")
        for words in (["keys", self.db], ["get", self.db, "a"], ["info", self.db], ["help"],
                      ["completion", "bash"], ["export", self.db], ["version"]):
            with open("/dev/full", "wb") as full:
                self.ferric(*words, code=5, err="No space left", stdout=full)

    def test_a_closed_standard_output_is_exit_5(self):
        self.fill(a="1")
        done = subprocess.run(["sh", "-c", '"$0" keys "$1" >&-', FERRIC, self.db],
                              stderr=subprocess.PIPE, check=False, env=program.environment())
        self.assertEqual(done.returncode, 5)

    def test_quiet_leaves_notes_out(self):
        self.ferric("set", "-q", self.db, "a", "text", out="")
        self.ferric("import", "-q", self.db, stdin="1\n", out="")
        self.ferric("get", "-q", self.db, "none", code=1, err="no key none")


class TerminalTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.fill(doc='{"name":"alice","tags":["x","y"],"deep":{"list":[1,{"n":null}]}}')
        self.ferric("set", self.db, b"k\x1b[31m\n\xc2\x85", '"\\u0007\x7f"')

    def test_values_are_laid_out_and_coloured(self):
        text, code = on_terminal(self, "get", self.db, "doc")
        self.assertEqual(code, 0)
        self.assertIn("\x1b[34m\"name\"\x1b[0m: \x1b[32m\"alice\"", text)
        text, _ = on_terminal(self, "get", self.db, "doc", NO_COLOR="1")
        self.assertEqual(text.replace("\r\n", "\n"),
                         '{\n  "name": "alice",\n  "tags": ["x", "y"],\n  "deep": {\n'
                         '    "list": [\n      1,\n      {"n": null}\n    ]\n  }\n}\n')
        self.ferric("get", self.db, "doc", out='{"name":"alice","tags":["x","y"],'
                    '"deep":{"list":[1,{"n":null}]}}\n')

    def test_control_bytes_are_escaped(self):
        text, _ = on_terminal(self, "keys", self.db, NO_COLOR="1")
        self.assertEqual(text, "doc\r\nk\\x1b[31m\\x0a\\xc2\\x85\r\n")
        text, _ = on_terminal(self, "scan", self.db, "--prefix", "k", NO_COLOR="1")
        self.assertIn("\\x7f", text)
        self.assertNotIn("\x1b", text)

    def test_control_bytes_in_messages_are_escaped(self):
        text, code = on_terminal(self, "get", self.db, "\x1b[31mred\x07\u0085 \u00e4")
        self.assertEqual((text, code),
                         ("ferric: main has no key \\x1b[31mred\\x07\\xc2\\x85 \u00e4\r\n", 1))

    def test_progress_is_for_terminals(self):
        reader, writer = os.pipe()
        child = subprocess.Popen([sys.executable, "-c", "import os, pty, sys\n"
                                  "sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
                                  FERRIC, "import", self.db, f"/dev/fd/{reader}",
                                  "--limit", "5000"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 pass_fds=[reader], env=program.environment())
        os.close(reader)
        with os.fdopen(writer, "wb") as file:
            for i in range(10):
                file.write(b"".join(b'{"_id":"%d-%d"}\n' % (i, j) for j in range(1000)))
                file.flush()
                if i < 5:
                    time.sleep(0.15)
                if child.poll() is not None:
                    break
                if i == 5:
                    break
        shown, _ = child.communicate(timeout=60)
        self.assertIn(b"import  ", shown)
        self.assertIn(b"/s", shown)
        self.assertIn(b"5,000 imported", shown)

    def test_destroy_asks(self):
        child = pexpect.spawn(FERRIC, ["destroy", self.db], timeout=60, encoding="utf-8",
                              env=program.environment())
        child.expect(r"\[y/N\]")
        child.sendline("n")
        child.expect("nothing was removed")
        child.wait()
        self.assertTrue(os.path.exists(self.db))
        child = pexpect.spawn(FERRIC, ["destroy", self.db], timeout=60, encoding="utf-8",
                              env=program.environment())
        child.expect(r"\[y/N\]")
        child.sendline("y")
        child.expect("removed")
        child.wait()
        self.assertFalse(os.path.exists(self.db))


class FilesTest(ProgramTest):
    """A database of more tables than a process may open at first."""

    def test_the_program_asks_for_more_open_files(self):
        lines = "".join(f"key{i:04}\t{os.urandom(1900).hex()}\n" for i in range(2500))
        self.ferric("import", self.db, "--raw", "--format", "raw", "-q", "--option",
                    "table_size=64KiB", stdin=lines)
        self.ferric("compact", self.db, "--option", "table_size=64KiB", err="compacted")
        tables = [name for name in os.listdir(self.db) if name.endswith(".table")]
        self.assertGreater(len(tables), 40)

        def few(hard):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, hard))

        self.ferric("count", self.db, out="2500\n", preexec_fn=few(1000))
        self.ferric("count", self.db, code=5, out="", err="ulimit -n", preexec_fn=few(20))


class LockTest(ProgramTest):
    """Another process has the database open: a REPL, which waits for its next line."""

    def hold(self):
        process = subprocess.Popen([FERRIC, "repl", self.db], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=program.environment(),
                                   cwd=self.directory, text=True)
        self.addCleanup(self.stop, process)
        process.stdin.write("SET held true\nGET held\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "true\n")
        return process

    @staticmethod
    def stop(process):
        process.communicate()

    def test_a_writer_is_told_who_has_the_lock(self):
        self.fill(a="1")
        holder = self.hold()
        for words in (["set", self.db, "a", "2"], ["import", self.db], ["compact", self.db],
                      ["repl", self.db], ["destroy", self.db, "--yes"]):
            self.ferric(*words, code=3, out="", err=str(holder.pid))
        holder.communicate()
        self.ferric("get", self.db, "held", out="true\n")

    def say(self, holder, line):
        """One more statement of the writer, whose answer is one line."""
        holder.stdin.write(line + "\n")
        holder.stdin.flush()
        return holder.stdout.readline()

    def test_readers_work_beside_a_writer_and_say_so(self):
        self.fill(a="1")
        holder = self.hold()
        note = f"{self.db} is open in process {holder.pid}; reading beside it"
        self.ferric("get", self.db, "held", out="true\n", err=note)
        self.ferric("get", "-q", self.db, "held", out="true\n")
        self.ferric("get", self.db, "none", code=1, out="", err=note)
        self.ferric("keys", self.db, out="a\nheld\n", err=note)
        self.ferric("count", self.db, out="2\n", err=note)
        self.ferric("export", self.db, err=note)
        for command in ("scan", "info", "stats", "verify"):
            self.assertTrue(self.ferric(command, self.db, err=note))
        self.say(holder, "SET later 2\nGET later")
        self.ferric("get", "-q", self.db, "later", out="2\n")
        holder.communicate()
        self.ferric("get", self.db, "later", out="2\n")

    def test_watching_a_writer(self):
        self.fill(a="1")
        holder = self.hold()
        with subprocess.Popen([FERRIC, "stats", self.db, "--watch", "1", "--json"], text=True,
                              env=program.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as watcher:
            first = json.loads(watcher.stdout.readline())
            self.say(holder, "SET later 2\nGET later")
            seen = first
            while seen["version"] == first["version"]:
                seen = json.loads(watcher.stdout.readline())
            self.assertEqual(seen["commits"], 1)
            watcher.send_signal(signal.SIGINT)
            said = watcher.communicate()[1]
        self.assertEqual(watcher.returncode, 130)
        self.assertEqual(said.count("reading beside it"), 1)

    def test_wait_waits(self):
        self.fill(a="1")
        holder = self.hold()
        waiting = subprocess.Popen([FERRIC, "set", self.db, "a", "2", "--wait", "60"],
                                   env=program.environment(), stderr=subprocess.PIPE)
        with self.assertRaises(subprocess.TimeoutExpired):
            waiting.wait(timeout=0.3)
        holder.communicate()
        _, said = waiting.communicate(timeout=60)
        self.assertEqual((waiting.returncode, said), (0, b""))
        self.ferric("get", self.db, "a", out="2\n")
        self.ferric("get", self.db, "a", "--wait", "x", code=2, err="--wait")


if __name__ == "__main__":
    program.main()
