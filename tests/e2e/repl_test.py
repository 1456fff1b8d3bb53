#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The REPL, through a pipe and through a terminal."""
import os
import stat

import pexpect

import program
from program import FERRIC, ProgramTest


class PipeTest(ProgramTest):
    """Statements from a pipe: no prompt, data alone on standard output."""

    def repl(self, text, code=0, out=None, err=None, words=()):
        return self.ferric("repl", "-q", self.db, *words, stdin=text, code=code, out=out, err=err)

    def test_statements(self):
        self.repl('SET a 1\nset "two words" {"x": [1, 2]}\nGET a\nget "two words"\nCOUNT\nKEYS\n'
                  'DELETE a\nDEL "two words"\nCOUNT\n',
                  out='1\n{"x":[1,2]}\n2\na\ntwo words\n0\n')

    def test_ranges_are_deleted(self):
        self.repl("SET a1 1\nSET a2 2\nSET b 3\nSET c 4\nDELETE PREFIX a\nKEYS\n"
                  "BEGIN\nDELETE RANGE b c\nKEYS\nROLLBACK\nKEYS\nDELETE RANGE b d\nCOUNT\n",
                  out="b\nc\nc\nb\nc\n0\n")
        self.repl("DELETE a b c\n", code=2, err="usage: DELETE KEY")
        self.repl("DELETE PREFIX a b\n", code=2, err="usage: DELETE KEY")

    def test_lifetimes_have_a_default_and_are_lengthened(self):
        self.repl(".ttl\nSET a 1\n.ttl\n.ttl 2h\n.ttl\n.ttl none\n.ttl\n", code=1,
                  out="none\n7200.000\nnone\n", err="no keyspace main")
        self.repl(".mode json\n.ttl 1h\n.ttl\nSETEX b 90 1\nTOUCH b\n", out='{"ttl_ms":3600000}\n')
        left = float(self.repl("TTL b\n"))
        self.assertGreater(left, 3500)
        self.repl("TOUCH b 1d\n", out="")
        self.assertGreater(float(self.repl("TTL b\n")), 80000)
        self.repl("TOUCH nothing\n", code=1, err="no key nothing")
        self.repl("TOUCH\n", code=2, err="usage: TOUCH")

    def test_keyspaces_are_renamed_and_dropped(self):
        self.repl(".use one\nSET a 1\n.use two\nSET a 2\n.rename one eins\n.drop two\n"
                  ".keyspaces\n", out="collection eins\n")
        self.repl(".drop zwei\n", code=1, err="no keyspace zwei")
        self.repl(".rename one\n", code=2, err="usage: .rename")

    def test_lifetimes_and_numbers(self):
        self.repl("SET a 1\nTTL a\nSETEX b 100 {\"x\": 1}\nGET b\nEXPIRE a 10\nPERSIST a\nTTL a\n"
                  "INCR a\nINCR a -5\nINCR n 7\nGET n\nBEGIN\nSETEX c 1h 2\nGET c\nCOMMIT\n",
                  out='-1\n{"x":1}\n-1\n2\n-3\n7\n7\n2\n')
        for wrong, why in (("SETEX a 0 1", "no time to live"), ("SETEX a 5", "usage: SETEX"),
                           ("EXPIRE a", "usage: EXPIRE"), ("TTL a b", "usage: TTL"),
                           ("TTL none", "no key none"), ("PERSIST none", "no key none"),
                           ("EXPIRE none 5", "no key none"), ("INCR a x", "no integer"),
                           ("BEGIN\nINCR a", "transaction"), ("BEGIN\nTTL a", "transaction")):
            self.repl(f"{wrong}\n", code=1 if "no key" in why else 2, err=why)
        self.assertLess(float(self.repl("TTL c\n")), 3601)
        self.assertIn('{"ttl_ms":', self.repl(".mode jsonl\nTTL c\n"))

    def test_values_may_have_many_lines(self):
        self.repl('SET a {"text": "a } in a string",\n\n "list": [1,\n2]}\nGET a\n'
                  'SET b it\'s {not json\nGET b\n',
                  out='{"text":"a } in a string","list":[1,2]}\n', code=2,
                  err="ends inside a JSON value")

    def test_text_is_a_string_and_says_so(self):
        self.ferric("repl", self.db, stdin="SET a hello world\nGET a\n", out='"hello world"\n',
                    err='stored as the string "hello world"')

    def test_ranges(self):
        text = "".join(f"SET k{i:03} {i}\n" for i in range(150))
        self.repl(text + "KEYS k14\nSCAN k1 2\nKEYS k01 1\n",
                  out="".join(f"k{i}\n" for i in range(140, 150)) + "k100\t100\nk101\t101\nk010\n")
        self.assertEqual(len(self.repl("KEYS\n").splitlines()), 150)

    def test_collections(self):
        self.repl("SET a 1\n.use users\nSET b 2\nKEYS\n.use\n.use main\nKEYS\n.keyspaces\n",
                  out="b\nusers\na\ncollection main\ncollection users\n")
        self.repl("KEYS\n", out="b\n", words=("-k", "users"))
        self.repl(".use _bad\n", code=2, err="_")

    def test_transactions(self):
        self.repl("SET a 1\nBEGIN\nSET a 2\nSET b 3\nGET a\nCOUNT\nKEYS\nROLLBACK\n"
                  "GET a\nKEYS\n",
                  out="2\n2\na\nb\n1\na\n")
        self.repl("begin serializable\nSET a 2\nDELETE a\nSET c 4\nSCAN\nCOMMIT\nKEYS\n",
                  out="c\t4\nc\n")
        self.repl("KEYS\n", out="c\n")

    def test_savepoints(self):
        self.repl("BEGIN\nSET a 1\nSAVEPOINT one\nSET a 2\nSAVEPOINT two\nSET b 3\n"
                  "ROLLBACK TO two\nKEYS\nGET a\nROLLBACK TO one\nGET a\nROLLBACK TO one\n"
                  "ROLLBACK TO two\nCOMMIT\nGET a\n",
                  out="a\n2\n1\n1\n", code=2, err="there is no savepoint two")

    def test_transactions_span_keyspaces(self):
        self.repl("BEGIN\nSET a 1\n.use users\nSET b 2\nKEYS\nROLLBACK\n.keyspaces\n"
                  "BEGIN\nSET b 2\n.use main\nSET a 1\nCOMMIT\n.keyspaces\n",
                  out="b\ncollection main\ncollection users\n")

    def test_transaction_left_open_is_rolled_back(self):
        self.ferric("repl", self.db, stdin="SET a 1\nBEGIN\nSET a 2\n", out="",
                    err="rolled back")
        self.repl("GET a\n", out="1\n")

    def test_snapshot_reads_one_state(self):
        self.repl("SET a 1\nSNAPSHOT\nSET a 2\nSET b 3\nGET a\nKEYS\nCOUNT\nSNAPSHOT END\n"
                  "GET a\nCOUNT\n", out="1\na\n1\n2\n2\n")

    def test_transaction_statements_out_of_place(self):
        for text, message in (("COMMIT", "BEGIN makes one"), ("ROLLBACK", "BEGIN makes one"),
                              ("SAVEPOINT x", "BEGIN makes one"), ("BEGIN NOW", "usage: BEGIN"),
                              ("BEGIN\nBEGIN", "COMMIT or ROLLBACK"),
                              ("SNAPSHOT END", "no snapshot"), ("BEGIN\nSNAPSHOT", "of its own"),
                              ("SNAPSHOT\nBEGIN", "SNAPSHOT END"),
                              ("BEGIN\nROLLBACK x", "usage: ROLLBACK"),
                              ("BEGIN\nROLLBACK TO x", "no savepoint x"),
                              ("BEGIN\nSAVEPOINT", "usage: SAVEPOINT")):
            self.ferric("repl", self.db, stdin=text + "\n", code=2, err=message)

    def test_raw_keyspaces_take_bytes(self):
        self.ferric("set", "-q", self.db, "k", "v", "--raw")
        self.repl("SET k {not json\nGET k\n.mode jsonl\nGET k\nSCAN\n",
                  out='{not json\n"{not json"\n{"_id":"k","_value":"{not json"}\n')

    def test_modes(self):
        self.repl('SET a {"x":1}\nSET b 2\n')
        self.assertIn('"memory_limit"', self.repl(".mode json\nSTATS\n"))
        out = self.repl('.mode jsonl\nKEYS\nSCAN\n.mode\n.mode auto\nSCAN\n.mode\n')
        self.assertEqual(out, '"a"\n"b"\n{"_id":"a","x":1}\n{"_id":"b","_value":2}\njsonl\n'
                         'a\t{"x":1}\nb\t2\nauto\n')
        self.repl(".mode json\nKEYS\nSCAN b\nKEYS none\nGET a\n",
                  out='["a",\n"b"]\n[{"_id":"b","_value":2}]\n[]\n{"x":1}\n')
        self.repl(".mode csv\nSCAN\nKEYS a\nGET a\n",
                  out="_id,x,_value\r\na,1,\r\nb,,2\r\n_id\r\na\r\n_id,x\r\na,1\r\n")
        self.repl(".mode table\nGET a\n.mode box\nGET a\n.mode markdown\nGET a\n", out=(
            "+-----+---+\n| _id | x |\n+-----+---+\n| a   | 1 |\n+-----+---+\n"
            "┌─────┬───┐\n│ _id │ x │\n├─────┼───┤\n│ a   │ 1 │\n└─────┴───┘\n"
            "| _id | x |\n|-----|---|\n| a   | 1 |\n"))
        self.repl(".mode xml\n", code=2, err="auto jsonl json table box csv markdown")

    PEOPLE = ('INSERT {"_id":"a","name":"Ada L","age":36,"tags":["x","y"]}\n'
              'INSERT {"_id":"b","name":"Bob","age":17} {"_id":"c","age":50,"tags":[]}\n')

    def test_documents(self):
        self.repl(self.PEOPLE, out="a\nb\nc\n")
        self.repl('FIND {"age":{"$gt":20}}\nFIND age>20 age<40 --fields name\n'
                  'FIND name="Ada L" --fields age\nFIND \'name~^B\' --fields age\n'
                  "FIND --sort -age --limit 1 --skip 1 --fields name --as json\n",
                  out='{"_id":"a","name":"Ada L","age":36,"tags":["x","y"]}\n'
                  '{"_id":"c","age":50,"tags":[]}\n{"_id":"a","name":"Ada L"}\n'
                  '{"_id":"a","age":36}\n{"_id":"b","age":17}\n[{"_id":"a","name":"Ada L"}]\n')
        self.repl('FIND name Ada L\nFIND tags x\nFIND age 17\nfind name "Bob"\n'
                  '.mode jsonl\nFIND age 50\n', out='a\na\nb\nb\n"c"\n')
        self.repl('COUNT\nCOUNT age>20\nDISTINCT tags\nDISTINCT age age<40\n',
                  out='3\n2\n["x","y"]\n[17,36]\n')
        self.repl('UPDATE name=Bob age=17 {"$inc": {"age": 1},\n"$set":{"a":{"b":1}}}\nGET b\n'
                  '.mode jsonl\nUPDATE _id=z {"$set":{"n":1}} --upsert\n'
                  'REMOVE age>40\nCOUNT\n',
                  out='{"name":"Bob","age":18,"a":{"b":1}}\n'
                  '{"matched":0,"modified":0,"upserted":true}\n'
                  '{"matched":1,"modified":1,"upserted":false}\n3\n')

    def test_patches_and_groups(self):
        self.repl(self.PEOPLE, out="a\nb\nc\n")
        self.repl('PATCH a {"age": 37,\n"tags": null}\nGET a\nset "two words" {"n":1}\n'
                  'patch "two words" [{"op":"add","path":"/m","value":[1, 2]}]\nGET "two words"\n',
                  out='{"name":"Ada L","age":37}\n{"n":1,"m":[1,2]}\n')
        self.repl("PATCH a 5\nPATCH a {\n}\n", code=2, err="a patch is an object")
        self.repl("PATCH a\n", code=2, err="usage: PATCH KEY PATCH")
        self.repl("PATCH none {}\n", code=1, err="no key none")
        self.repl('PATCH a [{"op":"test","path":"/age","value":1}]\n', code=7, err="a test of")
        self.repl("GROUP - --avg age\nSNAPSHOT\nREMOVE age>18\nGROUP name --sort -_id --limit 1\n"
                  "SNAPSHOT END\nGROUP - age>0 --as csv\n",
                  out='{"_id":null,"count":4,"avg_age":34.666666666666664}\n'
                  '{"_id":"Bob","count":1}\n_id,count\r\nnull,1\r\n')

    def test_documents_at_a_snapshot_and_in_transactions(self):
        self.repl(self.PEOPLE + "SNAPSHOT\nREMOVE age>0\nFIND age 17\nCOUNT age>0\nSNAPSHOT END\n"
                  "COUNT age>0\n", out="a\nb\nc\nb\n3\n0\n")
        for text in ("FIND a=1", "FIND a 1", "INSERT {}", "REMOVE a=1", "UPDATE a=1 {}",
                     "COUNT a=1", "INDEX a", "PATCH a {}", "GROUP a", ".import x"):
            self.repl(f"BEGIN\n{text}\n", code=2, err="transaction")

    def test_indexes(self):
        self.repl(self.PEOPLE + "INDEX age\nINDEX tags -age --sparse\nINDEX create name --unique\n"
                  "INDEXES\nINDEX drop age_1\nindex LIST\n",
                  out='a\nb\nc\n{"name":"age_1","keys":{"age":1},"state":"ready"}\n'
                  '{"name":"tags_1_age_-1","keys":{"tags":1,"age":-1},"sparse":true,'
                  '"state":"ready"}\n'
                  '{"name":"name_1","keys":{"name":1},"unique":true,"state":"ready"}\n'
                  '{"name":"tags_1_age_-1","keys":{"tags":1,"age":-1},"sparse":true,'
                  '"state":"ready"}\n'
                  '{"name":"name_1","keys":{"name":1},"unique":true,"state":"ready"}\n')
        self.repl('INSERT {"name":"Bob"}\n', code=7, err='"b"')
        self.repl('INSERT {"_id":"a"}\n', code=7, err="has a document with this _id")
        self.repl("INDEX\n", code=2, err="usage: INDEX")
        self.repl("INDEX DROP none\n", code=1, err="no index none")

    def test_explain_is_a_tree(self):
        out = self.repl(self.PEOPLE + "INDEX age\nEXPLAIN name=Bob\n"
                        'EXPLAIN {"$or":[{"age":17},{"age":{"$gt":40}}]}\n')
        self.assertRegex(out, r"every document\nexamined: documents 3, index entries 0\n"
                         r'returned: 1 in .*s\nmissing:  an index on \{"name":1\}\n')
        self.assertRegex(out, r"union, each once.*\n├─ index age_1: .*\n└─ index age_1: .*\n"
                         r"examined: documents 2, index entries 2\nreturned: 2 in ")
        self.assertIn('{"plan":{"kind":"scan"}', self.repl(".mode json\nEXPLAIN name=Bob\n"))

    def test_a_scan_is_noted(self):
        self.repl(self.PEOPLE)
        self.ferric("repl", self.db, stdin="FIND age=17\n", err="no index serves this filter",
                    out='{"_id":"b","name":"Bob","age":17}\n')
        self.ferric("repl", self.db, stdin="INDEX age\nFIND age=17 --fields age\nFIND {}\n"
                    "FIND _id=b name=Bob --fields age\n",
                    out='{"_id":"b","age":17}\n'
                    '{"_id":"a","name":"Ada L","age":36,"tags":["x","y"]}\n'
                    '{"_id":"b","name":"Bob","age":17}\n{"_id":"c","age":50,"tags":[]}\n'
                    '{"_id":"b","age":17}\n')

    def test_import(self):
        table = self.write("t.csv", "id,n\n1,2\n3,4\n")
        self.repl(f".use t\n.import {table} --id id\nSCAN\n.import {table} --types string\n"
                  "COUNT n=2\nCOUNT n=\"2\"\n", out='1\t{"id":1,"n":2}\n3\t{"id":3,"n":4}\n1\n1\n')
        self.repl(".import none.csv\n", code=5, err="none.csv")

    def test_options_of_the_program_are_refused(self):
        self.repl("FIND a=1 -k users\n", code=2, err=".use NAME")
        self.repl("FIND a=1 --wait 3\n", code=2, err="--wait is an option of the program")
        self.repl("FIND a=1 --srot a\n", code=2, err="did you mean --sort?")
        self.repl("FIND a=1 {}\n", code=2, err="is no filter")

    def test_output_and_read(self):
        script = self.write("script", "SET a 1\nGET a\nBAD\nGET a\n")
        target = self.path("out")
        self.repl(f".output {target}\nSET b 2\nGET b\n.output\nGET b\n", out="2\n")
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "2\n")
        self.repl(f".read {script}\n", out="1\n1\n", code=2, err="there is no BAD")
        self.repl(f".read {self.path('absent')}\n", code=5, err="absent")
        self.repl(f".output {self.path('no/such')}\n", code=5, err="no/such")
        self.write("loop", f".read {self.path('loop')}\n")
        self.repl(f".read {self.path('loop')}\n", code=2, err="read one another")

    def test_the_first_failure_is_the_exit_code_and_the_rest_runs(self):
        self.repl("GET none\nSET a {x}\nSET a 1\nGET a\n", out="1\n", code=1, err="no key none")
        self.repl("GET\nSET a\nDELETE\nCOUNT x\n", code=2, err="usage: GET KEY")

    def test_near_statements_are_offered(self):
        self.repl("GTE a\n", code=2, err="did you mean GET?")
        self.repl("rm a\n", code=2, err="did you mean DEL?")
        self.repl(".nothing\n", code=2, err=".nothing")

    def test_help_timer_exit(self):
        text = self.repl("HELP\n")
        for word in ("SET KEY VALUE", ".use", "EXIT"):
            self.assertIn(word, text)
        self.assertRegex(text, r"\n~0 keys in all, .*B on disk; gets 0, puts 0, deletes 0 since")
        self.assertEqual(self.repl(".help\n"), text)
        text = self.repl("SET a 1\nGET a\nDELETE a\nHELP\n", err="")
        self.assertRegex(text, r"; gets \d+, puts 1, deletes 1 since it was opened\n$")
        self.ferric("repl", self.db, stdin=".timer on\nCOUNT\n", out="0\n", err="s\n")
        self.repl(".timer maybe\n", code=2, err="on|off")
        for leave in ("EXIT", "quit", ".quit", ".exit"):
            self.repl(f"COUNT\n{leave}\nCOUNT\n", out="0\n")

    def test_stats_compact_verify(self):
        out = self.repl("SET a 1\nCOMPACT\nSTATS\nVERIFY\n")
        self.assertIn("memory", out)
        self.assertIn("put", out)
        self.assertIn("sound:", out)

    def test_a_path_alone_is_the_repl(self):
        self.ferric(self.db, stdin="SET a 1\nGET a\n", out="1\n", err="new database")
        self.ferric(":memory:", stdin="SET a 1\nGET a\n", out="1\n")
        self.assertFalse(os.path.exists(self.path(":memory:")))


