// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"
#include "report/result_json.h"
#include "run/hang.h"

namespace faultline::stress {
namespace {

constexpr int kPollMilliseconds = 200;
constexpr const char* kFinishedLine = "finished";

Pulse* g_interrupted = nullptr;

void OnInterrupt(int) {
  if (g_interrupted != nullptr) g_interrupted->stop = true;
}

void WriteLine(int pipe, const std::string& text) {
  std::string line = text + "\n";
  for (size_t done = 0; done < line.size();) {
    ssize_t written = write(pipe, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    done += static_cast<size_t>(written);
  }
}

[[noreturn]] void WorkInChild(const Supervisor::Work& work, Pulse& pulse, int pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  work(pulse, [&](const ScenarioResult& result) { WriteLine(pipe, ToJson(result).dump()); });
  WriteLine(pipe, kFinishedLine);
  _exit(0);
}

void CatchInterrupts(Pulse& pulse) {
  g_interrupted = &pulse;
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Result<std::vector<ScenarioResult>> Supervisor::Run(const Work& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(errno, "pipe");
  UniqueFd from_child(ends[0]), to_parent(ends[1]);
  CatchInterrupts(pulse_);
  pid_t child = fork();
  if (child < 0) return Fail(errno, "fork");
  if (child == 0) WorkInChild(work, pulse_, to_parent.get());
  to_parent.Reset();
  Watch(child, from_child.get());
  return std::move(results_);
}

void Supervisor::Watch(pid_t child, int pipe) {
  HangWatch watch(pulse_, hang_after_);
  while (ReadResults(pipe)) {
    progress_.Show(pulse_);
    if (watch.Hangs()) return GiveUp(child);
  }
  int status = 0;
  if (finished_ || waitpid(child, &status, 0) != child) {
    waitpid(child, &status, 0);
    return;
  }
  NoteDeath(status);
}

/// Waits a moment for more; false at the end of the pipe.
bool Supervisor::ReadResults(int pipe) {
  pollfd waiting{pipe, POLLIN, 0};
  if (poll(&waiting, 1, kPollMilliseconds) <= 0) return true;
  char buffer[65536];
  ssize_t got = read(pipe, buffer, sizeof(buffer));
  if (got < 0) return errno == EINTR;
  if (got == 0) return false;
  received_.append(buffer, static_cast<size_t>(got));
  for (size_t end; (end = received_.find('\n')) != std::string::npos;) {
    TakeLine(received_.substr(0, end));
    received_.erase(0, end + 1);
  }
  return true;
}

void Supervisor::TakeLine(const std::string& line) {
  if (line == kFinishedLine) {
    finished_ = true;
    return;
  }
  results_.push_back(ResultFromJson(nlohmann::json::parse(line)));
  progress_.Finished(results_.back());
}

void Supervisor::GiveUp(pid_t child) {
  ScenarioResult hung;
  hung.scenario = pulse_.scenario.load() != nullptr ? pulse_.scenario.load() : "start";
  hung.violations.Add({Verdict::kHang, fmt::format("process {}", child),
                       fmt::format("nothing finished for {} s", hang_after_ / 1'000'000'000),
                       DescribeHang(child, pulse_, device_)});
  hung.Conclude(false, std::nullopt);
  progress_.Finished(hung);
  results_.push_back(std::move(hung));
  kill(child, SIGKILL);  // a thread in state D stays until what it waits for comes
}

void Supervisor::NoteDeath(int status) {
  ScenarioResult dead;
  dead.scenario = pulse_.scenario.load() != nullptr ? pulse_.scenario.load() : "start";
  dead.outcome = Outcome::kError;
  dead.reason = WIFSIGNALED(status)
                    ? fmt::format("the working process died: {}", strsignal(WTERMSIG(status)))
                    : fmt::format("the working process exited with {}", WEXITSTATUS(status));
  progress_.Finished(dead);
  results_.push_back(std::move(dead));
}

}  // namespace faultline::stress
