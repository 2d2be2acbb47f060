// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/store.h"

#include "store/store_impl.h"

namespace faultline::store {

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& path,
                                           const OpenOptions& options) {
  FL_ASSIGN_OR_RETURN(auto store, StoreImpl::Open(path, options));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace faultline::store
