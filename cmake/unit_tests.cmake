# SPDX-License-Identifier: GPL-2.0-or-later
# One GoogleTest executable a layer. The name of a test suite says how long it takes: `...Soak` only
# runs on request, `...Full` in a full run, everything else is smoke.
include(GoogleTest)

set(slowdown 1)
if(FAULTLINE_SANITIZE)
  set(slowdown 5)
endif()

function(faultline_discover prefix target label filter seconds)
  math(EXPR timeout "${seconds} * ${slowdown}")
  gtest_discover_tests(
    ${target}
    DISCOVERY_MODE PRE_TEST
    NO_PRETTY_TYPES
    NO_PRETTY_VALUES
    DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${prefix}."
    TEST_FILTER "${filter}"
    PROPERTIES LABELS "${label}" TIMEOUT ${timeout} COST ${seconds})
endfunction()

# faultline_unit_test(<layer> LINK <libraries>): executable <layer>_test of tests/<layer>.
function(faultline_unit_test layer)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  if(NOT layer IN_LIST FAULTLINE_TESTS)
    return()
  endif()
  faultline_sources(tests/${layer} sources)
  add_executable(${layer}_test ${sources})
  target_include_directories(${layer}_test PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${layer}_test PRIVATE ${arg_LINK} nlohmann_json::nlohmann_json GTest::gmock
                                              GTest::gtest_main)
  set(soak "*Soak.*:*Soak/*")
  set(full "*Full.*:*Full/*")
  faultline_discover(${layer} ${layer}_test smoke "-${full}:${soak}" 60)
  faultline_discover(${layer} ${layer}_test full "${full}" 600)
  faultline_discover(${layer} ${layer}_test soak "${soak}" 14400)
endfunction()

# Google Benchmark programs of tests/bench, all in one: nothing that ctest runs, it only has to build.
function(faultline_micro_benchmarks)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  faultline_sources(tests/bench sources)
  add_executable(micro_bench ${sources})
  target_link_libraries(micro_bench PRIVATE ${arg_LINK} benchmark::benchmark_main)
endfunction()
