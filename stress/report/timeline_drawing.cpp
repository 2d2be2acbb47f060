// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/timeline_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/run_report.h"

namespace faultline::stress {
namespace {

constexpr int kLeft = 84, kTop = 8, kWidth = 1000, kRowHeight = 26, kAxis = 26, kRight = 32;

/// The instants at which something begins or ends, and the threads, in order.
struct Scale {
  std::vector<int64_t> instants;
  std::vector<uint32_t> threads;

  explicit Scale(std::span<const TimelineEvent> events) {
    for (const TimelineEvent& event : events) {
      instants.insert(instants.end(), {event.begin, event.end});
      threads.push_back(event.thread);
    }
    Unique(instants);
    Unique(threads);
  }

  template <class T>
  static void Unique(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  double X(int64_t instant) const {
    auto rank = std::lower_bound(instants.begin(), instants.end(), instant) - instants.begin();
    return kLeft +
           kWidth * (static_cast<double>(rank) + 0.5) / static_cast<double>(instants.size());
  }
};

const char* ClassOf(TimelineEvent::Kind kind) {
  switch (kind) {
    case TimelineEvent::Kind::kReads: return "reads";
    case TimelineEvent::Kind::kWrites: return "writes";
    case TimelineEvent::Kind::kZeroes: return "zeroes";
  }
  return "";
}

/// Every operation has a row of its own, grouped by thread: labels never overlap.
std::string Bar(const TimelineEvent& event, const Scale& scale, int y) {
  double begin = scale.X(event.begin), end = std::max(scale.X(event.end), begin + 3);
  bool right = begin < kLeft + 0.6 * kWidth;
  return fmt::format(
      "<g><title>{:.1f} .. {:.1f} us</title>"
      "<rect class=\"{}{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"16\" rx=\"2\"/>"
      "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\"{}>{}: {}</text></g>\n",
      1e-3 * static_cast<double>(event.begin), 1e-3 * static_cast<double>(event.end),
      ClassOf(event.kind), event.guilty ? " guilty" : "", begin, y + 3, end - begin,
      right ? end + 5 : begin - 5, y + 15, right ? "start" : "end",
      event.guilty ? " class=\"guilty\"" : "", EscapeXml(event.call), EscapeXml(event.value));
}

std::string Lane(uint32_t thread, int y, int rows) {
  return fmt::format(
      "<line class=\"lane\" x1=\"0\" x2=\"{0}\" y1=\"{1}\" y2=\"{1}\"/>"
      "<text class=\"thread\" x=\"4\" y=\"{2}\">thread {3}</text>\n",
      kLeft + kWidth, y, y + 15 + (rows - 1) * kRowHeight / 2, thread);
}

/// A handful of the instants, so that real distances can be read.
std::string Axis(const Scale& scale, int y) {
  std::string text;
  size_t step = std::max<size_t>(1, scale.instants.size() / 8);
  for (size_t i = 0; i < scale.instants.size(); i += step) {
    double x = scale.X(scale.instants[i]);
    text += fmt::format(
        "<line class=\"tick\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>"
        "<text class=\"tick\" x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:.1f} us</text>\n",
        x, kTop, y + 4, y + 18, 1e-3 * static_cast<double>(scale.instants[i]));
  }
  return text;
}

}  // namespace

std::string DrawTimeline(std::span<const TimelineEvent> events) {
  if (events.empty()) return {};
  Scale scale(events);
  std::string body;
  int y = kTop;
  for (uint32_t thread : scale.threads) {
    int first = y;
    for (const TimelineEvent& event : events) {
      if (event.thread != thread) continue;
      body += Bar(event, scale, y);
      y += kRowHeight;
    }
    body += Lane(thread, first, (y - first) / kRowHeight);
  }
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n{}{}</svg>\n",
                     kLeft + kWidth + kRight, y + kAxis, Axis(scale, y), body);
}

}  // namespace faultline::stress
