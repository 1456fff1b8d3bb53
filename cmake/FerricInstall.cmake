# What `cmake --install` puts where: the header, both libraries, ferric.pc and the CMake package `ferric`.
include(CMakePackageConfigHelpers)

set(ferric_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ferric")

install(TARGETS ferric_static ferric_shared EXPORT ferric
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/ferric" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.h")
install(EXPORT ferric NAMESPACE ferric:: FILE ferricTargets.cmake DESTINATION "${ferric_package_dir}")

# Both descriptions find the library from where they stand, so that an installed tree may be moved.
file(RELATIVE_PATH FERRIC_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file("${PROJECT_SOURCE_DIR}/cmake/ferric.pc.in" "${PROJECT_BINARY_DIR}/ferric.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/ferric.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/ferricConfig.cmake.in" "${PROJECT_BINARY_DIR}/ferricConfig.cmake"
    INSTALL_DESTINATION "${ferric_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ferricConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/ferricConfig.cmake" "${PROJECT_BINARY_DIR}/ferricConfigVersion.cmake"
    DESTINATION "${ferric_package_dir}")
