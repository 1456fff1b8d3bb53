#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that tools/tidy.py can fail: a good tree passes, and each bad file added to it is refused.

Each case is a name, a path, the file's text and the words tidy must answer with. An answer is
looked for on the bad file alone, so a case cannot pass because of another rule.
"""
import os
import subprocess
import sys
import tempfile

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "tidy.py")
OPENING = "// SPDX-License-Identifier: Apache-2.0\n// A file of the test.\n"

GOOD = {
    "include/ferric/ferric.h": OPENING + """#ifndef FERRIC_FERRIC_H
#define FERRIC_FERRIC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Opens.
int ferric_open(const char *path,
                size_t size);

/* Close. */
void ferric_close(void);
int ferric_close_now(int a,
                     int b);
int ferric_close_later(void);

#ifdef __cplusplus
}
#endif

#endif
""",
    "src/base/status.h": OPENING + """#ifndef FERRIC_BASE_STATUS_H
#define FERRIC_BASE_STATUS_H

#include <stdint.h>

typedef struct fe_status {
    uint8_t code; // "{" and '}' in comments and literals do not count {
} fe_status;

typedef int (*fe_call)(uint64_t value);

#endif
""",
    "src/base/status.c": OPENING + """#include "base/status.h"

#include <ferric/ferric.h>
#include <string.h>
#include <xxhash.h>

static const char *const names[] = {"{", "}"};

