// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "lock/hierarchy.h"
#include "lock/lock_order_doc.h"

namespace faultline::lock {
namespace {

// Pixels.
constexpr int kRowHeight = 24, kCell = 20;
constexpr int kTop = 196, kNameX = 44, kNameWidth = 178;
constexpr int kActionsX = kNameX + kNameWidth + 16;
constexpr int kMatrixX = kActionsX + static_cast<int>(kActionCount) * kCell + 28;
constexpr int kRows = static_cast<int>(kLockClassCount);
constexpr int kWidth = kMatrixX + kRows * kCell + 138;
constexpr int kHeight = kTop + kRows * kRowHeight + 76;

constexpr std::string_view kStyle = R"(<style>
  text { font: 12px 'DejaVu Sans', Verdana, sans-serif; fill: #24292f }
  .title { font-size: 19px; font-weight: bold }
  .note, .head { fill: #57606a; font-size: 11px }
  .kernel { fill: #fbe3d2; stroke: #c4622d }
  .daemon { fill: #dce9f9; stroke: #3a6ea5 }
  .leaf { fill: #e6f2e2; stroke: #5a8f4a }
  .cell { fill: #fff; stroke: #e3e7ec }
  .held-kernel { fill: #c4622d }
  .held-daemon { fill: #3a6ea5 }
  .may { fill: #5a8f4a }
  .same { fill: #24292f; font-size: 11px; text-anchor: middle }
  .arrow { stroke: #8c959f; stroke-width: 1.5; fill: none }
</style>
)";

/// Leaves: nothing that can block is done under them.
std::string_view BoxClass(const HierarchyRow& row) {
  if (row.is_kernel) return "kernel";
  return row.may_do == 0 ? "leaf" : "daemon";
}

std::string_view SameClassSign(SameClass rule) {
  switch (rule) {
    case SameClass::kNever: return "1";
    case SameClass::kAscendingInstance: return "↗";
    case SameClass::kShared: return "∞";
  }
  return "";
}

constexpr int RowY(int row) { return kTop + row * kRowHeight; }
constexpr int RowCenter(int row) { return RowY(row) + kRowHeight / 2; }

std::string Text(int x, int y, std::string_view css, std::string_view text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", x, y, css, text);
}

std::string Slanted(int x, int y, std::string_view text) {
  return fmt::format("<text class=\"head\" transform=\"translate({},{}) rotate(-45)\">{}</text>\n",
                     x, y, text);
}

std::string Dot(int column_x, int row, std::string_view css) {
  return fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4.5\" class=\"{}\"/>\n", column_x + kCell / 2,
                     RowCenter(row), css);
}

std::string Cell(int column_x, int row) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"cell\"/>\n",
                     column_x, RowY(row), kCell, kRowHeight);
}

std::string NameBox(int i, const HierarchyRow& row) {
  return fmt::format(
             "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\" class=\"{}\">"
             "<title>guards {}. {}</title></rect>\n",
             kNameX, RowY(i) + 2, kNameWidth, kRowHeight - 4, BoxClass(row), row.guards, row.why) +
         Text(kNameX + 9, RowCenter(i) + 4, "name", row.name);
}

std::string ActionCells(int i, const HierarchyRow& row) {
  std::string text;
  for (size_t a = 0; a < kActionCount; ++a) {
    int x = kActionsX + static_cast<int>(a) * kCell;
    text += Cell(x, i);
    if ((row.may_do & (ActionMask{1} << a)) != 0) text += Dot(x, i, "may");
  }
  return text;
}

std::string MatrixCells(int i, const HierarchyRow& row) {
  std::string text;
  for (int held = 0; held <= i; ++held) {
    int x = kMatrixX + held * kCell;
    text += Cell(x, i);
    const HierarchyRow& other = kHierarchy[static_cast<size_t>(held)];
    if ((row.held_before & MaskOf(other.lock_class)) != 0)
      text += Dot(x, i, other.is_kernel ? "held-kernel" : "held-daemon");
  }
  int x = kMatrixX + i * kCell;
  text += Text(x + kCell / 2, RowCenter(i) + 4, "same", SameClassSign(row.same_class));
  return text + Slanted(x + kCell + 4, RowCenter(i) + 1, row.name);
}

std::string RowOf(int i, const HierarchyRow& row) {
  return NameBox(i, row) + ActionCells(i, row) + MatrixCells(i, row);
}

std::string Headings() {
  std::string text =
      Text(kNameX, 34, "title", "Lock order of faultline") +
      Text(kNameX, 55, "note",
           "Outermost at the top. Orange: locks of the kernel client, held by") +
      Text(kNameX, 70, "note", "the requester before the daemon hears of it. Blue: the daemon’s.") +
      Text(kNameX, 85, "note", "Green: memory accesses only.");
  for (size_t a = 0; a < kActionCount; ++a)
    text += Slanted(kActionsX + static_cast<int>(a) * kCell + 12, kTop - 8,
                    Name(static_cast<Action>(a)));
  return text;
}

/// From outermost to innermost, left of the names.
std::string OrderArrow() {
  int x = kNameX - 22, end = RowY(kRows) - 8;
  return fmt::format(
      "<path class=\"arrow\" d=\"M{0},{1} V{2} M{3},{4} L{0},{2} L{5},{4}\"/>\n"
      "<text class=\"note\" transform=\"translate({6},{7}) rotate(-90)\">taken later</text>\n",
      x, kTop + 6, end, x - 5, end - 8, x + 5, x - 7, end - 10);
}

std::string Legend() {
  int y = RowY(kRows) + 28;
  return Text(kActionsX, y, "note", "may be done under it") +
         Text(kMatrixX, y, "note",
              "● the class of this column may be held when the class of this row is taken") +
         Text(kMatrixX, y + 18, "note",
              "1 one of the class at a time · ↗ several, ascending · ∞ any number, shared");
}

}  // namespace

std::string LockOrderSvg() {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">\n"
      "<!-- Made from src/lock/hierarchy.h; do not edit. -->\n{2}"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
      kWidth, kHeight, kStyle);
  svg += Headings() + OrderArrow();
  for (int i = 0; i < kRows; ++i) svg += RowOf(i, kHierarchy[static_cast<size_t>(i)]);
  return svg + Legend() + "</svg>\n";
}

}  // namespace faultline::lock
