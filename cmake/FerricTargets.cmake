# The few verbs in which the other CMakeLists.txt files are written.

# ferric_layer(<folder> SOURCES <file>... [KNOWS <lower layer>...] [LIBRARIES <target>...]
#              [DEFINITIONS <name>...])
#
# One folder of src/ that becomes part of libferric: an object library ferric_<folder>. KNOWS names the
# layers whose headers it may include; tools/tidy.py holds the same rule over the includes themselves.
function(ferric_layer name)
    cmake_parse_arguments(arg "" "" "SOURCES;KNOWS;LIBRARIES;DEFINITIONS" ${ARGN})
    add_library(ferric_${name} OBJECT ${arg_SOURCES})
    target_include_directories(ferric_${name} PUBLIC
        "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
    target_compile_definitions(ferric_${name} PRIVATE FERRIC_BUILDING=1 ${arg_DEFINITIONS})
    target_link_libraries(ferric_${name} PRIVATE ${arg_LIBRARIES})
    foreach(lower IN LISTS arg_KNOWS)
        if(NOT TARGET ferric_${lower})
            message(FATAL_ERROR "src/${name} knows src/${lower}, which has not been added before it")
        endif()
    endforeach()
endfunction()

# ferric_add_folder_if_present(<folder>): adds the folder when it has a CMakeLists.txt.
macro(ferric_add_folder_if_present folder)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
        add_subdirectory(${folder})
    endif()
endmacro()

# ferric_example(<name> <source>...): a program as a user writes it, against the shared library and nothing
# else. It takes the path of a database that does not exist yet, and runs as a test.
function(ferric_example name)
    add_executable(${name} ${ARGN})
    set_target_properties(${name} PROPERTIES C_STANDARD 11)
    target_link_libraries(${name} PRIVATE ferric::ferric)
    if(PROJECT_IS_TOP_LEVEL)
        set(database "${CMAKE_CURRENT_BINARY_DIR}/${name}.db")
        add_test(NAME example_${name} COMMAND sh -c "rm -rf '${database}' && '$<TARGET_FILE:${name}>' '${database}'")
        set_tests_properties(example_${name} PROPERTIES LABELS "example;sanitize")
    endif()
endfunction()

# ferric_man_page(<name>.<section>): docs/man/<name>.<section>.scd made and installed where scdoc is there.
find_program(FERRIC_SCDOC scdoc)
function(ferric_man_page page)
    if(FERRIC_SCDOC)
        set(source "${CMAKE_CURRENT_SOURCE_DIR}/${page}.scd")
        set(made "${CMAKE_CURRENT_BINARY_DIR}/${page}")
        string(REGEX REPLACE "^.*\\." "" section ${page})
        add_custom_command(OUTPUT "${made}" DEPENDS "${source}"
            COMMAND sh -c "'${FERRIC_SCDOC}' <'${source}' >'${made}'" VERBATIM)
        add_custom_target(man_${page} ALL DEPENDS "${made}")
        install(FILES "${made}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
    endif()
endfunction()
