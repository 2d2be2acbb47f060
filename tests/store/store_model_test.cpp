// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "support/random_seed.h"
#include "support/store_directory.h"
#include "support/store_workload.h"

// Both stores against plain maps, under random transactions.
namespace faultline::store {
namespace {

using test::StoreDirectory;
using test::StoreWorkload;

TEST(StoreModel, TheStoreAgreesWithPlainMapsAcrossCommitsAndReopening) {
  const uint64_t seed = test::RandomSeed();
  StoreDirectory directory;
  directory.options.commit_interval = std::chrono::milliseconds(10);
  auto store = directory.Open();
  ASSERT_NE(store, nullptr);
  StoreWorkload workload(*store, seed);
  for (int round = 0; round < 8; ++round) {
    for (int step = 0; step < 100; ++step) ASSERT_NO_FATAL_FAILURE(workload.Step());
    ASSERT_NO_FATAL_FAILURE(StoreWorkload::ExpectEqual(*store, workload.Now()));
    if (round % 4 != 3) continue;
    const TxgId last = store->OpenTxg();
    store.reset();
    store = directory.Open();
    ASSERT_NE(store, nullptr);
    ASSERT_NO_FATAL_FAILURE(StoreWorkload::ExpectEqual(*store, workload.Now()));
    workload.ContinueOn(*store, last);
  }
}

TEST(StoreModel, TheMemoryStoreAgreesWithPlainMaps) {
  MemoryStore store;
  StoreWorkload workload(store, test::RandomSeed());
  for (int step = 0; step < 1000; ++step) {
    ASSERT_NO_FATAL_FAILURE(workload.Step());
    if (step % 10 == 0) {
      ASSERT_TRUE(store.Commit());
    }
  }
  ASSERT_NO_FATAL_FAILURE(StoreWorkload::ExpectEqual(store, workload.Now()));
  EXPECT_EQ(store.LeakedBlocks(), 0);
}

TEST(StoreModel, TheMemoryStoreLosesInACrashWhatWasNotCommitted) {
  MemoryStore::Options options;
  options.manual_commit = true;
  MemoryStore store(options);
  StoreWorkload workload(store, test::RandomSeed());
  for (int round = 0; round < 5; ++round) {
    for (int step = 0; step < 50; ++step) ASSERT_NO_FATAL_FAILURE(workload.Step());
    const TxgId durable = store.Commits().durable;
    const auto after = store.AfterCrash();
    ASSERT_NO_FATAL_FAILURE(StoreWorkload::ExpectEqual(*after, workload.AtEndOf(durable)));
    EXPECT_EQ(after->LeakedBlocks(), 0);
    ASSERT_TRUE(store.Commit());
  }
}

}  // namespace
}  // namespace faultline::store
