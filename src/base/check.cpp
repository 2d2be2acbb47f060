// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/check.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace faultline {
namespace {

std::string Demangle(const char* symbol) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(name.get()) : std::string(symbol);
}

/// "faultline::X::Y()  mount.faultline+0x1234", the offset as addr2line takes it.
std::string DescribeFrame(void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return fmt::format("{}", address);
  std::string_view module = info.dli_fname;
  if (size_t slash = module.rfind('/'); slash != module.npos) module.remove_prefix(slash + 1);
  auto offset = static_cast<char*>(address) - static_cast<char*>(info.dli_fbase);
  std::string name = info.dli_sname != nullptr ? Demangle(info.dli_sname) + "  " : std::string();
  return fmt::format("{}{}+{:#x}", name, module, offset);
}

}  // namespace

std::string Backtrace(int skip) {
  constexpr int kMaxFrames = 64;
  void* frames[kMaxFrames];
  int count = ::backtrace(frames, kMaxFrames);
  std::string text;
  for (int i = skip + 1; i < count; ++i) text += fmt::format("    {}\n", DescribeFrame(frames[i]));
  return text;
}

namespace internal {

void CheckFailed(const char* file, int line, const char* condition, std::string_view message) {
  std::string text = fmt::format("{}:{}: check failed: {}{}{}\n{}", file, line, condition,
                                 message.empty() ? "" : ": ", message, Backtrace(1));
  // Straight to the descriptor: the logger may be what is broken.
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n <= 0) break;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  std::abort();
}

}  // namespace internal
}  // namespace faultline
