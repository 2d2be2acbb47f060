# SPDX-License-Identifier: GPL-2.0-or-later
# Tests that are scripts in tests/scripts: `sources.txt` there holds their names, labels and timeouts.
# COST: ctest begins with what takes long, so that the other processor has something to do meanwhile.
# They find the tree and the programs in FAULTLINE_SOURCE_DIR and FAULTLINE_BIN_DIR.

function(faultline_script_tests)
  set(directory ${CMAKE_SOURCE_DIR}/tests/scripts)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                                                              ${directory}/sources.txt)
  file(STRINGS ${directory}/sources.txt lines REGEX "^[^#]")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "[ ]+" ";" fields "${line}")
    list(GET fields 0 name)
    list(GET fields 1 labels)
    list(GET fields 2 timeout)
    string(REPLACE "," ";" labels "${labels}")
    cmake_path(GET name FILENAME title)
    math(EXPR timeout "${timeout} * ${slowdown}")
    add_test(NAME scripts.${title} COMMAND ${directory}/${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(
      scripts.${title}
      PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} COST ${timeout} SKIP_RETURN_CODE 77
                 ENVIRONMENT "FAULTLINE_SOURCE_DIR=${CMAKE_SOURCE_DIR};FAULTLINE_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
  endforeach()
endfunction()
