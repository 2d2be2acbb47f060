// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/control.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/control_protocol.h"

namespace faultline::fuse {
namespace {

Result<control::Message> ParseInput(std::span<const std::byte> input) {
  if (input.size() != control::kMessageSize) return Fail(EINVAL);
  control::Message message;  // of which only the beginning says anything
  std::memcpy(static_cast<void*>(&message), input.data(), offsetof(control::Message, text));
  if (message.protocol != control::kProtocol) return Fail(EINVAL);
  return message;
}

std::vector<std::byte> Page(const std::string& text, uint32_t number, uint64_t offset) {
  auto message = std::make_unique<control::Message>();
  const size_t begin = std::min<size_t>(offset, text.size());
  const size_t size = std::min(text.size() - begin, control::kTextSize);
  message->text_size = static_cast<uint32_t>(size);
  message->total_size = static_cast<uint32_t>(text.size());
  message->answer = number;
  message->offset = begin;
  std::memcpy(message->text, text.data() + begin, size);
  const auto bytes = std::as_bytes(std::span(message.get(), 1));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void Control::Register(unsigned long command, Report report) {
  commands_.push_back({command, std::move(report)});
}

Result<std::vector<std::byte>> Control::Handle(unsigned long command,
                                               std::span<const std::byte> input) {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const Command& c) { return c.number == command; });
  if (found == commands_.end()) return Fail(ENOTTY);
  FL_ASSIGN_OR_RETURN(const control::Message asked, ParseInput(input));
  FL_ASSIGN_OR_RETURN(const Answer answer,
                      asked.answer == 0 ? MakeAnswer(*found) : FindAnswer(*found, asked.answer));
  return Page(answer.text, answer.number, asked.answer == 0 ? 0 : asked.offset);
}

// Whoever asked may never come back for the rest, so the oldest one goes.
Result<Control::Answer> Control::MakeAnswer(const Command& command) {
  Answer answer{0, command.number, command.report()};
  if (answer.text.size() > UINT32_MAX) return Fail(EMSGSIZE);
  lock::MutexLock lock(mu_);
  answer.number = ++last_number_ != 0 ? last_number_ : ++last_number_;
  if (answer.text.size() <= control::kTextSize) return answer;
  unfinished_.push_back(answer);
  if (unfinished_.size() > kMostAnswers) unfinished_.pop_front();
  return answer;
}

Result<Control::Answer> Control::FindAnswer(const Command& command, uint32_t number) const {
  lock::MutexLock lock(mu_);
  for (const Answer& answer : unfinished_)
    if (answer.number == number && answer.command == command.number) return answer;
  return Fail(ESTALE);
}

}  // namespace faultline::fuse
