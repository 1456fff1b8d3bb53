// SPDX-License-Identifier: Apache-2.0
// JSON through simdjson: the one C++ file. simdjson's first stage finds, many bytes at a time,
// where tokens begin, and checks UTF-8, quotes and control characters. The second stage is ours,
// because numbers have to keep their text and simdjson's refuses those beyond a double: it walks
// the tokens once, checks grammar, numbers and escapes, and copies each token to the minified text.
//
// 1. A string's index is that of its opening quote. Everything up to the next index is that token
//    and white space behind it, so a token is what is left when that space is cut off.
// 2. The minified text is never longer than the text: room is made once, tokens are copied blindly.
// 3. Members of the open objects stand on one stack, newest last; an object's own begin at its
//    level's first_member. When the object ends, earlier members of equal names are cut out of the
//    minified text and the stack shrinks again.
//
// Compiled without exceptions: simdjson reports by codes, allocates with nothrow new.
#include "doc/json.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>

#include <simdjson.h>

#include "doc/json_error.h"

extern "C" {
#include "base/buffer.h"
#include "base/checksum.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
}

namespace
{

using parser = simdjson::internal::dom_parser_implementation;

// A parser for more than this is given back after the call.
constexpr size_t kept_capacity_max = size_t{1} << 20;
// Of a member's name so many bytes are hashed; what is longer is told apart by comparing.
constexpr size_t hashed_size_max = 256;
// So many members of open objects need no memory from the heap.
constexpr size_t few_members = 16;
// Up to so many members are compared each with each, more are sorted.
constexpr size_t paired_count_max = 12;

// A member of an open object: where its name's literal begins in the minified text.
struct member {
    uint64_t hash;
    uint32_t begin;
    bool is_overwritten;
};

struct level {
    bool is_object;
    uint32_t begin;      // Of the level in the minified text.
    size_t first_member; // Of its members on the stack.
};

enum class expected { value, value_or_end, name, name_or_end, separator };

enum class verdict { good, bad, no_memory };

struct walker {
    const uint8_t *text;
    size_t size;
    const uint32_t *next; // Index of the next token.
    const uint32_t *last; // Behind the last one.
    uint8_t *out_begin;
    uint8_t *out;
    expected state = expected::value;
    size_t depth = 0;
    level levels[FE_JSON_DEPTH_MAX];
    member few[few_members];
    member *members = few;
    size_t member_count = 0;
    size_t member_capacity = few_members;
    ferric_buffer more = {nullptr, 0, 0}; // The members, when they are not few.

    verdict run();

  private:
    verdict token(size_t begin);
    verdict value(size_t begin);
    verdict name(size_t begin);
    verdict separator(uint8_t byte);
    verdict open(bool is_object);
    verdict close();
    bool scalar(size_t begin);
    bool string(const uint8_t *token, size_t token_size);
    bool make_room();
    verdict add_member(const uint8_t *literal, size_t literal_size);
    size_t token_size(size_t begin) const;
    void put(const uint8_t *data, size_t data_size);
    void put(uint8_t byte);
    ferric_slice name_at(const member &one) const;
    bool precedes(const member &a, const member &b) const;
    bool mark_pairs(member *first, size_t count) const;
    bool mark_sorted(member *first, size_t count) const;
    void cut_overwritten(const level &closed, const member *first, size_t count);
    void drop_duplicates(const level &closed);
};

bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

bool is_number(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *digits;
    if (at < end && *at == '-') at++;
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at > digits + 1)) return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits) return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits) return false;
    }
    return at == end;
}

int hex_digit(uint8_t byte)
{
    if (is_digit(byte)) return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// The value of four hexadecimal digits, -1 when they are not.
int hex_4(const uint8_t *at, const uint8_t *end)
{
    int code = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        code = code << 4 | digit;
    }
    return code;
}

// Checks the escape whose backslash is at `at`; returns the address behind it, or nullptr.
const uint8_t *check_escape(const uint8_t *at, const uint8_t *end)
{
    int code;
    if (end - at < 2) return nullptr;
    if (at[1] != 'u')
        return std::strchr("\"\\/bfnrt", at[1]) != nullptr && at[1] != 0 ? at + 2 : nullptr;
    code = hex_4(at + 2, end);
    if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return nullptr;
    if (code < 0xd800 || code > 0xdbff) return at + 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u') return nullptr;
    code = hex_4(at + 8, end);
    return code >= 0xdc00 && code <= 0xdfff ? at + 12 : nullptr;
}

