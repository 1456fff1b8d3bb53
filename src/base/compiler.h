// SPDX-License-Identifier: Apache-2.0
// What C17 has no word for. The only place for compiler attributes.
#ifndef FERRIC_BASE_COMPILER_H
#define FERRIC_BASE_COMPILER_H

#define FE_PRINTF(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))
#define FE_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define FE_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define FE_NOINLINE __attribute__((noinline))
// For the few functions of a hot path that the compiler leaves apart.
#define FE_ALWAYS_INLINE inline __attribute__((always_inline))
// Compiles one function for a CPU with these features; the caller has asked for them.
#define FE_TARGET(features) __attribute__((target(features)))
// Starts loading the cache line of `address` for reading. Any address is allowed.
//
// The empty assembly is for gcc, which takes a function that does nothing but prefetch for one
// without any effect and drops the calls of it.
#define FE_PREFETCH(address)                                                                       \
    do {                                                                                           \
        __builtin_prefetch((address), 0, 3);                                                       \
        __asm__ volatile("");                                                                      \
    } while (0)
// The number of the lowest bit that is set. `bits` is not 0.
#define FE_LOWEST_BIT(bits) ((uint32_t)__builtin_ctz(bits))
#define FE_LOWEST_BIT64(bits) ((uint32_t)__builtin_ctzll(bits))
// Two threads that write to fields of one line slow each other down.
#define FE_CACHE_LINE 64

#endif
