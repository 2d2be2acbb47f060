// SPDX-License-Identifier: GPL-2.0-or-later
// What the sanitizers' runtimes ask each program for, so that a daemon that a test starts has the
// same options as the test, whoever starts it. Linked in by name: nothing refers to these
// functions.
extern "C" {

// The linker takes this file for its sake: the runtimes bring functions of the names below
// themselves.
extern const int faultline_sanitizer_defaults;
const int faultline_sanitizer_defaults = 1;

#ifdef __SANITIZE_THREAD__

const char* __tsan_default_options() { return "second_deadlock_stack=1"; }

// Debian's librocksdb is not built with ThreadSanitizer: races that it sees inside are not ours,
// and it cannot see the synchronisation there. Nothing else may be listed here.
const char* __tsan_default_suppressions() {
  return "called_from_lib:librocksdb.so\n"
         "race:librocksdb.so\n";
}

#endif

#ifdef __SANITIZE_ADDRESS__

const char* __asan_default_options() {
  return "detect_stack_use_after_return=1:check_initialization_order=1";
}

#endif

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

}  // extern "C"
