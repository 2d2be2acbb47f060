// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

uint32_t ExpectedLinks(const InodeInfo& inode) {
  if (inode.orphan) return 0;
  return inode.IsDirectory() ? 2 + inode.subdirs : inode.names;
}

void ReportCount(Context& context, const char* code, InodeId ino, const char* what, uint64_t is,
                 uint64_t should_be) {
  context.Found({.code = code,
                 .subject = InodeText(ino),
                 .message = fmt::format("{} is {}, not {}", what, is, should_be),
                 .repair = "set",
                 .harmless = true});
}

void ReportCounter(Context& context, const char* code, const char* what, uint64_t is,
                   uint64_t least) {
  context.Found({.code = code,
                 .subject = "state",
                 .message = fmt::format("{} is {}, but must be at least {}", what, is, least),
                 .repair = "set",
                 .harmless = true});
}

Result<> CheckInode(Context& context, const InodeInfo& inode) {
  const uint32_t links = ExpectedLinks(inode);
  if (inode.nlink == links && inode.blocks == inode.found_blocks) return {};
  if (inode.nlink != links && !inode.made)
    ReportCount(context, "link-count", inode.ino, "link count", inode.nlink, links);
  if (inode.blocks != inode.found_blocks && !inode.made)
    ReportCount(context, "block-count", inode.ino, "block count", inode.blocks, inode.found_blocks);
  return context.edits.ChangeInode(inode.ino, [&](InodeRecord& record) {
    record.nlink = links;
    record.blocks = inode.found_blocks;
  });
}

struct Counter {
  const char* code;
  const char* what;
  uint64_t& next;
  uint64_t found;  // the greatest in the store
  uint64_t used;   // the same with what fsck has made
};

// Too high is no harm: they never go back.
void CheckState(Context& context, InodeId greatest_found) {
  StoreState state = context.state;
  const uint64_t inode = Raw(context.inodes.Greatest());
  const uint64_t small = context.greatest_small;
  const uint64_t new_small = std::max(small + 1, state.next_small) + context.new_smalls - 1;
  const Counter counters[] = {
      {"next-inode", "next inode number", state.next_inode, Raw(greatest_found), inode},
      {"next-small", "next small block", state.next_small, small, new_small}};
  for (const Counter& counter : counters) {
    if (counter.next <= counter.found)
      ReportCounter(context, counter.code, counter.what, counter.next, counter.found + 1);
    counter.next = std::max(counter.next, counter.used + 1);
  }
  if (state.last_txg < context.greatest_birth)
    ReportCounter(context, "last-txg", "last transaction group", state.last_txg,
                  context.greatest_birth);
  state.last_txg = std::max(state.last_txg, context.greatest_birth);
  if (state != context.state) context.edits.Put(Family::kDefault, keys::kState, EncodeState(state));
}

}  // namespace

Result<> CheckCounts(Context& context) {
  context.EnterPass("counts");
  InodeId greatest{};
  for (const InodeInfo& inode : context.inodes) {
    context.Tick();
    if (!inode.made) greatest = inode.ino;
    FL_TRY(CheckInode(context, inode));
    context.report.directories += inode.IsDirectory();
    context.report.orphans += inode.orphan;
  }
  context.report.inodes = context.inodes.size();
  CheckState(context, greatest);
  return {};
}

}  // namespace faultline::store::fsck
