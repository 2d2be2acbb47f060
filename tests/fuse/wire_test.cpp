// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/wire.h"

#include <gtest/gtest.h>

#include "fuse/kernel_locks.h"
#include "support/wire_message.h"

namespace faultline::fuse {
namespace {

using lock::Classes;
using lock::LockClass;
using test::WireMessage;

WireMessage Write(uint32_t write_flags) {
  fuse_write_in in{};
  in.write_flags = write_flags;
  return {FUSE_WRITE, 7, in};
}

WireMessage Read(uint32_t read_flags) {
  fuse_read_in in{};
  in.read_flags = read_flags;
  return {FUSE_READ, 7, in};
}

WireMessage Setattr(uint32_t valid) {
  fuse_setattr_in in{};
  in.valid = valid;
  return {FUSE_SETATTR, 7, in};
}

TEST(Wire, KindOfWriteIsInItsFlags) {
  EXPECT_TRUE(Write(FUSE_WRITE_CACHE).Get().IsWriteback());
  EXPECT_FALSE(Write(FUSE_WRITE_CACHE).Get().IsDirectWrite());
  EXPECT_TRUE(Write(FUSE_WRITE_LOCKOWNER).Get().IsDirectWrite());
  EXPECT_FALSE(Write(0).Get().IsDirectWrite());
  EXPECT_FALSE(Write(0).Get().IsWriteback());
}

TEST(Wire, KindOfReadIsInItsFlags) {
  EXPECT_TRUE(Read(FUSE_READ_LOCKOWNER).Get().IsDirectRead());
  EXPECT_FALSE(Read(0).Get().IsDirectRead());
}

TEST(Wire, SuidIsKilledByWriteAndByTruncate) {
  EXPECT_TRUE(Write(FUSE_WRITE_KILL_SUIDGID).Get().KillsSuidSgid());
  EXPECT_TRUE(Setattr(FATTR_SIZE | FATTR_KILL_SUIDGID).Get().KillsSuidSgid());
  EXPECT_FALSE(Write(0).Get().KillsSuidSgid());
  EXPECT_FALSE(Setattr(FATTR_SIZE).Get().KillsSuidSgid());
}

TEST(Wire, FlagsOfOtherOperationsMeanNothing) {
  fuse_open_in in{};
  in.flags = ~0u;
  in.open_flags = ~0u;
  const WireMessage open(FUSE_OPEN, 7, in);
  EXPECT_FALSE(open.Get().IsDirectRead());
  EXPECT_FALSE(open.Get().IsWriteback());
  EXPECT_FALSE(open.Get().KillsSuidSgid());
  EXPECT_FALSE(open.Get().ChangesSize());
}

TEST(Wire, MessageIsAsLongAsItSays) {
  const WireMessage write = Write(0);
  EXPECT_TRUE(Message::Parse(write.Bytes()));
  for (size_t size = 0; size < write.Bytes().size(); ++size)
    EXPECT_FALSE(Message::Parse(write.Bytes().first(size))) << size;
}

TEST(Wire, BodyOfAnOlderKernelIsFilledWithZeros) {
  const WireMessage shorter(FUSE_WRITE, 7, uint64_t{5});
  const auto body = shorter.Get().Body<fuse_write_in>();
  EXPECT_EQ(body.fh, 5u);
  EXPECT_EQ(body.write_flags, 0u);
}

lock::ClassMask LocksOf(const WireMessage& message) {
  return LocksOfRequester(message.Get()).classes;
}

TEST(KernelLocks, DirectReadHoldsNothing) { EXPECT_EQ(LocksOf(Read(FUSE_READ_LOCKOWNER)), 0u); }

TEST(KernelLocks, CachedReadHoldsItsFolios) {
  EXPECT_NE(LocksOf(Read(0)) & Classes(LockClass::kFolio), 0u);
  EXPECT_EQ(LocksOf(Read(0)) & Classes(LockClass::kInodeRwsem), 0u);
}

TEST(KernelLocks, WritebackHoldsTheWritebackBit) {
  EXPECT_NE(LocksOf(Write(FUSE_WRITE_CACHE)) & Classes(LockClass::kWriteback), 0u);
  EXPECT_EQ(LocksOf(Write(FUSE_WRITE_LOCKOWNER)), Classes(LockClass::kInodeRwsem));
}

TEST(KernelLocks, OnlyTruncatingSetattrStopsWriteback) {
  EXPECT_NE(LocksOf(Setattr(FATTR_SIZE)) & Classes(LockClass::kNowrite), 0u);
  EXPECT_EQ(LocksOf(Setattr(FATTR_MODE)) & Classes(LockClass::kNowrite), 0u);
}

TEST(KernelLocks, CopyLocksItsDestination) {
  fuse_copy_file_range_in in{};
  in.nodeid_out = 9;
  const WireMessage copy(FUSE_COPY_FILE_RANGE, 7, in);
  EXPECT_EQ(LocksOfRequester(copy.Get()).inode, InodeId{9});
  EXPECT_EQ(LocksOf(copy), Classes(LockClass::kInodeRwsem));
}

TEST(KernelLocks, RequestsThatWaitForNobodyHoldNothing) {
  for (uint32_t opcode :
       {FUSE_GETATTR, FUSE_OPEN, FUSE_RELEASE, FUSE_FLUSH, FUSE_STATFS, FUSE_IOCTL, FUSE_FORGET})
    EXPECT_EQ(LocksOf(WireMessage(opcode, 7, uint64_t{0})), 0u) << OpcodeName(opcode);
}

}  // namespace
}  // namespace faultline::fuse
