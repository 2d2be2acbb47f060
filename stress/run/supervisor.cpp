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
#include <cstdio>
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

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(errno, "pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// The child keeps nothing open that somebody else waits for: if it stays in state D for ever, who
/// reads our output still sees its end.
[[noreturn]] void WorkInChild(const Supervisor::Work& work, Pulse& pulse, int results, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  work(pulse, [&](const ScenarioResult& result) { WriteLine(results, ToJson(result).dump()); });
  WriteLine(results, kFinishedLine);
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
  FL_ASSIGN_OR_RETURN(Pipe results, MakePipe());
  FL_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  CatchInterrupts(pulse_);
  std::fflush(nullptr);
  pid_t child = fork();
  if (child < 0) return Fail(errno, "fork");
  if (child == 0) WorkInChild(work, pulse_, results.write_end.get(), output.write_end.get());
  results.write_end.Reset();
  output.write_end.Reset();
  Watch(child, results.read_end.get(), output.read_end.get());
  return std::move(results_);
}

void Supervisor::Watch(pid_t child, int results, int output) {
  HangWatch watch(pulse_, hang_after_);
  while (Receive(results, output)) {
    progress_.Show(pulse_);
    if (watch.Hangs()) return GiveUp(child);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!finished_) NoteDeath(status);
}

/// Waits a moment for more; false when the child closed the pipe of results.
bool Supervisor::Receive(int results, int output) {
  pollfd waiting[] = {{output, POLLIN, 0}, {results, POLLIN, 0}};
  if (poll(waiting, 2, kPollMilliseconds) <= 0) return true;
  char buffer[65536];
  if (waiting[0].revents != 0) {
    ssize_t got = read(output, buffer, sizeof(buffer));
    if (got > 0) std::fwrite(buffer, 1, static_cast<size_t>(got), stderr);
  }
  if (waiting[1].revents == 0) return true;
  ssize_t got = read(results, buffer, sizeof(buffer));
  if (got <= 0) return got < 0 && errno == EINTR;
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

double Supervisor::SecondsInScenario() const {
  if (pulse_.scenario == nullptr) return 0;
  return 1e-9 * static_cast<double>(Now() - pulse_.scenario_since);
}

void Supervisor::GiveUp(pid_t child) {
  ScenarioResult hung;
  hung.scenario = pulse_.scenario.load() != nullptr ? pulse_.scenario.load() : "start";
  hung.seconds = SecondsInScenario();
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
  dead.seconds = SecondsInScenario();
  dead.outcome = Outcome::kError;
  dead.reason = WIFSIGNALED(status)
                    ? fmt::format("the working process died: {}", strsignal(WTERMSIG(status)))
                    : fmt::format("the working process exited with {}", WEXITSTATUS(status));
  progress_.Finished(dead);
  results_.push_back(std::move(dead));
}

}  // namespace faultline::stress
