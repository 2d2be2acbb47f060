// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include "base/result.h"

namespace faultline::fuse {

/// KiB that the kernel reads ahead on a mount. INIT can only lower what every FUSE mount starts
/// with, 128 KiB; the mount's backing device in sysfs (sysfs-class-bdi) takes more, from root. Two
/// requests of the largest size keep the disk busy while one of them is answered. It costs a random
/// reader little: the kernel stops reading around faults that keep missing.
inline constexpr unsigned kDefaultReadaheadKib = 2048;
inline constexpr unsigned kMaxReadaheadKib = 65536;

/// ENOENT: no sysfs here; EACCES: not root, or sysfs is mounted read-only, as in containers.
Result<> SetReadahead(dev_t device, unsigned kib);
Result<unsigned> GetReadahead(dev_t device);

}  // namespace faultline::fuse
