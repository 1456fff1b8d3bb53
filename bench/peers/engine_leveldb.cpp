// SPDX-License-Identifier: Apache-2.0
// LevelDB through its C++ interface: the C one copies each value once more.
//
// Memory: two write buffers (the one written and the one flushed), an eighth of it and at most
// 64 MiB each, and the block cache with the rest.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <memory>
#include <string>

#include "peers/engines.h"
#include "support/failure.h"

struct engine_db {
    std::unique_ptr<leveldb::Cache> cache;
    std::unique_ptr<const leveldb::FilterPolicy> filter;
    std::unique_ptr<leveldb::DB> db;
    leveldb::WriteOptions write_options;
};

struct engine_session {
    engine_db *shared;
    std::string value;
    leveldb::WriteBatch batch;
};

namespace
{

constexpr int bloom_bits = 10;

void check(const leveldb::Status &status, const char *what)
{
    if (!status.ok()) bench_die("leveldb: %s: %s", what, status.ToString().c_str());
}

leveldb::Slice to_slice(engine_bytes bytes)
{
    return leveldb::Slice(reinterpret_cast<const char *>(bytes.data), bytes.size);
}

engine_bytes from_slice(const leveldb::Slice &slice)
{
    return engine_bytes{reinterpret_cast<const uint8_t *>(slice.data()), slice.size()};
}

void version(char *text, size_t size)
{
    bench_format(text, size, "%d.%d", leveldb::kMajorVersion, leveldb::kMinorVersion);
}

uint64_t write_buffer_bytes(const engine_settings *settings)
{
    uint64_t bytes = settings->memory_bytes / 8;

    if (settings->keeps_log) return settings->memory_bytes / 2;
    return bytes < (uint64_t{64} << 20) ? bytes : uint64_t{64} << 20;
}

uint64_t cache_bytes(const engine_settings *settings)
{
    uint64_t buffers = settings->keeps_log ? 1 : 2;

    return settings->memory_bytes - buffers * write_buffer_bytes(settings);
}

void describe(const engine_settings *settings, char *text, size_t size)
{
    bench_format(text, size,
                 "write buffer %llu MiB (two of them), block cache %llu MiB, Bloom %d bits, %s, "
                 "log%s",
                 static_cast<unsigned long long>(write_buffer_bytes(settings) >> 20),
                 static_cast<unsigned long long>(cache_bytes(settings) >> 20), bloom_bits,
                 settings->is_compressed ? "Snappy" : "no compression",
                 settings->is_synced ? " with sync" : "");
}

engine_db *open_database(const engine_settings *settings)
{
    engine_db *db = new engine_db;
    leveldb::Options options;
    leveldb::DB *opened = nullptr;

    db->cache.reset(leveldb::NewLRUCache(cache_bytes(settings)));
    db->filter.reset(leveldb::NewBloomFilterPolicy(bloom_bits));
    options.create_if_missing = true;
    options.write_buffer_size = write_buffer_bytes(settings);
    options.block_cache = db->cache.get();
    options.filter_policy = db->filter.get();
    options.compression =
        settings->is_compressed ? leveldb::kSnappyCompression : leveldb::kNoCompression;
    check(leveldb::DB::Open(options, settings->directory, &opened), "open");
    db->db.reset(opened);
    db->write_options.sync = settings->is_synced;
    return db;
}

void close_database(engine_db *db)
{
    db->db.reset(); // Before the cache and the filter that it uses.
    delete db;
}

engine_session *session_open(engine_db *db)
{
    engine_session *session = new engine_session;

    session->shared = db;
    return session;
}

void session_close(engine_session *session)
{
    delete session;
}

void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    engine_db *db = session->shared;

    check(db->db->Put(db->write_options, to_slice(key), to_slice(value)), "put");
}

bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    leveldb::Status status =
        session->shared->db->Get(leveldb::ReadOptions(), to_slice(key), &session->value);

    if (status.IsNotFound()) return false;
    check(status, "get");
    *value = from_slice(session->value);
    return true;
}

void remove_key(engine_session *session, engine_bytes key)
{
    engine_db *db = session->shared;

    check(db->db->Delete(db->write_options, to_slice(key)), "delete");
}

void write_batch(engine_session *session, const engine_bytes *keys, const engine_bytes *values,
                 size_t count)
{
    engine_db *db = session->shared;

    session->batch.Clear();
    for (size_t i = 0; i < count; i++)
        session->batch.Put(to_slice(keys[i]), to_slice(values[i]));
    check(db->db->Write(db->write_options, &session->batch), "write a batch");
}

size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
            void *context)
{
    std::unique_ptr<leveldb::Iterator> iterator(
        session->shared->db->NewIterator(leveldb::ReadOptions()));
    size_t visited = 0;

    for (iterator->Seek(to_slice(from)); visited < count && iterator->Valid(); iterator->Next()) {
        visit(context, from_slice(iterator->key()), from_slice(iterator->value()));
        visited++;
    }
    check(iterator->status(), "scan");
    return visited;
}

// C++17 has no names in initializers, and by their order fields would be mixed up.
constexpr engine functions()
{
    engine leveldb = {};

    leveldb.name = "leveldb";
    leveldb.version = version;
    leveldb.describe = describe;
    leveldb.open = open_database;
    leveldb.close = close_database;
    leveldb.session_open = session_open;
    leveldb.session_close = session_close;
    leveldb.put = put;
    leveldb.get = get;
    leveldb.remove = remove_key;
    leveldb.write_batch = write_batch;
    leveldb.scan = scan;
    return leveldb;
}

} // namespace

extern "C" const engine engine_leveldb = functions();
