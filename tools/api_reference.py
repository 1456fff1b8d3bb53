#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the manual of the C API out of the public header: one page of section 3 for each function,
one for each type that the header explains, and an overview, ferric(3).

The header is the only source. What stands above a declaration is its page: the first sentence its
name line, the text behind "Errors:" its ERRORS, the members' comments the list of a type. So a
declaration that is not explained, or that this reader does not understand, is an error here.

Usage: api_reference.py HEADER FOLDER
"""
import os
import re
import shutil
import sys
import time

SECTION = re.compile(r"// ---- (.+?) -+$")
WORD = re.compile(r"(?:`[^`]*`|\S)+")
MARKED = re.compile(r"([(\[\"]*)(`[^`]+`|FERRIC_[A-Z][A-Z0-9_]*|ferric_[a-z0-9_]+|NULL)"
                    r"([.,;:)\]?!\"]*)")
STATUS = re.compile(r"\bFERRIC_[A-Z_]+\b")
SENTENCE_END = re.compile(r"(?<=[a-z0-9)\"`A-Z]{2}[.?!]) +(?=[A-Z`(\"\[*])")
HANDLES = ("ferric_db", "ferric_keyspace", "ferric_snapshot", "ferric_iterator")


class Declaration:
    """One statement of the header with the comment it has, or shares with its neighbours."""

    def __init__(self, code, comment, section):
        self.code, self.comment, self.section = code, comment, section
        self.flat = " ".join(re.sub(r"//[^\n]*", "", code).split())
        function = re.fullmatch(r"(.*?)(ferric_\w+)\((.*)\);", self.flat)
        callback = re.search(r"\(\*(\w+)\)", self.flat)
        self.is_function = function is not None and not self.flat.startswith("typedef")
        if self.is_function:
            self.result, self.name = function.group(1).strip(), function.group(2)
            self.arguments = [a.strip() for a in function.group(3).split(",")]
        elif callback and "{" not in self.flat:
            self.name = callback.group(1)
        else:
            self.name = re.search(r"(\w+);$", self.flat).group(1)
        self.is_opaque = re.fullmatch(r"typedef struct (\w+) \1;", self.flat) is not None
        text, _, errors = comment.partition("Errors:")
        self.text = text.strip()
        self.errors = " ".join(errors.split())

    def members(self):
        """(code, comment) of each member of a struct or enum; comments stand above or behind."""
        found, above = [], []
        for line in self.code.split("\n")[1:-1]:
            code, _, comment = (part.strip() for part in line.partition("//"))
            if not code:
                above.append(comment)
            elif ";" in code or "," in code:
                found.append((code.rstrip(";,"), " ".join(above + [comment]).strip()))
                above = []
            else:
                raise SystemExit(f"{self.name}: a member that is not one line: {line}")
        return found


# ---- Reading --------------------------------------------------------------------------------

def uncomment(lines):
    return "\n".join(line.strip()[2:].removeprefix(" ") for line in lines)


def read_statement(lines, start):
    """The lines of the statement that begins at `start`, which may have a body in braces."""
    end, depth = start, 0
    while True:
        code = lines[end].partition("//")[0]
        depth += code.count("{") - code.count("}")
        end += 1
        if depth == 0 and code.rstrip().endswith(";"):
            return end


def skip_directive(lines, at):
    while lines[at].endswith("\\"):
        at += 1
    return at + 1


class Header:
    """The opening comment, the prose and declarations of each section, and the constants."""

    def __init__(self, text):
        lines = text.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith("#ifndef"))
        self.opening = uncomment(lines[1:at])
        self.sections, self.declarations, self.constants, self.initialisers = {}, [], [], {}
        section, comment = "", []
        while at < len(lines):
            line, after = lines[at], at + 1
            if SECTION.match(line):
                section, comment = SECTION.match(line).group(1), []
                while lines[after].startswith("//"):
                    after += 1
                self.sections[section] = uncomment(lines[at + 1:after]).strip()
            elif line.startswith("//"):
                comment.append(line)
            elif line.startswith("#"):
                after = skip_directive(lines, at)
                self.take_constant(line, uncomment(comment))
            elif line.startswith(("extern", "}")) or not line.strip():
                comment = []
            else:
                after = read_statement(lines, at)
                code = "\n".join(lines[at:after])
                self.declarations.append(Declaration(code, uncomment(comment), section))
            at = after
        self.check()

    def take_constant(self, line, comment):
        constant = re.fullmatch(r"#define (FERRIC_\w+) +([^\\{]+)", line)
        if constant:
            self.constants.append((constant.group(1), constant.group(2).strip(), comment))
        initialiser = re.match(r"#define (FERRIC_\w+)_INIT\b", line)
        if initialiser:
            self.initialisers[initialiser.group(1).lower()] = initialiser.group(1) + "_INIT"

    def check(self):
        for each in self.declarations:
            if not each.is_opaque and not each.text:
                raise SystemExit(f"{each.name} is not explained")
        if not any(each.is_function for each in self.declarations):
            raise SystemExit("no function found")

    def find(self, name):
        return next((each for each in self.declarations if each.name == name), None)

    def pages(self):
        """Lists of declarations that share a page: those with one comment, or alone."""
        pages = []
        for each in self.declarations:
            if each.is_opaque:
                continue
            last = pages[-1][-1] if pages else None
            if last and each.is_function and last.is_function and last.comment == each.comment:
                pages[-1].append(each)
            else:
                pages.append([each])
        return pages

    def statuses(self):
        return dict((code.split(" ")[0], comment)
                    for code, comment in self.find("ferric_status").members())


# ---- mdoc -----------------------------------------------------------------------------------

def quoted(text):
    text = text.replace("\\", "\\e").replace('"', "\\(dq")
    return f'"{text}"' if " " in text or not text else text


class Page:
    """The mdoc source of one page. `pages` are the names that have a page, to refer to."""

    def __init__(self, header, names, about):
        self.names, self.lines, self.about = names, [], about
        self.known = {each.name: page[0].name for page in header.pages() for each in page}
        self.references = set()

    def add(self, *lines):
        self.lines += lines

    def open(self, version, date):
        self.add('.\\" Made by tools/api_reference.py from ferric/ferric.h.', f".Dd {date}",
                 f".Dt {self.names[0].upper()} 3", f'.Os "Ferric {version}"', ".Sh NAME")
        self.add(*(f".Nm {name} ," for name in self.names[:-1]), f".Nm {self.names[-1]}")
        self.add(f".Nd {self.about}")

    def marked(self, match):
        """The macro line for a name in the text."""
        before, word, after = match.groups()
        if word.startswith("ferric_") and word in self.known:
            self.references.add(word)
        if word[0] == "`":
            macro, word = "Fa", word[1:-1]
        else:
            macro = "Vt" if word in HANDLES else "Dv" if word[0] in "FN" else "Nm"
        return " ".join([f".{macro}", *map(quoted, before), quoted(word), *map(quoted, after)])

    def prose(self, text):
        """One paragraph, a sentence on a line, names as macros."""
        for sentence in SENTENCE_END.split(" ".join(text.split())):
            line = ""
            for word in WORD.findall(sentence):
                match = MARKED.fullmatch(word)
                if match:
                    self.text_line(line)
                    self.add(self.marked(match))
                    line = ""
                elif len(line) + len(word) > 78:
                    self.text_line(line)
                    line = word
                else:
                    line = f"{line} {word}".strip()
            self.text_line(line)

    def text_line(self, line):
        line = line.replace("`", "").replace("\\", "\\e")
        if line:
            self.add("\\&" + line if line[0] in ".'" else line)

    def paragraphs(self, text):
        """Text with empty lines between paragraphs and lists of "- " items."""
        blocks = [b for b in re.split(r"\n\s*\n|\n(?=- )", text.strip()) if b.strip()]
        in_list = False
        for number, block in enumerate(blocks):
            if block.startswith("- ") != in_list:
                in_list = not in_list
                self.add(".Bl -bullet" if in_list else ".El")
            if in_list:
                self.add(".It")
            elif number:
                self.add(".Pp")
            self.prose(block.removeprefix("- "))
        if in_list:
            self.add(".El")

    def close(self, more=()):
        others = sorted(({self.known[n] for n in self.references} | set(more)) - set(self.names))
        if others:
            self.add(".Sh SEE ALSO")
            self.add(*(f".Xr {name} 3 ," for name in others[:-1]), f".Xr {others[-1]} 3")
        return "\n".join(self.lines) + "\n"


def name_line(text):
    """The first sentence of a comment as the line behind the name."""
    text = re.sub(r" ?\([^)]*\)", "", " ".join(text.split()))
    text = re.split(r"[.;:](?: |$)", text.replace("`", ""))[0]
    return text[0].lower() + text[1:] if not re.match("[A-Z]{2}", text) else text


# ---- Pages ----------------------------------------------------------------------------------

class Manual:
    """All pages of one header."""

    def __init__(self, header, version, date):
        self.header, self.version, self.date = header, version, date
        self.statuses = header.statuses()

    def begin(self, names, about):
        page = Page(self.header, names, about)
        page.open(self.version, self.date)
        page.add(".Sh LIBRARY", "libferric, -lferric", ".Sh SYNOPSIS", ".In ferric/ferric.h")
        return page

    def types_of(self, code):
        return {name for name in re.findall(r"\bferric_\w+", code)
                if self.header.find(name) and not self.header.find(name).is_opaque}

    def statuses_of(self, declaration, seen=()):
        """The statuses that its ERRORS name, also by "as" another function."""
        found = {name for name in STATUS.findall(declaration.errors) if name in self.statuses}
        for name in re.findall(r"as\s+(ferric_\w+)", declaration.errors):
            other = self.header.find(name)
            if other is None:
                raise SystemExit(f"{declaration.name} refers to {name}, which is not there")
            if name not in seen:
                found |= self.statuses_of(other, (*seen, declaration.name))
        return found - {"FERRIC_OK"}

    def function_page(self, group):
        first = group[0]
        page = self.begin([each.name for each in group], name_line(first.text))
        types = set()
        for each in group:
            page.add(f".Ft {quoted(each.result)}", f".Fo {each.name}")
            page.add(*(f".Fa {quoted(argument)}" for argument in each.arguments), ".Fc")
            types |= self.types_of(each.flat)
        page.add(".Sh DESCRIPTION")
        page.paragraphs(first.text)
        if first.result == "ferric_status":
            self.errors(page, first)
        return page.close((types | {"ferric"}) - {each.name for each in group})

    def errors(self, page, declaration):
        page.add(".Sh RETURN VALUES", ".Dv FERRIC_OK", "when it was done, else another")
        page.add(".Vt ferric_status ;", ".Nm ferric_error_message", "then tells why.")
        page.references.add("ferric_error_message")
        page.add(".Sh ERRORS")
        if declaration.errors:
            page.prose(declaration.errors)
        else:
            page.add("No error of its own.")
        if any(re.search(rf"\b{handle} \*\w", declaration.flat) for handle in HANDLES):
            page.add("As every call with a handle it may answer", ".Dv FERRIC_CLOSED ,",
                     ".Dv FERRIC_FORKED", "or", ".Dv FERRIC_INVALID_ARGUMENT .")
        named = sorted(self.statuses_of(declaration), key=list(self.statuses).index)
        if named:
            page.add(".Pp", "What they mean:", ".Bl -tag -width Ds")
            for name in named:
                page.add(f".It Dv {name}")
                page.prose(self.statuses[name])
            page.add(".El")

    def type_page(self, declaration):
        page = self.begin([declaration.name], name_line(declaration.text))
        code = re.sub(r" *//[^\n]*", "", declaration.code)
        page.add(".Bd -literal", *(line.replace("\\", "\\e")
                                   for line in code.split("\n") if line.strip()), ".Ed")
        page.add(".Sh DESCRIPTION")
        page.paragraphs(declaration.text)
        if declaration.name in self.header.initialisers:
            page.add("Start from", f".Dv {self.header.initialisers[declaration.name]} .")
        if "{" in declaration.flat:
            self.members(page, declaration)
        if declaration.name == "ferric_options":
            self.environment(page, declaration)
        users = {each.name for each in self.header.declarations
                 if each.is_function and re.search(rf"\b{declaration.name}\b", each.flat)}
        if declaration.name == "ferric_status":
            users = {"ferric_error_message", "ferric_status_name"}
        types = self.types_of(declaration.flat) - {declaration.name}
        return page.close({page.known[name] for name in users} | types | {"ferric"})

    @staticmethod
    def members(page, declaration):
        page.add(".Bl -tag -width Ds")
        for code, comment in declaration.members():
            constant = re.fullmatch(r"(FERRIC_\w+) = (.+)", code)
            if constant:
                page.add(f".It Dv {constant.group(1)} No = {constant.group(2)}")
            else:
                page.add(f".It {quoted(code)}")
            page.prose(comment)
        page.add(".El")

    @staticmethod
    def environment(page, declaration):
        page.add(".Sh ENVIRONMENT", ".Nm ferric_options_from_env",
                 "reads, and nothing else in the library does:", ".Bl -tag -width Ds")
        page.references.add("ferric_options_from_env")
        for code, _ in declaration.members():
            kind, name = code.rsplit(" ", 1)
            is_text = "*" not in code and not kind.endswith(("_callback", "_key"))
            if name != "struct_size" and is_text:
                page.add(f".It Ev FERRIC_{name.upper()}", f"Sets {name}.")
        page.add(".El")

    def overview(self):
        sentence, _, rest = self.header.opening.partition("\n")
        page = self.begin(["ferric"], sentence.removeprefix("Ferric: ").split(". ")[0])
        page.add(".Sh DESCRIPTION")
        page.paragraphs(sentence + "\n" + rest)
        for section, text in self.header.sections.items():
            page.add(f".Ss {section}")
            if text:
                page.paragraphs(text)
            page.add(".Bl -tag -width Ds")
            for group in self.header.pages():
                if group[0].section == section:
                    for each in group:
                        page.add(f".It Xr {each.name} 3")
                    page.prose(name_line(group[0].text) + ".")
            page.add(".El")
        page.add(".Ss Constants", ".Bl -tag -width Ds")
        explained = ""
        for name, value, comment in self.header.constants:
            page.add(f".It Dv {name} No = {value}")
            if comment != explained:
                page.prose(comment)  # Neighbours share one.
            explained = comment
        page.add(".El")
        page.references.clear()  # Every page is named above.
        return page.close({"ferric_open", "ferric_options", "ferric_status"})

    def all(self):
        """(file names, text) of each page: the first is the file, others are links to it."""
        yield ["ferric.3"], self.overview()
        for group in self.header.pages():
            text = self.function_page(group) if group[0].is_function else self.type_page(group[0])
            yield [f"{each.name}.3" for each in group], text


def read_header(path):
    """The header, with the parts of it that stand in other files where those are included."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r"^#include <ferric/(\w+\.h)>$", text, re.M):
        part = os.path.join(os.path.dirname(path), name)
        with open(part, encoding="utf-8") as file:
            lines = file.read().split("\n")
        # Its own opening, guards and includes are those of a file, not of the manual.
        begin = next(i for i, line in enumerate(lines)
                     if line.startswith(("typedef", "// ----")))
        text += "\n".join(line for line in lines[begin:] if not line.startswith("#include"))
    return text


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    text = read_header(sys.argv[1])
    # A repeatable build says which day it is.
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH", os.path.getmtime(sys.argv[1])))
    date = time.strftime("%B %d, %Y", time.gmtime(seconds)).replace(" 0", " ")
    version = ".".join(re.search(rf"VERSION_{part} (\d+)", text).group(1)
                       for part in ("MAJOR", "MINOR", "PATCH"))
    folder = sys.argv[2]
    shutil.rmtree(folder, ignore_errors=True)  # What the header no longer has goes.
    os.makedirs(folder)
    for names, page in Manual(Header(text), version, date).all():
        with open(os.path.join(folder, names[0]), "w", encoding="utf-8") as file:
            file.write(page)
        for name in names[1:]:
            os.symlink(names[0], os.path.join(folder, name))


if __name__ == "__main__":
    main()