static int twice(int value)
{
    return 2 * value + (names[0][0] == '{');
}
""",
    "src/os/vfs.c": OPENING + "#include \"base/status.h\"\n#include <unistd.h>\n",
    "src/lsm/store.c": OPENING + "#include \"format/block.h\"\n#include \"os/vfs.h\"\n",
    "src/cli/main.c": OPENING + "#include \"server/resp.h\"\n#include <ferric/ferric.h>\n",
    "tests/unit/lsm/store_test.c": OPENING + "#include \"lsm/store.h\"\n#include <pthread.h>\n",
    "CMakeLists.txt": "add_subdirectory(src)\nadd_subdirectory(tests)\n",
    "src/CMakeLists.txt": "foreach(name base os lsm cli)\n",
    "src/base/CMakeLists.txt": "checksum.c status.c\n",
    "src/os/CMakeLists.txt": "vfs.c\n",
    "src/lsm/CMakeLists.txt": "store.c\n",
    "src/cli/CMakeLists.txt": "main.c\n",
    "tests/CMakeLists.txt": "unit/lsm\n",
    "tests/unit/lsm/CMakeLists.txt": "ferric_test(store_test store_test.c)\n",
    "docs/page.md": "| " + "a table row may be long " * 10 + "|\n",
}


def function(lines):
    return OPENING + "\nint long_one(void)\n{\n" + "    work();\n" * (lines - 3) + "}\n"


CASES = [
    ("a layer above", "src/base/a.c", OPENING + '#include "os/vfs.h"\n', "layer rule"),
    ("a layer beside", "src/os/a.c", OPENING + '#include "crypto/aead.h"\n', "layer rule"),
    ("api seen from doc", "src/doc/a.c", OPENING + '#include "api/x.h"\n', "layer rule"),
    ("a program inside the library", "src/cli/a.c", OPENING + '#include "lsm/store.h"\n',
     "layer rule"),
    ("a program folder listed later", "src/server/a.c", OPENING + '#include "cli/repl.h"\n',
     "layer rule"),
    ("a commented include hides nothing", "src/base/a.c",
     OPENING + '/* x */ #include "lsm/store.h"\n', "layer rule"),
    ("an include beside the file", "src/lsm/a.c", OPENING + '#include "store.h"\n', "from src/"),
    ("an unknown layer", "src/misc/a.c", OPENING, "layer table"),
    ("no layer", "src/a.c", OPENING, "layer table"),
    ("an example that looks inside", "examples/a.c", OPENING + '#include "lsm/store.h"\n',
     "ferric.h> only"),
    ("POSIX outside os", "src/lsm/a.c", OPENING + "#include <pthread.h>\n", "os, cli only"),
    ("sys/ outside os", "src/format/a.c", OPENING + "#include <sys/mman.h>\n", "os, cli only"),
    ("the clock outside os", "src/lsm/a.c", OPENING + "#include <time.h>\n", "os, cli only"),
    ("lz4 outside format", "src/lsm/a.c", OPENING + "#include <lz4.h>\n", "format only"),
    ("zstd outside format", "src/base/a.c", OPENING + "#include <zstd.h>\n", "format only"),
    ("simdjson elsewhere in doc", "src/doc/path.c", OPENING + "#include <simdjson.h>\n",
     "doc/json.cpp only"),
    ("OpenSSL outside crypto", "src/format/a.c", OPENING + "#include <openssl/evp.h>\n",
     "crypto only"),
    ("libevent outside server", "src/studio/a.c", OPENING + "#include <event2/event.h>\n",
     "server only"),
    ("libedit outside cli", "src/server/a.c", OPENING + "#include <histedit.h>\n", "cli only"),
    ("xxhash in lsm", "src/lsm/a.c", OPENING + "#include <xxhash.h>\n", "may be included by"),
    ("an unknown header", "src/lsm/a.c", OPENING + "#include <jansson.h>\n", "tidy's tables"),
    ("C11 threads", "src/os/a.c", OPENING + "#include <threads.h>\n", "tidy's tables"),
    ("malloc outside base/memory", "src/lsm/a.c", OPENING + "void f(void)\n{\n    malloc(1);\n}\n",
     "base/memory"),
    ("printing", "src/lsm/a.c", OPENING + "void f(void)\n{\n    printf(1);\n}\n", "never prints"),
    ("ending the process", "src/os/a.c", OPENING + "void f(void)\n{\n    abort();\n}\n",
     "not ours"),
    ("an attribute", "src/lsm/a.c", OPENING + "int f(void) __attribute__((cold));\n", "compiler.h"),
    ("a file name twice", "tests/support/store.c", OPENING, "same file name"),
    ("a long file", "src/lsm/a.c", OPENING + "int x;\n" * 1000, "1000 are allowed"),
    ("a longish file", "src/lsm/a.c", OPENING + "int x;\n" * 600, "needs a reason"),
    ("a long function", "src/lsm/a.c", function(71), "long_one has 71 lines"),
    ("unbalanced braces", "src/lsm/a.c", OPENING + "void f(void)\n{\n#if A\n    if (1) {\n#else\n"
     "    if (2) {\n#endif\n    }\n}\n", "do not balance"),
    ("no include guard", "src/lsm/a.h", OPENING + "int f(void);\n", "guard is FERRIC_LSM_A_H"),
    ("a wrong include guard", "src/lsm/a.h",
     OPENING + "#ifndef FERRIC_A_H\n#define FERRIC_A_H\n#endif\n", "guard is FERRIC_LSM_A_H"),
    ("pragma once", "src/lsm/a.h", OPENING + "#pragma once\n", "guard is FERRIC_LSM_A_H"),
    ("no SPDX line", "src/lsm/a.c", "// A purpose.\nint x;\n", "SPDX"),
    ("SPDX on the second line", "src/lsm/a.c", "// A purpose.\n" + OPENING, "SPDX"),
    ("no purpose", "src/lsm/a.c", OPENING.split("\n", maxsplit=1)[0] + "\n\n#include <stddef.h>\n",
     "sentence of purpose"),
    ("a script without purpose", "tools/a.sh",
     "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\nset -eu\n", "sentence of purpose"),
    ("a struct named _t", "src/lsm/a.c", OPENING + "struct a_t {\n    int x;\n};\n", "POSIX"),
    ("a typedef named _t", "src/lsm/a.c", OPENING + "typedef struct {\n    int x;\n} a_t;\n",
     "POSIX"),
    ("an alias named _t", "src/lsm/a.c", OPENING + "typedef unsigned a_t;\n", "POSIX"),
    ("a function type named _t", "src/lsm/a.c", OPENING + "typedef int (*a_t)(void);\n", "POSIX"),
    ("a note to self", "src/lsm/a.c", OPENING + "// TO" + "DO: later\n", "notes to self"),
    ("a note to self in a document", "docs/a.md", "FIX" + "ME\n", "notes to self"),
    ("a path of a machine", "docs/a.md", "see /ho" + "me/ann/notes\n", "somebody's machine"),
    ("a tab", "src/lsm/a.c", OPENING + "int\tx;\n", "a tab"),
    ("a long line", "src/lsm/a.c", OPENING + "// " + "x" * 98 + "\n", "101 columns"),
    ("a space at the end", "src/lsm/a.c", OPENING + "int x; \n", "space at the end"),
    ("no last newline", "src/lsm/a.c", OPENING + "int x;", "newline"),
    ("a public function without comment", "include/ferric/a.h", OPENING
     + "#ifndef FERRIC_A_H\n#define FERRIC_A_H\n\n// One.\nint one(void);\n\n"
     + "int two(int a,\n        int b);\n#endif\n", "a.h:9: a public function"),
    ("a second user of xxhash in base", "src/base/hash.c", OPENING + "#include <xxhash.h>\n",
     "one file of base/"),
    ("a source that no build has", "src/lsm/apply.c", OPENING, "it is not built"),
    ("a test that nothing runs", "tests/e2e/commands_test.py", "# " + OPENING[3:], "not built"),
    ("a folder that no build has", "tests/crash/CMakeLists.txt", "x\n", "it is not built"),
]


def run_tidy(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([sys.executable, TIDY, "--root", root], capture_output=True,
                              text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    passed = failed = 0
    good = dict(GOOD)
    good["src/base/checksum.c"] = good.pop("src/base/status.c")
    trees = [("a good tree is accepted", good, 0, "0 problems"),
             ("an empty tree is refused", {"x": ""}, 1, "0 files")]
    trees += [(name, {**good, path: text}, 1, words) for name, path, text, words in CASES]
    for name, files, code, words in trees:
        got, output = run_tidy(files)
        where = next((path for case, path, _, _ in CASES if case == name), "")
        if got == code and any(where in line and words in line for line in output.splitlines()):
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {name}: wanted exit {code} and {words!r}, got exit {got} and\n{output}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
