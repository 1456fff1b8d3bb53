#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the rules of the house that no compiler knows; run by CTest and ./check.

The rules stand in tables at the top, so that a reader learns them here and a change to one is a
change of one line. Needs only Python's standard library. `tidy.py --root DIR` checks another tree,
which is how tests/tidy proves that each rule can fail.
"""
import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import seeded_table  # pylint: disable=wrong-import-position

# ---- Layers ------------------------------------------------------------------------------------
# A folder of src/ includes itself, the folders named here, and <ferric/ferric.h>.
LAYERS = {
    "base": (),
    "os": ("base",),
    "crypto": ("base",),
    "format": ("base", "os", "crypto"),
    "lsm": ("base", "os", "crypto", "format"),
    "txn": ("base", "os", "crypto", "format", "lsm"),
    "doc": ("base", "os", "crypto", "format", "lsm", "txn"),
    "api": ("base", "os", "crypto", "format", "lsm", "txn", "doc"),
    "server": ("base", "os"),
    "studio": ("base", "os", "server"),
    "cli": ("base", "os", "server", "studio"),
}
LIBRARY = ("base", "os", "crypto", "format", "lsm", "txn", "doc", "api")

# ---- Headers of others -------------------------------------------------------------------------
# Plain C17, free for all. Missing on purpose: <threads.h>, <setjmp.h>, <locale.h>; and <errno.h>,
# <signal.h>, <time.h>, which belong to os/ like the rest of the machine.
C_HEADERS = set(
    "assert ctype float inttypes limits math stdalign stdarg stdatomic stdbool stddef stdint stdio "
    "stdlib stdnoreturn string".split())
MACHINE_HEADERS = (
    r"(errno|signal|time|unistd|fcntl|pthread|sched|dirent|poll|dlfcn|termios|pwd|grp|getopt|glob|"
    r"fnmatch|libgen|spawn|semaphore|syslog|ftw|endian|malloc|locale|langinfo|wchar|wctype|netdb|"
    r"strings)"
    r"\.h|(sys|linux|netinet|arpa|net|mach|asm)/.*")
# (header, folders or files of src/ that may include it)
THIRD_PARTY = (
    (r"sys/auxv\.h", ("base/checksum_arm.c",)),
    (r"malloc\.h", ("base/memory.c", "cli")),  # How large a block is that is to be overwritten.
    (MACHINE_HEADERS, ("os", "cli")),
    (r"liburing(/.*)?\.h", ("os",)),
    (r"(x86intrin|immintrin|[a-z]mmintrin|cpuid|arm_acle|arm_neon)\.h",
     ("base", "crypto", "format")),
    (r"xxhash\.h", ("format", "base/checksum.c", "base/checksum.h", "base/hash.c", "base/hash.h")),
    (r"lz4(hc|frame)?\.h", ("format",)),
    (r"(zstd|zdict|zstd_errors)\.h", ("format",)),
    (r"simdjson\.h", ("doc/json.cpp",)),
    (r"pcre2\.h", ("doc",)),
    (r"openssl/.*", ("crypto",)),
    (r"argon2\.h", ("crypto",)),
    (r"event2/.*", ("server",)),
    (r"histedit\.h|editline/.*", ("cli",)),
    (r"zlib\.h", ("cli",)),
    (r"ferric/studio\.h", ("studio", "cli")),
)
# Only one file of base/ may know xxHash, whichever it is called.
ONE_FILE_OF_BASE = r"xxhash\.h"
# C++ headers, free for the one C++ file.
CPP_FILES = ("doc/json.cpp",)

# ---- Calls -------------------------------------------------------------------------------------
# (what may not be called in libferric, files that may all the same, why)
CALLS = (
    (r"malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|strndup|asprintf|vasprintf",
     ("base/memory.c",), "allocation goes through base/memory"),
    (r"printf|puts|putchar|perror|vprintf|fprintf|fputs|fopen", (), "the library never prints"),
    (r"abort|exit|_exit|quick_exit", (), "the process is not ours to end"),
    (r"strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|atof|rand|srand", (),
     "there is a bounded or re-entrant way"),
)

# ---- Sizes -------------------------------------------------------------------------------------
FILE_LINES_WARN = 600
FILE_LINES_MAX = 1000
# The header is what a caller reads: one file, whatever the library can do.
PUBLIC_HEADER = "include/ferric/ferric.h"
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
PROSE_COLUMNS_MAX = 140
# Files between the two limits, each with the reason why it is still one idea.
LONG_FILES = {
    PUBLIC_HEADER: "what keys and values need of the public API, and most of it is its contract",
    "src/format/table_builder.c": "the sections of a table in their order, a few lines for each",
    "src/lsm/table_iterator.c": "one iterator's moves, each at once or put off",
    "src/lsm/repair.c": "the steps of a repair in their order, over one state",
}
# "path:function" for functions over the limit, each with the reason (a parser's switch).
LONG_FUNCTIONS = {}

# ---- Texts -------------------------------------------------------------------------------------
C_FILES = (".c", ".h", ".cpp")
SOURCE_FILES = C_FILES + (".py", ".sh", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".css")
PROSE_FILES = (".md", ".scd")
TEXT_FILES = SOURCE_FILES + PROSE_FILES + (
    ".txt", ".cmake", ".in", ".json", ".toml", ".map", ".yml")
SKIPPED_FOLDERS = {"build", "node_modules", "dist", "__pycache__", "corpus", "vectors"}
SPDX = "SPDX-License-Identifier: Apache-2.0"
FORBIDDEN = (
    (re.compile(r"\b(TO" r"DO|FIX" r"ME)\b"), "finish it or file it: no notes to self in the tree"),
    (re.compile(r"(?<![\w.~$}])/(work|home|root|Users)/\w"), "a path of somebody's machine"),
)

problems = []
warnings = []


def fail(path, line, message):
    problems.append(f"{path}:{line}: {message}")


def list_files(root):
    """Paths of the tree, relative: what git tracks or would track, else everything."""
    if os.path.exists(os.path.join(root, ".git")):
        command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        try:
            tracked = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        except (OSError, subprocess.CalledProcessError):
            tracked = ""  # No git here, or the tree is somebody else's.
        if tracked:
            names = sorted(set(tracked.split("\0")) - {""})
            return [n for n in names if os.path.isfile(os.path.join(root, n))
                    and not SKIPPED_FOLDERS & set(n.split("/")[:-1])]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and f != ".git")
        found += [os.path.relpath(os.path.join(folder, n), root) for n in sorted(names)]
    return found


# ---- Reading C ---------------------------------------------------------------------------------
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m) if m.group()[0] == "/" else m.group(), text)


def code_only(text):
    """The text without comments, literals and preprocessor lines; every line stays in its place."""
    text = TOKEN.sub(
        lambda m: blank(m) if m.group()[0] == "/" else '""'.ljust(len(m.group())), text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", blank, text, flags=re.M)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def functions_of(code):
    """Yields (name, first line, lines) of each function, and None if braces do not balance."""
    transparent = re.compile(r'(extern\s*""|namespace(\s+\w+)?)\s*$')
    depth, start, head, skipped = 0, 0, "", []
    for match in re.finditer(r"[{};]", code):
        mark, here = match.group(), match.start()
        if mark == "{":
            if depth == 0:
                head = code[start:here]
                if transparent.search(head):
                    skipped.append("{")
                    start = here + 1
                    continue
                begin = start + len(head) - len(head.lstrip())
            depth += 1
        elif mark == "}":
            if depth == 0:
                if not skipped:
                    yield None
                    return
                skipped.pop()
                start = here + 1
                continue
            depth -= 1
            if depth == 0:
                name = re.search(r"(\w+)\s*\(", head)
                if name and "=" not in head.split("(")[0] and re.search(r"\)[\s\w]*$", head):
                    first = line_of(code, begin)
                    yield name.group(1), first, line_of(code, here) - first + 1
                if not re.match(r"\s*(typedef|struct|enum|union|static\s+const)\b", head) or (
                        name and re.search(r"\)[\s\w]*$", head)):
                    start = here + 1
        elif depth == 0:
            start = here + 1
    if depth != 0 or skipped:
        yield None


# ---- Rules -------------------------------------------------------------------------------------
def place_of(path):
    """("lsm", "lsm/store.c") for src/lsm/store.c; (None, None) outside src/."""
    parts = path.split("/")
    if parts[0] != "src":
        return None, None
    return (parts[1] if len(parts) > 2 else ""), "/".join(parts[1:])


def check_includes(path, text, base_users):
    folder, place = place_of(path)
    if folder is not None and folder not in LAYERS:
        fail(path, 1, "a source stands in one of the folders of the layer table")
        return
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"\n]+)[>"]',
                             without_comments(text), re.M):
        line, quote, name = line_of(text, match.start()), match.group(1), match.group(2)
        if quote == '"':
            check_own_include(path, line, folder, name)
        elif folder is not None:
            check_foreign_include(path, line, folder, place, name, base_users)


def check_own_include(path, line, folder, name):
    top = name.split("/")[0]
    if path.split("/")[0] in ("examples", "include"):
        fail(path, line, f'"{name}": a public header and an example know <ferric/ferric.h> only')
    elif folder is None:
        return
    elif "/" not in name or top == "..":
        fail(path, line, f'"{name}": includes are written from src/, as "base/status.h"')
    elif top != folder and top not in LAYERS[folder]:
        fail(path, line, f'"{name}": {folder}/ may not know {top}/ (layer rule)')


def check_foreign_include(path, line, folder, place, name, base_users):
    if name == "ferric/ferric.h" or name[:-2] in C_HEADERS:
        return
    if place in CPP_FILES and re.fullmatch(r"\w+", name):
        return
    for pattern, allowed in THIRD_PARTY:
        if re.fullmatch(pattern, name):
            if folder not in allowed and place not in allowed:
                fail(path, line, f"<{name}> may be included by {', '.join(allowed)} only")
            if folder == "base" and re.fullmatch(ONE_FILE_OF_BASE, name):
                base_users.append(path)
            return
    fail(path, line, f"<{name}> is not in tidy's tables: which folder may include it?")


def check_calls(path, code):
    folder, place = place_of(path)
    if folder in LIBRARY:
        for pattern, allowed, why in CALLS:
            for match in re.finditer(rf"(?<![\w.>])({pattern})\s*\(", code):
                if place not in allowed:
                    fail(path, line_of(code, match.start()), f"{match.group(1)}(): {why}")
    if folder is not None and place != "base/compiler.h":
        for match in re.finditer(r"__attribute__|\[\[", code):
            fail(path, line_of(code, match.start()), "attributes stand in base/compiler.h")


def check_guard(path, text):
    parts = path.split("/")
    words = [parts[-1]] if parts[0] == "include" else [parts[-2], parts[-1]]
    guard = "FERRIC_" + re.sub(r"[^A-Za-z0-9]", "_", "_".join(words)).upper()
    directives = re.findall(r"^[ \t]*#[ \t]*(\w+)[ \t]*(\w*)", without_comments(text), re.M)
    if directives[:2] != [("ifndef", guard), ("define", guard)] or directives[-1][0] != "endif":
        fail(path, 1, f"the include guard is {guard}")


def check_types(path, code):
    for match in re.finditer(r"\b(?:struct|union|enum)\s+(\w+_t)\b|\}\s*(\w+_t)\s*;"
                             r"|\btypedef\b[^;{]*?\b(\w+_t)\s*;"
                             r"|\btypedef\b[^;]*?\(\s*\*\s*(\w+_t)\s*\)", code):
        name = next(group for group in match.groups() if group)
        fail(path, line_of(code, match.start()), f"{name}: names that end in _t belong to POSIX")


def check_functions(path, code, sizes):
    for found in functions_of(code):
        if found is None:
            fail(path, 1, "braces do not balance: keep #if around whole statements")
            return
        name, line, lines = found
        sizes.append(lines)
        listed = f"{path}:{name}" in LONG_FUNCTIONS
        if lines > FUNCTION_LINES_MAX and not listed:
            fail(path, line, f"{name} has {lines} lines, {FUNCTION_LINES_MAX} are allowed")
        if lines <= FUNCTION_LINES_MAX and listed:
            fail(path, line, f"{name} is short again: take it off tidy's list")


def check_public_header(path, text):
    """A public function has a comment right above it, or shares one with those it stands among."""
    lines = text.splitlines()
    code = re.sub(r'extern\s*""\s*\{', blank, code_only(text))
    last_explained = 0  # The last line of the previous prototype that has or shares a comment.
    for match in re.finditer(r"[^;{}]*\)\s*;", code):
        statement = match.group()
        begin = match.start() + len(statement) - len(statement.lstrip())
        if code[:begin].count("{") > code[:begin].count("}") or "typedef" in statement:
            continue
        line = line_of(text, begin)
        above = lines[line - 2].strip() if line > 1 else ""
        if above.startswith("//") or above.endswith("*/") or last_explained == line - 1:
            last_explained = line_of(text, match.end())
        else:
            fail(path, line, "a public function has a comment right above it")


def check_opening(path, text):
    lines = text.splitlines()
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or SPDX not in lines[first]:
        fail(path, first + 1, f"the first line says {SPDX}")
        return
    for number, line in enumerate(lines[first + 1:], first + 2):
        if line.strip():
            if not re.match(r'\s*(//|/\*|#(?!\s*(include|if|define|pragma))|""").*\w', line):
                fail(path, number, "a file opens with a sentence of purpose, as a comment")
            return
    fail(path, 1, "an empty file")


