# SPDX-License-Identifier: GPL-2.0-or-later
include(GNUInstallDirs)
get_property(programs GLOBAL PROPERTY FAULTLINE_PROGRAMS)