bool check_escapes(const uint8_t *at, const uint8_t *end)
{
    while (at != nullptr && at < end) {
        at = static_cast<const uint8_t *>(std::memchr(at, '\\', static_cast<size_t>(end - at)));
        if (at == nullptr) return true;
        at = check_escape(at, end);
    }
    return at != nullptr;
}

// Equal for literals that mean the same text.
uint64_t hash_name(ferric_slice literal)
{
    const uint8_t *inside = fe_slice_bytes(literal) + 1;
    size_t size = literal.size - 2;
    uint8_t decoded[hashed_size_max];
    fe_json_string string;

    if (std::memchr(inside, '\\', size) == nullptr) {
        return fe_hash64(inside, std::min(size, hashed_size_max));
    }
    string = fe_json_string_of(literal);
    for (size = 0; size < hashed_size_max; size++) {
        int byte = fe_json_string_next(&string);
        if (byte < 0) break;
        decoded[size] = static_cast<uint8_t>(byte);
    }
    return fe_hash64(decoded, size);
}

// ---- Tokens ---------------------------------------------------------------------------------

void walker::put(const uint8_t *data, size_t data_size)
{
    std::memcpy(out, data, data_size);
    out += data_size;
}

void walker::put(uint8_t byte)
{
    *out++ = byte;
}

size_t walker::token_size(size_t begin) const
{
    size_t end = next < last ? *next : size;
    while (end > begin + 1 && is_space(text[end - 1]))
        end--;
    return end - begin;
}

bool walker::string(const uint8_t *token, size_t token_size)
{
    if (token_size < 2 || token[token_size - 1] != '"') return false;
    if (!check_escapes(token + 1, token + token_size - 1)) return false;
    put(token, token_size);
    return true;
}

bool walker::scalar(size_t begin)
{
    const uint8_t *token = text + begin;
    size_t token_bytes = token_size(begin);
    bool is_good;

    switch (*token) {
    case '"':
        return string(token, token_bytes);
    case 't':
        is_good = token_bytes == 4 && std::memcmp(token, "true", 4) == 0;
        break;
    case 'f':
        is_good = token_bytes == 5 && std::memcmp(token, "false", 5) == 0;
        break;
    case 'n':
        is_good = token_bytes == 4 && std::memcmp(token, "null", 4) == 0;
        break;
    default:
        is_good = is_number(token, token + token_bytes);
        break;
    }
    if (is_good) put(token, token_bytes);
    return is_good;
}

verdict walker::open(bool is_object)
{
    if (depth == FE_JSON_DEPTH_MAX && !FE_SEEDED_BUG(FE_BUG_DEPTH_NOT_CAPPED)) return verdict::bad;
    levels[depth].is_object = is_object;
    levels[depth].begin = static_cast<uint32_t>(out - out_begin);
    levels[depth].first_member = member_count;
    depth++;
    put(is_object ? '{' : '[');
    state = is_object ? expected::name_or_end : expected::value_or_end;
    return verdict::good;
}

verdict walker::close()
{
    const level &closed = levels[--depth];
    if (closed.is_object) drop_duplicates(closed);
    put(closed.is_object ? '}' : ']');
    state = expected::separator;
    return verdict::good;
}

verdict walker::value(size_t begin)
{
    if (text[begin] == '{' || text[begin] == '[') return open(text[begin] == '{');
    if (!scalar(begin)) return verdict::bad;
    state = expected::separator;
    return verdict::good;
}

// Doubles the room for members.
bool walker::make_room()
{
    size_t used = member_count * sizeof(member);
    bool were_few = members == few;

    more.size = were_few ? 0 : used;
    if (fe_buffer_reserve(&more, 2 * used) != FERRIC_OK) return false;
    if (were_few) std::memcpy(more.data, few, used);
    members = static_cast<member *>(more.data);
    member_capacity = 2 * member_count;
    return true;
}

