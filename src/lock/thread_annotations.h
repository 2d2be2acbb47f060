// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// Clang's thread safety analysis (-Wthread-safety); nothing elsewhere.
#if defined(__clang__)
#define FL_TSA_(x) __attribute__((x))
#else
#define FL_TSA_(x)
#endif

#define FL_CAPABILITY(name) FL_TSA_(capability(name))
#define FL_SCOPED_CAPABILITY FL_TSA_(scoped_lockable)

#define FL_GUARDED_BY(mu) FL_TSA_(guarded_by(mu))
#define FL_PT_GUARDED_BY(mu) FL_TSA_(pt_guarded_by(mu))

#define FL_REQUIRES(...) FL_TSA_(requires_capability(__VA_ARGS__))
#define FL_REQUIRES_SHARED(...) FL_TSA_(requires_shared_capability(__VA_ARGS__))
#define FL_EXCLUDES(...) FL_TSA_(locks_excluded(__VA_ARGS__))

#define FL_ACQUIRE(...) FL_TSA_(acquire_capability(__VA_ARGS__))
#define FL_ACQUIRE_SHARED(...) FL_TSA_(acquire_shared_capability(__VA_ARGS__))
#define FL_RELEASE(...) FL_TSA_(release_capability(__VA_ARGS__))
#define FL_RELEASE_SHARED(...) FL_TSA_(release_shared_capability(__VA_ARGS__))
#define FL_RELEASE_GENERIC(...) FL_TSA_(release_generic_capability(__VA_ARGS__))
#define FL_TRY_ACQUIRE(...) FL_TSA_(try_acquire_capability(__VA_ARGS__))

#define FL_ASSERT_CAPABILITY(x) FL_TSA_(assert_capability(x))
#define FL_ASSERT_SHARED_CAPABILITY(x) FL_TSA_(assert_shared_capability(x))
#define FL_RETURN_CAPABILITY(x) FL_TSA_(lock_returned(x))

/// Switches the analysis off for one function. The reason is part of the code:
/// `void Swap() FL_NO_TSA("locks a set whose members are known at run time only");`
#define FL_NO_TSA(reason) FL_TSA_(no_thread_safety_analysis)
