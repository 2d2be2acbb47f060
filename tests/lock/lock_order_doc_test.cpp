// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/lock_order_doc.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "lock/hierarchy.h"
#include "support/paths.h"

namespace faultline::lock {
namespace {

/// Compares, or with FAULTLINE_UPDATE_DOCS=1 writes.
void ExpectCommitted(const std::string& name, const std::string& wanted) {
  auto path = test::SourceDirectory() / "docs" / name;
  if (std::getenv("FAULTLINE_UPDATE_DOCS") != nullptr) std::ofstream(path) << wanted;
  std::ostringstream found;
  found << std::ifstream(path).rdbuf();
  EXPECT_TRUE(found.str() == wanted)
      << path << " differs from src/lock/hierarchy.h.\nWrite it anew with\n"
      << "  FAULTLINE_UPDATE_DOCS=1 lock_test --gtest_filter='LockOrderDoc.*'";
}

TEST(LockOrderDoc, MarkdownIsWhatTheTableSays) {
  ExpectCommitted("lock-order.md", LockOrderMarkdown());
}

TEST(LockOrderDoc, PictureIsWhatTheTableSays) { ExpectCommitted("lock-order.svg", LockOrderSvg()); }

TEST(LockOrderDoc, HoldsEveryClassWithItsReason) {
  std::string text = LockOrderMarkdown();
  for (const HierarchyRow& row : kHierarchy) {
    EXPECT_NE(text.find(fmt::format("**{}** guards", row.name)), std::string::npos);
    EXPECT_NE(text.find(row.why), std::string::npos);
  }
}

TEST(LockOrderDoc, ReadmeHasAParagraphForEveryClass) {
  std::ostringstream readme;
  readme << std::ifstream(test::SourceDirectory() / "src/lock/README.md").rdbuf();
  for (const HierarchyRow& row : kHierarchy)
    EXPECT_NE(readme.str().find(fmt::format("**{}**", row.name)), std::string::npos) << row.name;
}

}  // namespace
}  // namespace faultline::lock
