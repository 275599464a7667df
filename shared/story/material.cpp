#include "shared/story/material.hpp"

#include <utility>

#include "shared/story/prose.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
// "\n\n" before a heading and "\n" after it.
constexpr std::size_t kFrameBytes = 3;

std::string_view without_margins(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

}  // namespace

std::string_view cut_to(std::string_view text, std::size_t maximum_bytes, Keep keep) {
  text = without_margins(text);
  if (text.size() <= maximum_bytes) return text;
  if (keep == Keep::beginning) {
    const auto beginning = text::prefix_bytes(text, maximum_bytes);
    const auto whole = whole_sentences(beginning).text;
    return without_margins(whole.size() * 2 >= beginning.size() ? whole : beginning);
  }
  auto end = text.substr(text.size() - maximum_bytes);
  while (!end.empty() && !begins_character(end.front())) end.remove_prefix(1);
  const auto space = end.find_first_of(kSpace);
  // In languages without spaces a text may begin with any character.
  if (space < end.size() / 2) end.remove_prefix(space);
  return without_margins(end);
}

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char byte : without_margins(text)) {
    const bool is_space = kSpace.find(byte) != std::string_view::npos;
    if (!is_space) {
      line.push_back(byte);
    } else if (line.back() != ' ') {
      line.push_back(' ');
    }
  }
  return line;
}

std::size_t Material::room(std::size_t percent) {
  left_bytes_ += budget_bytes_ * percent / 100;
  return left_bytes_;
}

void Material::add(std::string_view heading, std::string_view text, Keep keep) {
  const auto frame = heading.size() + kFrameBytes;
  if (left_bytes_ <= frame) return;
  const auto kept = cut_to(text, left_bytes_ - frame, keep);
  if (kept.empty()) return;
  if (!text_.empty()) text_.append("\n\n");
  text_.append(heading).append("\n").append(kept);
  left_bytes_ -= frame + kept.size();
}

void Material::add_lines(std::string_view heading, const std::vector<std::string>& lines) {
  const auto frame = heading.size() + kFrameBytes;
  std::string text;
  for (const auto& line : lines) {
    if (frame + text.size() + line.size() + 1 > left_bytes_) break;
    text.append(text.empty() ? "" : "\n").append(line);
  }
  add(heading, text);
}

}  // namespace fabula::story
