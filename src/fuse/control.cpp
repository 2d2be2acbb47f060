// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/control.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/control_protocol.h"

namespace faultline::fuse {
namespace {

Result<> CheckInput(std::span<const std::byte> input) {
  if (input.size() != control::kMessageSize) return Fail(EINVAL);
  uint32_t protocol;
  std::memcpy(&protocol, input.data(), sizeof protocol);
  if (protocol != control::kProtocol) return Fail(EINVAL);
  return {};
}

Result<std::vector<std::byte>> Answer(const std::string& text) {
  if (text.size() > control::kTextSize) return Fail(EMSGSIZE);
  auto message = std::make_unique<control::Message>();
  message->text_size = static_cast<uint32_t>(text.size());
  std::memcpy(message->text, text.data(), text.size());
  const auto bytes = std::as_bytes(std::span(message.get(), 1));
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace

void Control::Register(unsigned long command, Report report) {
  commands_.push_back({command, std::move(report)});
}

Result<std::vector<std::byte>> Control::Handle(unsigned long command,
                                               std::span<const std::byte> input) const {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const Command& c) { return c.number == command; });
  if (found == commands_.end()) return Fail(ENOTTY);
  FL_TRY(CheckInput(input));
  return Answer(found->report());
}

}  // namespace faultline::fuse
