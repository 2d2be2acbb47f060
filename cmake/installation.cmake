# SPDX-License-Identifier: GPL-2.0-or-later
# What `cmake --install` puts where, and the target `programs`: all of them, no tests.
include(GNUInstallDirs)

get_property(programs GLOBAL PROPERTY FAULTLINE_PROGRAMS)
add_custom_target(programs DEPENDS ${programs})

foreach(program IN LISTS programs)
  if(program MATCHES "^(mkfs|mount|umount|fsck)\\.")
    install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_SBINDIR})
  elseif(program MATCHES "^faultline")
    install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

foreach(section 1 8)
  install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
          FILES_MATCHING PATTERN "*.${section}")
endforeach()

# mount(8), umount(8), fsck(8) and mkfs(8) look for their helpers in /sbin, whatever the prefix; with
# the prefix /usr they are there already. The type in /proc/mounts is fuse.faultline: hence two more.
install(CODE [[
  set(from "${CMAKE_INSTALL_PREFIX}/sbin")
  set(helpers mount.fuse.faultline umount.fuse.faultline)
  if(from STREQUAL "/usr/sbin")
    set(to "/usr/sbin")
  else()
    set(to "/sbin")
    list(APPEND helpers mkfs.faultline mount.faultline umount.faultline fsck.faultline)
  endif()
  file(MAKE_DIRECTORY "$ENV{DESTDIR}${to}")
  foreach(helper IN LISTS helpers)
    string(REPLACE ".fuse." "." program "${helper}")
    message(STATUS "Installing: $ENV{DESTDIR}${to}/${helper} -> ${from}/${program}")
    file(CREATE_LINK "${from}/${program}" "$ENV{DESTDIR}${to}/${helper}" SYMBOLIC)
  endforeach()
]])
