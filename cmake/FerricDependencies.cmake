# The libraries of others. Each is known by one folder of ours; tools/tidy.py checks the includes.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)

# XXH3 is compiled into our own objects: the calls are too small to leave the library, and nothing has to
# be found at run time.
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
add_library(ferric_xxhash INTERFACE)
target_include_directories(ferric_xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
target_compile_definitions(ferric_xxhash INTERFACE XXH_INLINE_ALL)
