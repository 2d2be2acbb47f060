# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the scripts share: messages, timed stages with a table at the end, and the way out of a mount
# that hangs. Sourced, never run.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# stage <name> <command>...: runs it, keeps its result and time for stage_table, returns its status.
stage_results=/dev/null  # the caller names a file
stage() {
  stage_name=$1
  shift
  printf '\n==== %s\n' "$stage_name"
  stage_begin=$(date +%s)
  stage_status=0
  "$@" || stage_status=$?
  stage_seconds=$(($(date +%s) - stage_begin))
  stage_word=ok
  [ "$stage_status" = 0 ] || stage_word="FAILED ($stage_status)"
  printf '%s\t%s\t%s\n' "$stage_name" "$stage_seconds" "$stage_word" >>"$stage_results"
  return "$stage_status"
}

stage_table() {
  awk -F '\t' 'BEGIN { printf "\n%-34s %8s  %s\n", "stage", "seconds", "result" }
    { printf "%-34s %8d  %s\n", $1, $2, $3; all += $2 }
    END { printf "%-34s %8d\n", "all", all }' "$stage_results"
}

# The mount points at or below a directory, the innermost first.
mounts_below() {
  awk -v top="$1" '$5 == top || index($5, top "/") == 1 { print $5 }' /proc/self/mountinfo | sort -r
}

# Ends the FUSE connection of a mount point: every request in flight fails, nothing waits any more.
abort_connection() {
  minor=$(awk -v point="$1" '$5 == point && $0 ~ / - fuse/ { sub(".*:", "", $3); print $3 }' \
    /proc/self/mountinfo | tail -n 1)
  [ -n "$minor" ] || return 0
  connections=/sys/fs/fuse/connections
  [ -e "$connections/$minor" ] || mount -t fusectl fusectl "$connections" 2>/dev/null || return 0
  echo 1 >"$connections/$minor/abort" 2>/dev/null || true
}

unmount() {
  if [ "$(id -u)" = 0 ]; then umount "$@"; else fusermount3 -u "$@"; fi
}

# guarded <seconds> <directory> <command>...: when the command takes longer than that, the connections
# of all mounts at or below the directory are aborted, which fails whatever the command is stuck in.
guarded() {
  guard_seconds=$1
  guard_directory=$2
  shift 2
  (
    sleep "$guard_seconds" &
    sleeper=$!
    trap 'kill "$sleeper"; exit' TERM
    wait "$sleeper"
    echo "${0##*/}: no end after $guard_seconds s: aborting what is mounted below $guard_directory" >&2
    for point in $(mounts_below "$guard_directory"); do abort_connection "$point"; done
  ) &
  guard=$!
  guard_status=0
  "$@" || guard_status=$?
  kill "$guard" 2>/dev/null || true
  wait "$guard" 2>/dev/null || true
  return "$guard_status"
}

# Unmounts whatever is below a directory, come what may.
unmount_below() {
  for point in $(mounts_below "$1"); do
    guarded 20 "$point" unmount "$point" 2>/dev/null && continue
    abort_connection "$point"
    if [ "$(id -u)" = 0 ]; then umount -l "$point"; else fusermount3 -u -z "$point"; fi || true
  done
}
