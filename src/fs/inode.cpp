// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/inode.h"

#include <sys/stat.h>

namespace faultline::fs {

bool Inode::IsDirectory() const { return S_ISDIR(record.mode); }

}  // namespace faultline::fs
