#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is wrong about documents, filters, updates and indexes: the exit code, a message that names
the place, nothing stored, and nothing that takes long. Long is told by counts, not by a clock:
steps of a regular expression, levels of nesting, documents that were examined."""
import json

import program
from program import ProgramTest

DEEP = 100000


class BadInputTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.fill(a='{"x":"%sb","n":1}' % ("a" * 40), b='{"n":"text"}')
        self.ferric("index", self.db, "create", "n")
        self.before = self.state()

    def state(self):
        return self.ferric("export", self.db), self.ferric("index", self.db, "list")

    def refused(self, *words, err, code=2, **options):
        """It fails with one line that says `err`, and the database is what it was."""
        done = self.run_program(words[0], self.db, *words[1:], **options)
        said = done.stderr.decode(errors="surrogateescape")
        self.assertEqual((done.returncode, done.stdout), (code, b""), f"{words}: {said}")
        self.assertIn(err, said, f"{words}")
        self.assertTrue(said.startswith("ferric: ") and said.count("\n") == 1, said)
        self.assertEqual(self.state(), self.before, f"{words}")

    def test_documents_that_are_no_json(self):
        for text, where in (('{"a":1,}', "byte 7: expected a member's name in double quotes"),
                            ('{"a":[1,2}', "byte 9: expected ',' or ']'"),
                            ('{"a":tru}', "byte 8: expected a value"),
                            ('{"a":01}', "byte 6: a number does not begin with 0"),
                            ('{"a":"x\ny"}', "byte 7: a control character in a string"),
                            ('{"a":1}}', "byte 7: something follows the value"),
                            ('{"a":"\\ud800"}', "byte 6: half of a surrogate pair"),
                            ('{"a":"\\ude00\\ud800"}', "byte 6: half of a surrogate pair"),
                            ('{"a":"\\x"}', "byte 7: no such escape"),
                            ('{"a"', "byte 4: expected ':'")):
            for words in (("set", "k", text), ("insert", text),
                          ("insert", '{"_id":"good"}', text)):
                self.refused(*words, err=f"not JSON: {where}")
            self.refused("set", "k", "-", stdin=text, err=f"not JSON: {where}")

    def test_text_that_is_no_utf_8(self):
        for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"):
            self.refused("set", "k", b'{"a":"' + bad + b'"}', err="byte 6: malformed UTF-8")
            self.refused("insert", b'{"a":"' + bad + b'"}', err="byte 6: malformed UTF-8")
            self.refused("find", b'{"a":"' + bad + b'"}', err="byte 6: malformed UTF-8")
            self.refused("update", "{}", b'{"$set":{"a":"' + bad + b'"}}',
                         err="byte 14: malformed UTF-8")
            self.refused("set", b"k" + bad, "1", err="UTF-8")

    def test_documents_that_cannot_be_inserted(self):
        self.refused("insert", "[1]", err="only an object")
        self.refused("insert", '{"_id":5}', err='the "_id" 5: it is a string')
        self.refused("insert", '{"_id":""}', err="the key is empty")
        self.refused("insert", '{"_id":"' + "k" * 70000 + '"}', err="65535")
        self.refused("insert", '{"_id":"a"}', code=7, err="has a document with this _id")
        self.refused("set", "a", '{"_id":"b"}', err="_id")

    def test_nesting(self):
        """The 129th level is refused where it begins; what follows is not looked at."""
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            text = opening * DEEP + "1" + closing * DEEP
            where = f"byte {128 * len(opening)}: more than 128 levels"
            self.refused("set", "k", "-", stdin=text, err=where)
            for name in ("jsonl", "json"):
                done = self.run_program("import", self.db, "-q", "--format", name, stdin=text)
                self.assertEqual(done.returncode, 2)
                self.assertIn(where.encode(), done.stderr)
            self.assertEqual(self.state(), self.before)
        for filter_text in ('{"n":' + '{"$not":' * 3000 + '{"$gt":1}' + "}" * 3001,
                            '{"$and":[' * 3000 + "{}" + "]}" * 3000):
            self.refused("find", filter_text, err="more than 128 levels")
            self.refused("remove", filter_text, err="more than 128 levels")
        self.ferric("set", "-q", self.db, "k", "[" * 128 + "]" * 128)
        self.ferric("get", self.db, "k", out="[" * 128 + "]" * 128 + "\n")

    FILTERS = (
        ('{"n":', "filter: not JSON: byte 5"),
        ('{"n":{"$gtt":1}}', 'at "n.$gtt": no such operator; did you mean $gt?'),
        ('{"n":{"$foo":1}}', 'at "n.$foo": no such operator; below a path there are $eq'),
        ('{"$nro":[]}', 'at "$nro": no such operator; did you mean $nor?'),
        ('{"$gt":5}', 'at "$gt": it stands below a path, as in {"age":{"$gt":5}}'),
        ('{"n":{"$or":[1]}}', 'at "n.$or": it stands beside paths, as in {"$or":['),
        ('{"$where":"1"}', 'at "$where": no such operator; beside paths there are $and $or $nor'),
        ('{"$or":[{"a":1},{"n":{"$foo":1}}]}', 'at "$or[1].n.$foo": no such operator'),
        ('{"n":{"$not":{"$elemMatch":{"a":{"$bar":1}}}}}', '"n.$not.$elemMatch.a.$bar"'),
        ('{"n":{"$gt":1,"m":2}}', 'at "n.m": a name without'),
        ('{"n":{"$in":1}}', 'at "n.$in": expected an array'),
        ('{"n":{"$all":{}}}', 'at "n.$all": expected an array'),
        ('{"n":{"$size":-1}}', 'at "n.$size": expected a whole number'),
        ('{"n":{"$exists":1}}', 'at "n.$exists"'),
        ('{"n":{"$mod":[0,1]}}', 'at "n.$mod": the divisor is 0'),
        ('{"n":{"$mod":[1]}}', 'at "n.$mod"'),
        ('{"n":{"$type":"date"}}', 'at "n.$type": the types are "null"'),
        ('{"n":{"$startsWith":1}}', 'at "n.$startsWith"'),
        ('{"n":{"$regex":1}}', 'at "n.$regex"'),
        ('{"n":{"$regex":"("}}', 'at "n.$regex": the regular expression "(": byte 1'),
        ('{"n":{"$regex":"a","$options":"q"}}', 'at "n.$regex": a regular expression has'),
        ('{"$and":{}}', 'at "$and": expected an array of at least one'),
        ('{"$or":[]}', 'at "$or": expected an array of at least one'),
        ('{"":1}', "a path is empty"),
        ('{"a..b":1}', 'the path "a..b" has an empty step'),
        ('{"a.$x":1}', 'the path "a.$x" has a step that begins with'),
        ('{"/a~2":1}', 'the path "/a~2"'),
    )

    def test_filters(self):
        for text, where in self.FILTERS:
            self.refused("find", text, err=where)
            self.refused("update", text, '{"$set":{"y":1}}', "--upsert", err=where)
        text, where = self.FILTERS[1]
        for words in (("count", text), ("explain", text), ("remove", text),
                      ("distinct", "n", text)):
            self.refused(*words, err=where)
        self.refused("index", "create", "y", "--only", '{"n":{"$foo":1}}', err='at "n.$foo"')
        self.refused("find", "n=", "=1", err="is no filter")
        self.refused("find", "n~(", err='at "n.$regex"')

    def test_options_of_queries(self):
        self.refused("find", "--sort", "a..b", err='the path "a..b"')
        self.refused("find", "--sort", '{"a":2}', err='"a"')
        self.refused("find", "--fields", '{"a":1,"b":0}', err='projection, at "b"')
        self.refused("find", "--hint", "none", err='hint "none": there is no such index')
        self.refused("find", "x=1", "--max-scan", "1", err="examined 1 documents, as many as")
        self.refused("distinct", "a..b", err='the path "a..b"')

    def test_updates(self):
        for text, where in (('{"$set":{"a":1},}', "update: not JSON: byte 16"),
                            ('{"a":1}', 'at "a": no such operator; there are $set'),
                            ('{"$sett":{"a":1}}',
                             'at "$sett": no such operator; did you mean $set?'),
                            ('{"addtoset":{"a":1}}', 'operator; did you mean $addToSet?'),
                            ('{"$set":1}', 'at "$set"'),
                            ('{"$inc":{"n":"1"}}', 'at "$inc.n"'),
                            ('{"$set":{"_id":"z"}}', 'at "$set._id": "_id" does not change'),
                            ('{"$set":{"a..b":1}}', 'the path "a..b"'),
                            ('{"$set":{"a":1},"$unset":{"a.b":1}}', 'at "$unset.a.b"'),
                            ('{"$inc":{"n":1}}', '$inc of "n": the document has no number'),
                            ('{"$push":{"n":1}}', '$push of "n": the document has no array'),
                            ('[]', "update")):
            self.refused("update", "{}", text, err=where)

    def test_an_update_of_many_stores_all_or_nothing(self):
        """The first document could be changed, the second could not."""
        self.ferric("set", "-q", self.db, "0", '{"n":5}')
        self.before = self.state()
        self.refused("update", "{}", '{"$inc":{"n":1}}', err="has no number there")

    def test_indexes(self):
        self.refused("index", "create", "a..b", err='the path "a..b"')
        self.refused("index", "create", "a", "a", err='the path "a" twice')
        self.refused("index", "create", *"abcdefghi", err="at most 8 paths")
        self.ferric("set", "-q", self.db, "two", '{"p":[1],"q":[2]}')
        self.before = self.state()
        self.refused("index", "create", "p", "q", err='"p" and "q" both reach several')
        self.ferric("set", "-q", self.db, "three", '{"n":1}')
        self.before = self.state()
        self.refused("index", "create", "n", "--unique", "--name", "u", code=7,
                     err='document "a" has the key 1')

    def test_regular_expressions_that_go_back_for_ever(self):
        """Each has a budget of steps, 1,000,000 and 32 for each byte, whatever the pattern."""
        for pattern in ("(a|aa)+$", "(?R)", "((a|a)*)*$", "^(([a-z])+.)+[A-Z]([a-z])+$",
                        "(a*)*[^ab]"):
            self.refused("find", json.dumps({"x": {"$regex": pattern}}),
                         err="more than 1001312 steps on a text of 41 bytes")
        self.refused("find", '{"x":{"$regex":"(a|aa)+$"}}', err="tries too many ways")
        self.refused("remove", '{"x":{"$regex":"(a|aa)+$"}}', err="tries too many ways")
        self.refused("update", '{"x":{"$regex":"(a|aa)+$"}}', '{"$set":{"y":1}}',
                     err="tries too many ways")

    def test_lines_that_are_imported(self):
        lines = ['{"_id":"g1"}', '{"a":\\ud800}', '{"a":"\\ud800"}', '{"a":1', '{"_id":[]}',
                 "[" * DEEP, '{"_id":"g2"}']
        text = "\n".join(lines).encode() + b'\n{"a":"\xff"}\n{"_id":"g3"}\n'
        done = self.run_program("import", self.db, stdin=text)
        self.assertEqual(done.returncode, 0)
        for number, where in ((2, "byte 5"), (3, "byte 6: half of"), (4, "byte 6"),
                              (5, "_id is "), (6, "byte 128: more than 128 levels"),
                              (8, "byte 6: malformed UTF-8")):
            self.assertRegex(done.stderr.decode(), f"line {number}: .*{where}")
        self.assertIn(b"3 imported into main", done.stderr)
        self.assertEqual(self.ferric("keys", self.db).split(), ["a", "b", "g1", "g2", "g3"])


if __name__ == "__main__":
    program.main()