def check_lines(path, text, size_limited):
    limit = PROSE_COLUMNS_MAX if path.endswith(PROSE_FILES) else LINE_COLUMNS_MAX
    if not text.endswith("\n"):
        fail(path, line_of(text, len(text)), "the last line ends with a newline")
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line:
            fail(path, number, "a tab")
        if line != line.rstrip():
            fail(path, number, "space at the end of the line")
        exempt = "://" in line or (path.endswith(PROSE_FILES) and line.startswith("|"))
        if size_limited and len(line) > limit and not exempt:
            fail(path, number, f"{len(line)} columns, {limit} are allowed")
        for pattern, why in FORBIDDEN:
            if pattern.search(line):
                fail(path, number, why)


def check_file_size(path, text):
    count = text.count("\n")
    if count > FILE_LINES_MAX and path != PUBLIC_HEADER:
        fail(path, count, f"{count} lines, {FILE_LINES_MAX} are allowed: find the second idea")
    elif count > FILE_LINES_WARN and path in LONG_FILES:
        warnings.append(f"{path}: {count} lines: {LONG_FILES[path]}")
    elif count > FILE_LINES_WARN:
        fail(path, count, f"{count} lines: over {FILE_LINES_WARN} needs a reason in LONG_FILES")


def check_unique_names(paths):
    seen = {}
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        if name in seen:
            fail(path, 1, f"{seen[name]} has the same file name")
        seen[name] = path


