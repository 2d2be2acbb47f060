// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/grace_period.h"

#include <thread>
#include <utility>

#include "base/check.h"
#include "base/test_point.h"
#include "lock/scheduler.h"

namespace faultline::lock {
namespace {

uint32_t StripeOfThisThread(size_t stripes) {
  static constinit std::atomic<uint32_t> next{0};
  static thread_local const uint32_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine % static_cast<uint32_t>(stripes);
}

}  // namespace

GracePeriod::GracePeriod(std::function<void()> wake) : wake_(std::move(wake)) {}

GracePeriod::~GracePeriod() {
  MutexLock lock(mu_);
  FL_CHECK(next_.empty() && current_.empty(), "callbacks are pending: Barrier() first");
}

GracePeriod::ReadSection::ReadSection(GracePeriod& grace, Place where)
    : grace_(&grace),
      index_(grace.index_.load()),
      stripe_(StripeOfThisThread(kStripes)),
      token_(LockClass::kReadSection, 0, Mode::kShared, where) {
  FL_TEST_POINT("lock.grace.index_read");
  // Sequentially consistent, and so are the sums of Drained: either the sum sees this reader, or
  // this reader sees everything that came before the sum.
  grace.stripes_[stripe_].entered[index_].fetch_add(1);
}

GracePeriod::ReadSection::ReadSection(ReadSection&& other) noexcept
    : grace_(std::exchange(other.grace_, nullptr)),
      index_(other.index_),
      stripe_(other.stripe_),
      token_(std::move(other.token_)) {}

void GracePeriod::ReadSection::End() {
  if (grace_ == nullptr) return;
  token_.Release();
  std::exchange(grace_, nullptr)->Leave(index_, stripe_);
}

void GracePeriod::Leave(uint32_t index, uint32_t stripe) {
  stripes_[stripe].left[index].fetch_add(1);
  // After counting out: a poll that has not seen that has asked to be woken before it looked.
  if (poll_wanted_.load() && poll_wanted_.exchange(false) && wake_) wake_();
}

void GracePeriod::Call(Callback callback) {
  {
    MutexLock lock(mu_);
    next_.push_back(std::move(callback));
    ++handed_over_;
  }
  if (wake_) wake_();
}

bool GracePeriod::Drained(uint32_t index) const {
  // Exits first: a reader that is seen to leave is then also seen to have come.
  uint64_t left = 0;
  uint64_t entered = 0;
  for (const Stripe& stripe : stripes_) left += stripe.left[index].load();
  for (const Stripe& stripe : stripes_) entered += stripe.entered[index].load();
  return left == entered;
}

bool GracePeriod::AdvanceLocked() {
  uint32_t idle = index_.load() ^ 1;
  switch (phase_) {
    case Phase::kIdle:
      if (next_.empty()) return false;
      current_ = std::exchange(next_, {});
      phase_ = Phase::kBeforeFlip;
      return true;
    case Phase::kBeforeFlip:
      if (!Drained(idle)) return false;
      index_.store(idle);
      phase_ = Phase::kAfterFlip;
      return true;
    case Phase::kAfterFlip:
      if (!Drained(idle)) return false;
      phase_ = Phase::kIdle;
      return true;
  }
  return false;
}

std::vector<GracePeriod::Callback> GracePeriod::TakeDueLocked() {
  poll_wanted_.store(true);
  std::vector<Callback> due;
  while (due.empty() && AdvanceLocked())
    if (phase_ == Phase::kIdle) due = std::exchange(current_, {});
  if (phase_ == Phase::kIdle && next_.empty()) poll_wanted_.store(false);
  return due;
}

size_t GracePeriod::Poll() {
  while (true) {
    std::vector<Callback> due;
    {
      MutexLock lock(mu_);
      if (!running_) due = TakeDueLocked();
      if (due.empty()) return handed_over_ - completed_;
      running_ = true;
    }
    for (Callback& callback : due) callback();
    MutexLock lock(mu_);
    running_ = false;
    completed_ += due.size();
  }
}

void GracePeriod::Barrier(Place where) {
  MayDo(Action::kWaitForGrace, where);
  uint64_t target;
  {
    MutexLock lock(mu_);
    target = handed_over_;
  }
  while (!HasCompleted(target)) {
    Poll();
    if (Scheduler* scheduler = ActiveScheduler())
      scheduler->Yield("lock.grace.barrier");
    else
      std::this_thread::yield();
  }
}

bool GracePeriod::HasCompleted(uint64_t count) {
  MutexLock lock(mu_);
  return completed_ >= count;
}

}  // namespace faultline::lock