class TerminalTest(ProgramTest):
    """A person at a terminal. libedit moves the cursor as it likes, so the tests look at what is
    printed between lines and not at how a line is drawn."""

    def start(self, columns=80, **changes):
        changes.setdefault("HOME", self.directory)
        child = pexpect.spawn(FERRIC, [self.db], cwd=self.directory, timeout=60, encoding="utf-8",
                              env=program.environment(NO_COLOR="1", **changes),
                              dimensions=(24, columns))
        child.expect("main> ")
        self.addCleanup(child.close, force=True)
        return child

    def leave(self, child):
        """Ctrl-D at the prompt; earlier it would be a character of the terminal's cooked mode."""
        child.expect("> $")
        child.sendeof()
        child.expect(pexpect.EOF)

    def test_a_session(self):
        child = self.start()
        child.sendline('SET user:1 {"name": "alice",')
        child.expect(r"\.\.\.> ")
        child.sendline('"n": 1}')
        child.expect("OK\r\n")
        child.sendline("SET user:2 bob")
        child.expect('stored as the string "bob"')
        child.expect("main> ")
        child.sendline("GET user:1")
        child.expect_exact('{"name": "alice", "n": 1}')
        child.sendline(".use users")
        child.expect("users> ")
        child.sendline("COUNT")
        child.expect("0\r\n")
        child.sendline("EXIT")
        child.expect(pexpect.EOF)
        child.close()
        self.assertEqual(child.exitstatus, 0)

    def test_a_table_is_cut_to_the_terminal(self):
        self.fill(a='{"name":"Ägypten ist weit","n":1}', b='{"name":"x","n":22}')
        child = self.start(columns=20)
        child.sendline(".mode box")
        child.expect("main> ")
        child.sendline("FIND {}")
        for line in ("┌─────┬───────┬────┐", "│ _id │ name  │ n  │", "├─────┼───────┼────┤",
                     "│ a   │ Ägyp… │ 1  │", "│ b   │ x     │ 22 │", "└─────┴───────┴────┘"):
            child.expect_exact(line + "\r\n")
        self.leave(child)

    def test_completion(self):
        self.fill(**{"first:key": "1", "second:key": "2", "second:other": "3"})
        child = self.start()
        child.sendline("GE\tfi\t")  # A command, then a key.
        child.expect("1\r\n")
        child.sendline("GET sec\tkey")  # What both keys have in common.
        child.expect("2\r\n")
        child.send("GET sec\t\t")  # Nothing in common is left: both are listed.
        child.expect("second:key\r\nsecond:other\r\n")
        child.sendline("o\t")
        child.expect("3\r\n")
        child.sendline("INSERT {\"_id\":\"d\",\"height\":{\"metres\":2}}")
        child.expect("d\r\n")
        child.sendline("FIND hei\t.m\t=2 --li\t1 --as cs\t")  # Fields, options, forms.
        child.expect_exact('d,"{""metres"":2}"\r')
        child.sendline("INDEX -hei\t.m\t")
        child.sendline("INDEXES")
        child.expect_exact("height.metres_-1")
        child.sendline(".mo\tjsonl")
        child.sendline("DISTI\thei\t.m\t")
        child.expect_exact("[2]\r\n")
        child.sendline(".us\tma\t")
        child.expect("main> ")
        child.sendline("COUNT")
        child.expect("4\r\n")

    def test_control_c_throws_a_line_away(self):
        child = self.start()
        child.sendline("SET a 1")
        child.expect("OK\r\n")
        child.expect("main> ")
        child.send("SET a 2\x03COUNT\r")  # At once: what comes after Ctrl-C is not lost either.
        child.expect(r"\^C\r\n")
        child.expect("\n1\r\n")
        child.expect("main> ")
        child.sendline("SET a {")
        child.expect(r"\.\.\.> ")
        child.sendintr()
        child.expect("main> ")
        child.sendline("GET a")
        child.expect("\n1\r\n")
        self.leave(child)
        child.close()
        self.assertEqual(child.exitstatus, 0)

    def test_history_is_kept_and_private(self):
        child = self.start()
        child.sendline('SET a {"secret":')
        child.expect(r"\.\.\.> ")
        child.sendline("1}")
        child.expect("OK\r\n")
        self.leave(child)
        history = self.path(".ferric_history")
        self.assertEqual(stat.S_IMODE(os.stat(history).st_mode), 0o600)
        child = self.start()
        child.sendline("DELETE a")
        child.expect("OK\r\n")
        child.sendline("\x1b[A\x1b[A")  # Up, up: the statement of two lines, as one.
        child.expect("OK\r\n")
        child.sendline("GET a")
        child.expect_exact('{"secret": 1}')

    def test_without_a_home_nothing_is_written(self):
        before = set(os.listdir(self.directory))
        child = pexpect.spawn(FERRIC, [":memory:"], cwd=self.directory, timeout=60,
                              encoding="utf-8", env=program.environment())
        child.expect("main> ")
        child.sendline("SET a 1")
        child.expect("OK\r\n")
        self.leave(child)
        self.assertEqual(set(os.listdir(self.directory)), before)

    def test_a_history_that_is_a_link_is_left_alone(self):
        target = self.write("target", "untouched")
        os.symlink(target, self.path(".ferric_history"))
        child = self.start()
        child.sendline("SET a 1")
        child.expect("OK\r\n")
        self.leave(child)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "untouched")

    def test_keys_shows_a_hundred_and_the_rest_as_a_number(self):
        lines = "".join(f'{{"_id":"k{i:04}"}}\n' for i in range(1234))
        self.ferric("import", "-q", self.db, stdin=lines)
        child = self.start()
        child.sendline("KEYS")
        child.expect("k0099\r\n... and 1,134 more")
        child.sendline("KEYS k 2")
        child.expect("k0001\r\n... and 1,232 more")

    def test_narrow_terminals(self):
        child = self.start(columns=20)
        child.sendline('SET a {"long": "' + "x" * 100 + '"}')
        child.expect("OK\r\n")
        child.sendline("GET a")
        child.expect_exact("x" * 100)
        child.sendline("STATS")
        child.expect("recovery")

    def test_control_c_ends_a_long_statement(self):
        lines = "".join(f'{{"_id":"k{i:06}"}}\n' for i in range(20000))
        self.ferric("import", "-q", "--fsync", "never", self.db, stdin=lines)
        child = self.start()
        child.sendline("SCAN k 20000")
        child.expect("k000100")
        child.sendintr()
        # Its output may all be on its way already; the session goes on either way.
        child.sendline("COUNT")
        child.expect(r"\n20000\r\n")
        self.assertTrue(child.isalive())


if __name__ == "__main__":
    program.main()
