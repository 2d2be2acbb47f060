// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/init_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/wire_message.h"

namespace faultline::fuse {
namespace {

using test::WireMessage;

constexpr uint64_t kAllowMmap = uint64_t{1} << 36;

struct InitReply {
  fuse_out_header header{};
  fuse_init_out out{};
  std::span<std::byte> Bytes() { return std::as_writable_bytes(std::span(this, 1)); }
  uint64_t Flags() const { return out.flags | uint64_t{out.flags2} << 32; }
};
static_assert(sizeof(InitReply) == sizeof(fuse_out_header) + sizeof(fuse_init_out));

InitFlags Offered(uint64_t flags) {
  fuse_init_in in{};
  in.major = 7;
  in.minor = 45;
  in.flags = static_cast<uint32_t>(flags);
  in.flags2 = static_cast<uint32_t>(flags >> 32);
  InitFlags init;
  init.NoteRequest(WireMessage(FUSE_INIT, 0, in).Get());
  return init;
}

TEST(InitFlags, AddsWhatTheKernelOffers) {
  const uint64_t wanted = FUSE_PARALLEL_DIROPS | FUSE_HANDLE_KILLPRIV_V2 | kAllowMmap;
  InitFlags init = Offered(wanted | FUSE_INIT_EXT);
  InitReply reply;
  reply.out.flags = FUSE_ASYNC_READ;
  ASSERT_TRUE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.Flags(), wanted | FUSE_INIT_EXT | FUSE_ASYNC_READ);
  EXPECT_EQ(init.Result().taken, reply.Flags());
}

TEST(InitFlags, TakesNothingThatIsNotOffered) {
  InitFlags init = Offered(FUSE_PARALLEL_DIROPS);
  InitReply reply;
  ASSERT_TRUE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.Flags(), uint64_t{FUSE_PARALLEL_DIROPS});
}

// Without INIT_EXT the upper half of an older kernel's message is not flags.
TEST(InitFlags, UpperFlagsCountOnlyWithInitExt) {
  InitFlags init = Offered(kAllowMmap);
  InitReply reply;
  ASSERT_TRUE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.Flags(), 0u);
}

TEST(InitFlags, DropsWhatLosesData) {
  InitFlags init = Offered(~uint64_t{0});
  InitReply reply;
  reply.out.flags = FUSE_ATOMIC_O_TRUNC | FUSE_AUTO_INVAL_DATA | FUSE_HANDLE_KILLPRIV;
  ASSERT_TRUE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.out.flags & (FUSE_ATOMIC_O_TRUNC | FUSE_AUTO_INVAL_DATA | FUSE_HANDLE_KILLPRIV),
            0u);
}

TEST(InitFlags, RequestsOfOneMebibyteAreAllowed) {
  InitFlags init = Offered(FUSE_MAX_PAGES);
  InitReply reply;
  reply.out.flags = FUSE_MAX_PAGES;
  ASSERT_TRUE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.out.max_pages, 256);
}

TEST(InitFlags, RefusalIsLeftAlone) {
  InitFlags init = Offered(FUSE_PARALLEL_DIROPS);
  InitReply reply;
  reply.header.error = -EPROTO;
  EXPECT_FALSE(init.PatchReply(reply.Bytes()));
  EXPECT_EQ(reply.Flags(), 0u);
}

TEST(InitFlags, ShortReplyIsLeftAlone) {
  InitFlags init = Offered(FUSE_PARALLEL_DIROPS);
  InitReply reply;
  EXPECT_FALSE(init.PatchReply(reply.Bytes().first(sizeof(fuse_out_header) + 8)));
}

TEST(InitFlagNames, FollowTheBits) {
  EXPECT_THAT(InitFlagNames(FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL | kAllowMmap |
                            uint64_t{1} << 63),
              testing::ElementsAre("ASYNC_READ", "PARALLEL_DIROPS", "POSIX_ACL",
                                   "DIRECT_IO_ALLOW_MMAP", "bit 63"));
}

}  // namespace
}  // namespace faultline::fuse
