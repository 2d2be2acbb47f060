// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "fs/file_view.h"

namespace faultline::fs {

// A change of the extent map, written down so that it can be built on whatever the map is at the
// moment of publishing: other writers may have changed other blocks of the same chunk since. Not
// thread-safe.
class ExtentUpdate {
 public:
  // Blocks [block, block + crcs.size()) of the file are at `address` and on. `data`: see
  // ChunkEdit::Map.
  void Map(uint64_t block, store::BlockAddress address, std::vector<uint32_t> crcs,
           std::vector<store::BlockPtr> data = {});
  // Blocks [block, block + count), reserved in the volume and reading as zeros.
  void MapUnwritten(uint64_t block, uint64_t count, store::BlockAddress address);
  void Unmap(uint64_t block, uint64_t count);
  void Append(const ExtentUpdate& more);  // after what is there
  bool Empty() const { return steps_.empty(); }

  struct Built {
    struct Chunk {
      uint64_t index;
      ChunkPtr base;
      ChunkPtr next;
    };
    std::vector<Chunk> chunks;  // ascending
    std::vector<store::Extent> freed;
    int64_t blocks = 0;  // how many more are allocated
  };
  // The chunks that differ afterwards. `view` covers every chunk of the update that exists.
  Built Build(const FileView& view, store::TxgId birth) const;

 private:
  struct Step {
    uint64_t block;
    uint64_t count;
    bool map;
    store::BlockAddress address;
    std::vector<uint32_t> crcs;
    std::vector<store::BlockPtr> data;
  };
  void ApplyToChunk(store::ChunkEdit& edit, uint64_t index, store::TxgId birth) const;
  std::vector<uint64_t> ChunksTouched(const FileView& view) const;

  std::vector<Step> steps_;
};

// What one publish changes besides the extents. Called under the mapping lock, with the record as
// it is then.
using RecordChange = std::function<void(store::InodeRecord&)>;

// Publishes `update` and `change` in one step. `locked`: the blocks that the caller holds the range
// lock for. False: the map under `built` is not the current one any more; take a new view and build
// again. Adds to `transaction` what the store has to know, and applies it: it may carry other
// changes of the same step.
bool TryPublish(store::Store& store, Inode& inode, const ExtentUpdate::Built& built,
                ByteRange locked, const RecordChange& change, store::Transaction& transaction)
    FL_REQUIRES(inode.mapping);

// Takes views and builds until it can publish. `under_lock` runs in the step that publishes, after
// it. ENOENT: the inode has been deleted.
Result<> Publish(store::Store& store, Inode& inode, const ExtentUpdate& update, FileView view,
                 ByteRange locked, const RecordChange& change, store::Transaction transaction,
                 const std::function<void()>& under_lock = {});

}  // namespace faultline::fs
