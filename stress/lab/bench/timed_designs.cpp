// SPDX-License-Identifier: GPL-2.0-or-later
#include <mutex>
#include <shared_mutex>

#include "lab/bench/address_space.h"

namespace faultline::lab {
namespace {

class MmapSem : public AddressSpace {
 public:
  bool Fault(size_t, size_t region, size_t page, unsigned io_us) override {
    const std::shared_lock held(mmap_sem_);
    if (Find(region) == nullptr) return false;
    ReadPage(io_us);
    const std::lock_guard ptl(tables_[region].lock);
    SetPte(region, page);
    return true;
  }

  void Unmap(size_t region) override {
    const std::lock_guard held(mmap_sem_);
    const std::unique_ptr<MappedRegion> vma(Unlink(region));
    Zap(region);
  }

  void Map(size_t region) override {
    const std::lock_guard held(mmap_sem_);
    Link(region);
  }

 protected:
  RwSem mmap_sem_;
};

class NoIoRetry : public MmapSem {
 public:
  bool Fault(size_t thread, size_t region, size_t page, unsigned io_us) override {
    if (io_us != 0) {
      {
        const std::shared_lock held(mmap_sem_);
        if (Find(region) == nullptr) return false;
      }
      ReadPage(io_us);
    }
    return MmapSem::Fault(thread, region, page, 0);
  }
};

// What the lockless designs share: sections that keep VMAs, and the recheck under the page-table
// lock.
class Lockless : public AddressSpace {
 public:
  ~Lockless() override { sections_.Synchronize(), sections_.Poll(); }

  void Unmap(size_t region) override {
    const std::lock_guard held(mmap_sem_);
    MappedRegion* vma = Unlink(region);
    Zap(region);
    Release(vma);
  }

  void Map(size_t region) override {
    const std::lock_guard held(mmap_sem_);
    Link(region);
  }

  void Poll() override { sections_.Poll(); }

 protected:
  virtual void Release(MappedRegion* vma) {
    sections_.Retire([vma] { delete vma; });
  }

  bool Install(size_t region, size_t page, const MappedRegion& vma, uint64_t sequence) {
    const std::lock_guard ptl(tables_[region].lock);
    const bool same = vma.linked.load(std::memory_order_acquire) &&
                      vma.sequence.load(std::memory_order_acquire) == sequence;
    if (same) SetPte(region, page);
    return same;
  }

  RwSem mmap_sem_;
  ReadSections sections_;
};

// The prototype of 2020-02: find the VMA under a short down_read(), everything else under SRCU.
class Srcu : public Lockless {
 public:
  bool Fault(size_t thread, size_t region, size_t page, unsigned io_us) override {
    sections_.Enter(thread);
    const bool done = FaultInside(region, page, io_us);
    sections_.Leave(thread);
    return done;
  }

 private:
  bool FaultInside(size_t region, size_t page, unsigned io_us) {
    MappedRegion* vma = nullptr;
    {
      const std::shared_lock held(mmap_sem_);
      vma = Find(region);
    }
    if (vma == nullptr) return false;
    const uint64_t sequence = vma->sequence.load(std::memory_order_acquire);
    ReadPage(io_us);
    return Install(region, page, *vma, sequence);
  }
};

class SrcuSync : public Srcu {
 public:
  void Unmap(size_t region) override {
    MappedRegion* vma = nullptr;
    {
      const std::lock_guard held(mmap_sem_);
      vma = Unlink(region);
    }
    sections_.Synchronize();
    Zap(region);
    delete vma;
  }
};

class VmaRefcount : public Lockless {
 public:
  bool Fault(size_t thread, size_t region, size_t page, unsigned io_us) override {
    sections_.Enter(thread);
    MappedRegion* vma = Find(region);
    const bool found = vma != nullptr && TryGet(*vma);
    sections_.Leave(thread);
    if (!found) return false;
    const uint64_t sequence = vma->sequence.load(std::memory_order_acquire);
    ReadPage(io_us);
    const bool done = Install(region, page, *vma, sequence);
    Put(vma);
    return done;
  }

 protected:
  void Release(MappedRegion* vma) override {
    sections_.Retire([vma] { Put(vma); });
  }

  // Sections keep the VMA itself; the count keeps it beyond them.
  static bool TryGet(MappedRegion& vma) {
    return vma.references.fetch_add(1, std::memory_order_acquire) != 0;
  }
  static void Put(MappedRegion* vma) {
    if (vma->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete vma;
  }
};

// Entirely under RCU; the fallback differs.
template <class Slow>
class UnderRcu : public Slow {
 public:
  bool Fault(size_t thread, size_t region, size_t page, unsigned io_us) override {
    if (io_us == 0) {
      this->sections_.Enter(thread);
      const bool done = FaultInside(region, page);
      this->sections_.Leave(thread);
      if (done) return true;
    }
    return Slow::Fault(thread, region, page, io_us);
  }

 private:
  bool FaultInside(size_t region, size_t page) {
    MappedRegion* vma = this->Find(region);
    if (vma == nullptr) return false;
    return this->Install(region, page, *vma, vma->sequence.load(std::memory_order_acquire));
  }
};

// The slow path of the speculative design: mmap_sem with I/O.
class LocklessWithMmapSem : public Lockless {
 public:
  bool Fault(size_t, size_t region, size_t page, unsigned io_us) override {
    const std::shared_lock held(mmap_sem_);
    if (Find(region) == nullptr) return false;
    ReadPage(io_us);
    const std::lock_guard ptl(tables_[region].lock);
    SetPte(region, page);
    return true;
  }
};

class Ranges : public AddressSpace {
 public:
  bool Fault(size_t, size_t region, size_t page, unsigned io_us) override {
    const RangeLock::Guard held(ranges_, region, region, false);
    if (Find(region) == nullptr) return false;
    ReadPage(io_us);
    const std::lock_guard ptl(tables_[region].lock);
    SetPte(region, page);
    return true;
  }

  void Unmap(size_t region) override {
    const RangeLock::Guard held(ranges_, region, region, true);
    const std::unique_ptr<MappedRegion> vma(Unlink(region));
    Zap(region);
  }

  void Map(size_t region) override {
    const RangeLock::Guard held(ranges_, region, region, true);
    Link(region);
  }

 private:
  RangeLock ranges_;
};

template <class Design>
std::unique_ptr<AddressSpace> Make() {
  return std::make_unique<Design>();
}

}  // namespace

std::vector<TimedDesign> TimedDesigns() {
  return {{"mmap_sem", Make<MmapSem>},
          {"no_io_retry", Make<NoIoRetry>},
          {"srcu", Make<Srcu>},
          {"srcu_sync", Make<SrcuSync>},
          {"vma_refcount", Make<VmaRefcount>},
          {"speculative", Make<UnderRcu<LocklessWithMmapSem>>},
          {"rcu_fallback", Make<UnderRcu<VmaRefcount>>},
          {"range_lock", Make<Ranges>}};
}

}  // namespace faultline::lab
