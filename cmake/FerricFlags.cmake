# Language, build types, warnings and hardening for every target of the tree.
include(CheckCCompilerFlag)
include(CheckPIESupported)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
check_pie_supported()

# Build types. What is installed is optimised at link time: a put or a get runs through many small functions of
# many files, and spends 6% to 20% fewer instructions so (bench/instructions). Objects carry machine code too, so
# that the static library links with any tool chain.
set(ferric_link_time "")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(ferric_link_time "-flto=auto -ffat-lto-objects")
endif()
set(ferric_sanitize_common "-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all")
set(ferric_debug "-g")
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    set(ferric_debug "-gdwarf-4") # Its DWARF 5 is more than valgrind 3.19 can read.
endif()
set(ferric_flags_dev "-O2 ${ferric_debug}")
set(ferric_flags_release "-O2 -DNDEBUG ${ferric_link_time}")
set(ferric_flags_asan "${ferric_sanitize_common} -fsanitize=address,undefined")
set(ferric_flags_tsan "${ferric_sanitize_common} -fsanitize=thread")
set(ferric_flags_fuzz "${ferric_sanitize_common} -fsanitize=fuzzer-no-link,address,undefined")
set(ferric_flags_coverage "-O0 -g --coverage -fprofile-abs-path -fprofile-update=atomic")
set(ferric_flags_seeded "-O1 -g")
foreach(type dev release asan tsan fuzz coverage seeded)
    string(TOUPPER ${type} upper)
    set(CMAKE_C_FLAGS_${upper} "${ferric_flags_${type}}")
    set(CMAKE_CXX_FLAGS_${upper} "${ferric_flags_${type}}")
endforeach()
if(CMAKE_BUILD_TYPE STREQUAL "Seeded")
    # Known mistakes are compiled into src/ and the tests may name one; no other build type has them.
    add_compile_definitions(FERRIC_SEEDED_BUGS=1)
endif()

# Warnings.
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wundef -Wvla -Wcast-qual
    -Wformat=2 -Wimplicit-fallthrough
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
if(FERRIC_WERROR)
    add_compile_options(-Werror)
endif()

# Hardening. Sanitizers check more than _FORTIFY_SOURCE does and do not know its wrappers; without
# optimisation it only warns.
add_compile_options(-fstack-protector-strong)
foreach(flag -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "FERRIC_HAS${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        add_compile_options(${flag})
    endif()
endforeach()
if(CMAKE_BUILD_TYPE MATCHES "^(Dev|Release|Seeded)$")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
