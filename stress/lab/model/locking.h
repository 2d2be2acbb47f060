// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <initializer_list>

#include "lab/model/program.h"

namespace faultline::lab {

// Locks, read sections and what may be done under them.
//
// A blocked writer of a rwsem queues, and new readers wait behind it: without that the ABBA of
// mmap_lock and inode locks could not deadlock, because both sides only read mmap_lock.

bool IsSpinlock(Lock lock);

Flow TakeShared(Turn& r, Lock lock);
Flow TakeExclusive(Turn& r, Lock lock);
// All of them at once or none: a range lock over several pages.
Flow TakeExclusive(Turn& r, std::initializer_list<Lock> locks);
Flow DropLock(Turn& r, Lock lock);

// True when no thread, this one included, keeps `lock` from being taken shared.
bool ReadersMayEnter(const Turn& r, Lock lock);
bool HeldByAnyone(const World& w, Lock lock);

void CheckMaySleep(const Turn& r);
void CheckMayDoIo(const Turn& r);

// A grace period begins: every read section open now holds it up until it is left.
void BeginGrace(World& w);
bool GraceEnded(const World& w, const Rules& rules);

// smp_mb(): waits for this CPU's pending store.
void Drain(World& w, Thread& t);

}  // namespace faultline::lab
