# SPDX-License-Identifier: GPL-2.0-or-later
# The shapes of target this tree has. All read their files from a plain list, `sources.txt`, which
# meson-compat reads as well: that is how the two builds stay equal.

# The files named in <directory>/sources.txt, one a line, `#` starts a comment.
function(faultline_sources directory result)
  set(list ${CMAKE_SOURCE_DIR}/${directory}/sources.txt)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} lines)
  set(sources)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "#.*" "" line "${line}")
    string(STRIP "${line}" line)
    if(line)
      list(APPEND sources ${CMAKE_SOURCE_DIR}/${directory}/${line})
    endif()
  endforeach()
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

# faultline_layer(<name> PUBLIC <libraries> PRIVATE <libraries>): static library fl_<name>.
function(faultline_layer name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  faultline_sources(src/${name} sources)
  add_library(fl_${name} STATIC ${sources})
  set_target_properties(fl_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(fl_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(fl_${name} PUBLIC ${arg_PUBLIC} Threads::Threads PRIVATE ${arg_PRIVATE})
endfunction()

# faultline_program(<name> MAIN <file> LISTS <directories> LINK <libraries>)
function(faultline_program name)
  cmake_parse_arguments(arg "" "MAIN" "LISTS;LINK" ${ARGN})
  set(sources ${CMAKE_SOURCE_DIR}/${arg_MAIN})
  foreach(directory IN LISTS arg_LISTS)
    faultline_sources(${directory} listed)
    list(APPEND sources ${listed})
  endforeach()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${arg_LINK} nlohmann_json::nlohmann_json
                                        Boost::program_options)
  set_property(GLOBAL APPEND PROPERTY FAULTLINE_PROGRAMS ${name})
endfunction()

# faultline_tool(<name> DIRECTORY <directory> LINK <libraries>): library fl_<name> of everything
# listed but main.cpp, so that tests link it too, and program faultline-<name> of the whole.
function(faultline_tool name)
  cmake_parse_arguments(arg "" "DIRECTORY" "LINK" ${ARGN})
  faultline_sources(${arg_DIRECTORY} sources)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(fl_${name} STATIC ${sources})
  set_target_properties(fl_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(fl_${name} PUBLIC ${CMAKE_SOURCE_DIR}/stress)
  target_link_libraries(fl_${name} PUBLIC ${arg_LINK} Threads::Threads Boost::program_options
                                          nlohmann_json::nlohmann_json)
  faultline_program(faultline-${name} MAIN ${arg_DIRECTORY}/main.cpp LINK fl_${name})
endfunction()
