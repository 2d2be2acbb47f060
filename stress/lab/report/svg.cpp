// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "lab/report/trace.h"

namespace faultline::lab {
namespace {

constexpr int kColumnWidth = 250;
constexpr int kRowHeight = 22;
constexpr int kTop = 70;
constexpr int kLeft = 50;

std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

int X(size_t column) { return kLeft + static_cast<int>(column) * kColumnWidth; }
int Y(size_t row) { return kTop + static_cast<int>(row + 1) * kRowHeight; }

std::string Lifeline(size_t column, const std::string& name, size_t rows) {
  return fmt::format(
      "<text class='head' x='{0}' y='{1}'>{2}</text>\n"
      "<line class='life' x1='{0}' y1='{3}' x2='{0}' y2='{4}'/>\n",
      X(column), kTop - 12, Escape(name), kTop, Y(rows));
}

std::string StepMark(const Trace::Line& line, size_t row) {
  return fmt::format(
      "<text class='number' x='8' y='{0}'>{1}</text>\n"
      "<circle cx='{2}' cy='{3}' r='4'/><text x='{4}' y='{0}'>{5}</text>\n",
      Y(row) + 4, row + 1, X(line.column), Y(row), X(line.column) + 12, Escape(line.text));
}

}  // namespace

std::string FormatSvg(const Trace& trace, const std::string& title) {
  bool environment = false;
  for (const Trace::Line& line : trace.lines) environment |= line.column == trace.columns.size();
  const int width = X(trace.columns.size() + environment) + 20;
  const int height = Y(trace.lines.size() + 2);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}'>\n"
      "<style>text{{font:13px sans-serif}}.title{{font-weight:bold;font-size:15px}}"
      ".head{{font-weight:bold}}.number{{fill:#888}}.life{{stroke:#bbb}}circle{{fill:#2a6fb0}}"
      ".outcome{{fill:#b02a2a;font-weight:bold}}</style>\n"
      "<rect width='100%' height='100%' fill='white'/>\n"
      "<text class='title' x='8' y='24'>{2}</text>\n",
      width, height, Escape(title));
  for (size_t i = 0; i < trace.columns.size(); ++i)
    svg += Lifeline(i, trace.columns[i], trace.lines.size());
  if (environment) svg += Lifeline(trace.columns.size(), "(meanwhile)", trace.lines.size());
  for (size_t i = 0; i < trace.lines.size(); ++i) svg += StepMark(trace.lines[i], i);
  svg += fmt::format("<text class='outcome' x='{}' y='{}'>{}</text>\n</svg>\n", kLeft,
                     Y(trace.lines.size() + 1), Escape(trace.outcome));
  return svg;
}

}  // namespace faultline::lab
