// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace faultline::lab {

// The state of the model: one plain value, compared and hashed byte by byte.
//
// Sizes are as small as the races allow. Threads carry everything that is private to a CPU or a
// task (program counter, registers, held locks, TLB, store buffer), and nothing outside a thread
// names a thread: exchanging two threads that run the same program gives an equivalent world,
// which is what makes the explorer's symmetry reduction sound.

inline constexpr int kMaxThreads = 4;
inline constexpr int kPages = 2;  // virtual pages; file pages share the numbering
inline constexpr int kFolios = 4;
inline constexpr int kVmas = 2;
inline constexpr int kBlocks = 3;
inline constexpr int8_t kNone = -1;

// Locks have no state of their own: who holds what is in the threads.
enum class Lock : uint8_t {
  kMmapLock,
  kRange0,  // range lock of virtual page 0
  kRange1,
  kInode0,  // the lock a filesystem would like to take in write(2) and in ->fault alike
  kInode1,
  kInvalidateLock,
  kIMmapRwsem,
  kPrivateLock,  // spinlock
  kPageTable,    // spinlock
  kSbWrite,      // freeze levels, outermost first
  kSbPagefault,
  kSbInternal,
  kUmount,  // s_umount
  kRcu,     // a read section is a shared lock that nobody takes exclusively
  kSrcu,
  kCount,
};

// Bytes rather than a wider integer: the world has no padding that way.
struct LockSet {
  std::array<uint8_t, 2> bits{};
  bool Has(Lock lock) const { return (Byte(lock) & Bit(lock)) != 0; }
  void Add(Lock lock) { bits[Index(lock)] |= Bit(lock); }
  void Remove(Lock lock) { bits[Index(lock)] &= static_cast<uint8_t>(~Bit(lock)); }
  bool Intersects(const LockSet& other) const {
    return ((bits[0] & other.bits[0]) | (bits[1] & other.bits[1])) != 0;
  }

 private:
  static size_t Index(Lock lock) { return static_cast<size_t>(lock) / 8; }
  static uint8_t Bit(Lock lock) {
    return static_cast<uint8_t>(1u << static_cast<size_t>(lock) % 8);
  }
  uint8_t Byte(Lock lock) const { return bits[Index(lock)]; }
};

// What a page holds, as far as the checks care: which life of the file (it grows by one with each
// page-killer) and whose stores.
struct Content {
  uint8_t life = 0;
  uint8_t stores = 0;  // bit n: the store of writer n
  bool operator==(const Content&) const = default;
};
inline constexpr uint8_t kForeign = 0xff;  // a life: bytes of another file

// A page-table entry, or a TLB entry made from one.
struct Translation {
  int8_t folio = kNone;
  uint8_t writable = 0;
};

enum class TableState : uint8_t { kAbsent, kLive, kRetired, kFreed };
struct PageTable {
  TableState state = TableState::kAbsent;
  Translation pte;
};

enum class VmaState : uint8_t { kAbsent, kLinked, kDetached, kRetired, kFreed };
struct Vma {
  VmaState state = VmaState::kAbsent;
  uint8_t first = 0;  // virtual pages [first, last]
  uint8_t last = 0;
  uint8_t offset = 0;  // file page of `first`
  uint8_t references = 0;
  uint8_t sequence = 0;  // odd while the mapping is being changed
};

enum class FolioState : uint8_t { kUnused, kCached, kRemoved };
struct Folio {
  FolioState state = FolioState::kUnused;
  uint8_t index = 0;  // page of the file
  uint8_t locked = 0;
  uint8_t uptodate = 0;
  uint8_t dirty = 0;
  uint8_t writeback = 0;
  uint8_t mapcount = 0;
  uint8_t pins = 0;  // get_user_pages
  Content content;
};

enum class Owner : uint8_t { kNobody, kFile, kRetired, kOther };
struct Block {
  Owner owner = Owner::kNobody;
  Content content;
};

// One pending store of a CPU, not yet seen by the others.
enum class Pending : uint8_t { kNothing, kMapcount, kNotUptodate };
struct StoreBuffer {
  Pending store = Pending::kNothing;
  int8_t folio = kNone;
};

struct Thread {
  uint8_t program = 0;
  uint8_t pc = 0;
  LockSet shared;
  LockSet exclusive;
  LockSet queued;  // waits to take exclusively: new readers queue behind it
  // Registers.
  uint8_t page = 0;
  int8_t vma = kNone;
  int8_t folio = kNone;
  int8_t block = kNone;
  uint8_t sequence = 0;
  uint8_t writer = 0;  // which bit of Content::stores is this thread's
  uint8_t flag = 0;    // meaning local to the program
  uint8_t holds_up_grace = 0;
  Content payload;
  std::array<Translation, kPages> tlb;
  StoreBuffer buffer;
};

// Which stores must be there at the end; the promise differs between kernel and FUSE.
enum class Survival : uint8_t {
  kEvery,        // nobody kills the page
  kOnNewLife,    // made on top of what the killer left
  kAfterReturn,  // made after the killer returned: all that the FUSE client can promise
};

enum class Violation : uint8_t {
  kSound,
  kStaleMapping,
  kStaleData,
  kFreedVma,
  kFreedTable,
  kRecycledBlock,
  kLostStore,
  kPteOverwritten,
  kSleepInAtomic,
  kIoUnderLock,
  kFreezePassed,
  kDeadlock,
  kNoProgress,
  kCount,
};

struct World {
  std::array<Thread, kMaxThreads> threads;
  std::array<PageTable, kPages> tables;
  std::array<Vma, kVmas> vmas;
  std::array<Folio, kFolios> folios;
  std::array<int8_t, kPages> extents = {kNone, kNone};  // file page -> block, kNone: hole
  std::array<Block, kBlocks> blocks;
  uint8_t pages_in_file = kPages;
  uint8_t life = 0;      // of file page 0: what a reader may see once the killer has returned
  uint8_t killed = 0;    // the page-killer has returned
  uint8_t unmapped = 0;  // bit per virtual page: munmap, mremap or exit has returned
  Survival survival = Survival::kEvery;
  uint8_t must_survive = 0;  // stores that nobody may take back
  uint8_t masked = 0;        // the daemon drops page-cache writeback of page 0
  uint8_t in_flight = 0;     // WB-WRITE requests that the daemon has not answered
  uint8_t copies = 0;        // pages whose writeback lives on in a copy (up to 6.15)
  uint8_t nowrite = 0;       // the kernel client sends no WB-WRITE
  uint8_t frozen = 0;        // the freeze call has returned, thaw has not begun
  Violation violation = Violation::kSound;
};

static_assert(std::is_trivially_copyable_v<World>);
static_assert(std::has_unique_object_representations_v<World>);

std::string_view Name(Violation violation);
std::string_view Name(Lock lock);

inline std::string_view Bytes(const World& world) {
  return {reinterpret_cast<const char*>(&world), sizeof world};
}

}  // namespace faultline::lab