def check_built(texts):
    """A source, a test and a folder of the build are named beside them or above, else none runs."""
    known = {}
    for path, text in texts.items():
        if path.endswith(("CMakeLists.txt", ".sh")):
            folder = os.path.dirname(path)
            known[folder] = known.get(folder, set()) | set(re.findall(r"[\w.-]+", text))
    for path in texts:
        folder, name = os.path.split(path)
        stem = os.path.splitext(name)[0]
        if name == "CMakeLists.txt" and folder:
            folder, stem = os.path.split(folder)
        elif not path.endswith((".c", ".cpp", "_test.py")):
            continue
        names = {name, stem, stem.removesuffix("_test")} - {"CMakeLists.txt"}
        while not names & known.get(folder, set()):
            if not folder:
                fail(path, 1, "no CMakeLists.txt or script here or above names it: it is not built")
                break
            folder = os.path.dirname(folder)


def check_c(path, text, sizes, base_users):
    code = code_only(text)
    check_includes(path, text, base_users)
    check_calls(path, code)
    check_types(path, code)
    where = "src" if path.startswith("src/") else "other"
    check_functions(path, code, sizes.setdefault(where, []))
    check_file_size(path, text)
    if path.endswith(".h"):
        check_guard(path, text)
    if path.startswith("include/"):
        check_public_header(path, text)


