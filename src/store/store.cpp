// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/store.h"

#include "store/store_impl.h"

namespace faultline::store {

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& path,
                                           const OpenOptions& options) {
  FL_ASSIGN_OR_RETURN(auto store, StoreImpl::Open(path, options));
  return std::unique_ptr<Store>(std::move(store));
}

Result<> Store::ReadVolumeBlocks(std::span<const VolumeRead> reads, const VolumeReadDone& done) {
  for (size_t i = 0; i < reads.size(); ++i) {
    FL_TRY(ReadVolume(reads[i].block, reads[i].out));
    FL_TRY(done(i));
  }
  return {};
}

}  // namespace faultline::store
