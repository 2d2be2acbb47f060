// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// libfuse, in the version of its interface that this layer is written against.
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