verdict walker::add_member(const uint8_t *literal, size_t literal_size)
{
    if (member_count == member_capacity && !make_room()) return verdict::no_memory;
    members[member_count++] = {hash_name(fe_slice(literal, literal_size)),
                               static_cast<uint32_t>(literal - out_begin), false};
    return verdict::good;
}

verdict walker::name(size_t begin)
{
    const uint8_t *literal = out;
    if (text[begin] != '"' || !string(text + begin, token_size(begin))) return verdict::bad;
    if (next == last || text[*next] != ':') return verdict::bad;
    next++;
    state = expected::value;
    verdict added = add_member(literal, static_cast<size_t>(out - literal));
    put(':');
    return added;
}

verdict walker::separator(uint8_t byte)
{
    bool in_object = depth > 0 && levels[depth - 1].is_object;
    const uint8_t closer = in_object ? '}' : ']';
    if (depth == 0) return verdict::bad;
    if (byte == closer) return close();
    if (byte != ',') return verdict::bad;
    put(byte);
    state = in_object ? expected::name : expected::value;
    return verdict::good;
}

verdict walker::token(size_t begin)
{
    uint8_t byte = text[begin];
    switch (state) {
    case expected::value_or_end:
        return byte == ']' ? close() : value(begin);
    case expected::value:
        return value(begin);
    case expected::name_or_end:
        return byte == '}' ? close() : name(begin);
    case expected::name:
        return name(begin);
    default:
        return separator(byte);
    }
}

verdict walker::run()
{
    verdict found = verdict::good;
    while (found == verdict::good && next < last) {
        size_t begin = *next++;
        found = token(begin);
    }
    if (found == verdict::good && (depth > 0 || state != expected::separator)) found = verdict::bad;
    fe_buffer_deinit(&more);
    return found;
}

// ---- Members of equal names -----------------------------------------------------------------

ferric_slice walker::name_at(const member &one) const
{
    const uint8_t *begin = out_begin + one.begin;
    return fe_slice(begin, static_cast<size_t>(fe_json_value_end(begin, out) - begin));
}

// The order in which equal names stand together, the last of them last.
bool walker::precedes(const member &a, const member &b) const
{
    if (a.hash != b.hash) return a.hash < b.hash;
    int order = fe_json_string_compare(name_at(a), name_at(b));
    return order != 0 ? order < 0 : a.begin < b.begin;
}

bool walker::mark_pairs(member *first, size_t count) const
{
    bool found = false;
    for (size_t i = 0; i + 1 < count; i++) {
        for (size_t j = i + 1; j < count && !first[i].is_overwritten; j++) {
            first[i].is_overwritten =
                first[i].hash == first[j].hash &&
                fe_json_string_compare(name_at(first[i]), name_at(first[j])) == 0;
            found = found || first[i].is_overwritten;
        }
    }
    return found;
}

bool walker::mark_sorted(member *first, size_t count) const
{
    bool found = false;
    std::sort(first, first + count,
              [this](const member &a, const member &b) { return precedes(a, b); });
    for (size_t i = 0; i + 1 < count; i++) {
        first[i].is_overwritten =
            first[i].hash == first[i + 1].hash &&
            fe_json_string_compare(name_at(first[i]), name_at(first[i + 1])) == 0;
        found = found || first[i].is_overwritten;
    }
    std::sort(first, first + count,
              [](const member &a, const member &b) { return a.begin < b.begin; });
    return found;
}

// Moves the members that stay together. The last one always stays, so a ',' goes with each cut.
void walker::cut_overwritten(const level &closed, const member *first, size_t count)
{
    uint8_t *kept = out_begin + closed.begin + 1;
    for (size_t i = 0; i < count; i++) {
        uint8_t *begin = out_begin + first[i].begin;
        uint8_t *end = i + 1 < count ? out_begin + first[i + 1].begin : out;
        if (first[i].is_overwritten) continue;
        std::memmove(kept, begin, static_cast<size_t>(end - begin));
        kept += end - begin;
    }
    out = kept;
}

void walker::drop_duplicates(const level &closed)
{
    member *first = members + closed.first_member;
    size_t count = member_count - closed.first_member;
    bool found;

    if (count == 0) return;
    found = count <= paired_count_max ? mark_pairs(first, count) : mark_sorted(first, count);
    if (found) cut_overwritten(closed, first, count);
    member_count = closed.first_member;
}