def check_tree(root):
    sizes, base_users, texts = {}, [], {}
    paths = [p for p in list_files(root)
             if p.endswith(TEXT_FILES) or p in ("check", "demo", ".ci/run", "LICENSE")]
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = texts[path] = file.read()
        is_source = path.endswith(SOURCE_FILES) or path in ("check", "demo", ".ci/run")
        check_lines(path, text, is_source or path.endswith(PROSE_FILES))
        if is_source:
            check_opening(path, text)
        if path.endswith(C_FILES):
            check_c(path, text, sizes, base_users)
    check_built(texts)
    for path, line, message in seeded_table.check(texts):
        fail(path, line, message)
    check_unique_names([p for p in paths if p.endswith(C_FILES)])
    for path in base_users[1:]:
        fail(path, 1, f"xxHash is already included by {base_users[0]}: one file of base/ may")
    return paths, sizes


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--root", default=home, help="the tree to check")
    paths, sizes = check_tree(parser.parse_args().root)
    for line in warnings:
        print(f"warning: {line}")
    for line in problems:
        print(line)
    for where, values in sorted(sizes.items(), reverse=True):
        if values:
            print(f"functions in {where}: {len(values)}, median {percentile(values, 0.5)} lines, "
                  f"95th percentile {percentile(values, 0.95)}, longest {max(values)}")
    print(f"tidy: {len(paths)} files, {len(problems)} problems")
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
