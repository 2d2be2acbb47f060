// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "lock/class_token.h"
#include "lock/mutex.h"

namespace faultline::lock {

/// Runs callbacks once every read section that was open when they were handed over has ended, as
/// the kernel's call_srcu(): readers may sleep, the killer never waits. Readers touch one striped
/// counter, no shared cache line. Nobody runs a callback but Poll() (and Barrier()).
///
/// Each reader counts itself in under one of two indices. A grace period waits until the idle index
/// has drained, flips readers over to it, and waits until the other one has drained; a reader that
/// read the index before a flip and counted itself in after it is caught by the first wait of the
/// next period (McKenney's SRCU).
class GracePeriod {
 public:
  /// Move-only callable; may take any lock that Poll's caller may.
  class Callback {
   public:
    Callback() = default;
    template <class F>
    requires(!std::is_same_v<std::decay_t<F>, Callback>)
        Callback(F&& f)  // NOLINT: a lambda is what one passes
        : body_(std::make_unique<Body<std::decay_t<F>>>(std::forward<F>(f))) {}
    void operator()() { body_->Run(); }

   private:
    struct Base {
      virtual ~Base() = default;
      virtual void Run() = 0;
    };
    template <class F>
    struct Body final : Base {
      explicit Body(F f) : function(std::move(f)) {}
      void Run() override { function(); }
      F function;
    };
    std::unique_ptr<Base> body_;
  };

  /// `wake`, if given, is called when Poll() may get further: from Call, or from a reader that
  /// leaves while a period waits. It must only schedule: no lock but its own, no callback.
  explicit GracePeriod(std::function<void()> wake = {});
  /// FL_CHECKs that nothing is pending: Barrier() first. Every section has ended before.
  ~GracePeriod();
  GracePeriod(const GracePeriod&) = delete;
  GracePeriod& operator=(const GracePeriod&) = delete;

  /// RAII; may sleep inside; nests. Belongs to the request: it may end in another thread.
  class ReadSection {
   public:
    explicit ReadSection(GracePeriod& grace, Place where = Place::Current());
    ReadSection(ReadSection&& other) noexcept;
    ReadSection& operator=(ReadSection&&) = delete;
    ~ReadSection() { End(); }
    void End();

   private:
    GracePeriod* grace_;
    uint32_t index_;
    uint32_t stripe_;
    ClassToken token_;
  };

  /// Runs `callback` from some Poll() after every section open now has ended. Never waits.
  void Call(Callback callback);

  /// Advances without waiting, runs what is due. Any thread; one at a time does the work.
  /// Returns how many callbacks are still pending.
  size_t Poll();

  /// Waits until everything handed over before has run. Shutdown and tests only; never inside a
  /// read section.
  void Barrier(Place where = Place::Current());

 private:
  static constexpr size_t kStripes = 16;
  struct alignas(64) Stripe {
    std::atomic<uint64_t> entered[2] = {0, 0};
    std::atomic<uint64_t> left[2] = {0, 0};
  };
  enum class Phase { kIdle, kBeforeFlip, kAfterFlip };

  bool Drained(uint32_t index) const;
  bool AdvanceLocked() FL_REQUIRES(mu_);
  std::vector<Callback> TakeDueLocked() FL_REQUIRES(mu_);
  bool HasCompleted(uint64_t count);
  void Leave(uint32_t index, uint32_t stripe);

  const std::function<void()> wake_;
  std::array<Stripe, kStripes> stripes_;
  std::atomic<uint32_t> index_{0};
  std::atomic<bool> poll_wanted_{false};  // a period waits for readers

  Mutex mu_{LockClass::kGrace};
  Phase phase_ FL_GUARDED_BY(mu_) = Phase::kIdle;
  std::vector<Callback> next_ FL_GUARDED_BY(mu_);     // for the period after this one
  std::vector<Callback> current_ FL_GUARDED_BY(mu_);  // due when this one ends
  bool running_ FL_GUARDED_BY(mu_) = false;           // some Poll() runs callbacks
  uint64_t handed_over_ FL_GUARDED_BY(mu_) = 0;
  uint64_t completed_ FL_GUARDED_BY(mu_) = 0;
};

}  // namespace faultline::lock