// ---- The parser of a thread -----------------------------------------------------------------

thread_local std::unique_ptr<parser> thread_parser;

// Makes the thread's parser large enough for `size` bytes.
bool prepare_parser(size_t size)
{
    size_t capacity = 4096;
    while (capacity < size)
        capacity *= 2;
    if (thread_parser == nullptr) {
        return simdjson::get_active_implementation()->create_dom_parser_implementation(
                   capacity, 1, thread_parser) == simdjson::SUCCESS;
    }
    if (thread_parser->capacity() >= capacity) return true;
    if (thread_parser->allocate(capacity, 1) == simdjson::SUCCESS) return true;
    thread_parser.reset(); // Its capacity may be half changed.
    return false;
}

// Writes the minified text to `out`, which has room for text.size bytes.
verdict minify(ferric_slice text, uint8_t *out, size_t *size)
{
    walker walk;
    verdict found;
    simdjson::error_code code;

    if (!prepare_parser(text.size)) return verdict::no_memory;
    code = thread_parser->stage1(fe_slice_bytes(text), text.size, simdjson::stage1_mode::regular);
    if (code != simdjson::SUCCESS) return verdict::bad;
    walk.text = fe_slice_bytes(text);
    walk.size = text.size;
    walk.next = thread_parser->structural_indexes.get();
    walk.last = walk.next + thread_parser->n_structural_indexes;
    walk.out_begin = out;
    walk.out = out;
    found = walk.run();
    *size = static_cast<size_t>(walk.out - out);
    return found;
}

ferric_status refuse(ferric_slice text, size_t *error_offset)
{
    const char *reason = fe_json_find_error(text, error_offset);
    assert(reason != nullptr); // Both readers accept the same texts.
    return fe_fail(FERRIC_INVALID_ARGUMENT, "not JSON: byte %zu: %s", *error_offset,
                   reason == nullptr ? "malformed" : reason);
}

ferric_status check_size(ferric_slice text)
{
    if (text.size <= FERRIC_VALUE_SIZE_MAX) return FERRIC_OK;
    return fe_fail(FERRIC_TOO_LARGE, "a JSON text of %zu bytes is above the limit of %zu",
                   text.size, FERRIC_VALUE_SIZE_MAX);
}

// Minifies into room that was made.
ferric_status minify_into(ferric_slice text, uint8_t *out, size_t *size, size_t *error_offset)
{
    verdict found = text.size == 0 ? verdict::bad : minify(text, out, size);

    if (thread_parser != nullptr && thread_parser->capacity() > kept_capacity_max) {
        thread_parser.reset();
    }
    if (found == verdict::good) return FERRIC_OK;
    if (found == verdict::bad) return refuse(text, error_offset);
    return fe_fail(FERRIC_NO_MEMORY, "no memory to read a JSON text of %zu bytes", text.size);
}

} // namespace

extern "C" ferric_status fe_json_minify(ferric_slice text, ferric_buffer *minified,
                                        size_t *error_offset)
{
    size_t unused;
    size_t *offset = error_offset == nullptr ? &unused : error_offset;
    size_t size = 0;
    ferric_status status = check_size(text);

    *offset = 0;
    if (status == FERRIC_OK) status = fe_buffer_reserve(minified, text.size + 1);
    if (status != FERRIC_OK) return status;
    status =
        minify_into(text, static_cast<uint8_t *>(minified->data) + minified->size, &size, offset);
    if (status == FERRIC_OK) minified->size += size;
    return status;
}

extern "C" ferric_status fe_json_minify_kept(ferric_slice text, fe_arena *arena,
                                             ferric_slice *minified)
{
    size_t unused;
    size_t size = 0;
    ferric_status status = check_size(text);
    void *room = status == FERRIC_OK ? fe_arena_alloc(arena, text.size + 1) : nullptr;

    *minified = fe_slice(nullptr, 0);
    if (status != FERRIC_OK) return status;
    if (room == nullptr) return fe_no_memory("a JSON text", text.size + 1);
    status = minify_into(text, static_cast<uint8_t *>(room), &size, &unused);
    if (status == FERRIC_OK) *minified = fe_slice(room, size);
    return status;
}
