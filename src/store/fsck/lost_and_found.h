// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "store/fsck/context.h"

namespace faultline::store::fsck {

// /lost+found, made when it is needed. Only root may look into it: what lies there may have been
// anybody's. Requires that all names are counted.
class LostAndFound {
 public:
  explicit LostAndFound(Context& context) : context_(context) {}

  // Gives an inode without a name one, `name` or something like it.
  Result<> Attach(InodeInfo& inode, const std::string& name);
  // Makes a file of what was taken out of somewhere.
  Result<> AddFile(const std::string& name, const RescuedFile& file);

 private:
  Result<InodeInfo*> Directory();
  Result<InodeInfo*> Existing();
  Result<InodeInfo*> Make();
  Result<std::string> FreeKey(InodeId directory, const std::string& name);
  Result<> Link(InodeInfo& directory, InodeInfo& inode, const std::string& name);
  InodeInfo& NewInodeInfo(InodeRecord record);

  Context& context_;
  InodeInfo* directory_ = nullptr;
};

}  // namespace faultline::store::fsck
