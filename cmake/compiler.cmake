# SPDX-License-Identifier: GPL-2.0-or-later
# Language level, warnings, sanitizers and the compiler cache: what every target is compiled with.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

option(BUILD_TESTING "Build the tests" ON)
option(FAULTLINE_TEST_POINTS "Compile the named test points in, and make the lock validator abort" OFF)
set(FAULTLINE_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

add_compile_options(-Wall -Wextra -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wno-gnu-zero-variadic-macro-arguments)
endif()
# Messages and debug information name files from the top of the tree, wherever it was cloned.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_definitions(_FILE_OFFSET_BITS=64 _GNU_SOURCE)
add_link_options(-Wl,--as-needed)
if(FAULTLINE_TEST_POINTS)
  add_compile_definitions(FAULTLINE_TEST_POINTS=1)
endif()
if(FAULTLINE_SANITIZE)
  add_compile_options(-fsanitize=${FAULTLINE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FAULTLINE_SANITIZE})
  # Their options: src/base/sanitizer_defaults.cpp.
  add_link_options(-Wl,--undefined=faultline_sanitizer_defaults)
endif()

# A clone elsewhere hits the same cache entries: paths are hashed relative to the top of the tree.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      /usr/bin/env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
