# The verb in which the layers of src/ are written.

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
