#include "shared/story/export/file_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/http/percent_encoding.hpp"
#include "shared/story/export/clean.hpp"
#include "shared/story/export/code_point.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kLongestNameBytes = 150;
constexpr std::string_view kNameless = "story";

// Characters that some file system refuses, or that make one name look like another.
bool is_unfit(std::uint32_t c) {
  if (c < 0x80) {
    return std::string_view("/\\:*?\"<>|").find(static_cast<char>(c)) != std::string_view::npos;
  }
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F);
}

// Windows reserves these for devices, whatever follows a dot.
bool is_device(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kDevices{"con", "prn", "aux", "nul"};
  const auto stem = text::to_lower(name.substr(0, name.find('.')));
  if (stem.size() == 4 && text::is_digit(stem.back())) {
    return stem.starts_with("com") || stem.starts_with("lpt");
  }
  return std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end();
}

std::string_view without_outer_dots(std::string_view name) {
  constexpr std::string_view kDotsAndSpaces = ". ";
  const auto first = name.find_first_not_of(kDotsAndSpaces);
  if (first == std::string_view::npos) return {};
  return name.substr(first, name.find_last_not_of(kDotsAndSpaces) - first + 1);
}

}  // namespace

std::string file_name(std::string_view title, std::string_view ending) {
  const auto line = clean_line(title);
  std::string fit;
  for (std::size_t at = 0; at < line.size();) {
    const auto bytes = text::utf8_step(line.data() + at, line.data() + line.size()).bytes;
    if (is_unfit(code_point_at(line, at))) {
      fit.push_back(' ');
    } else {
      fit.append(line, at, bytes);
    }
    at += bytes;
  }
  const auto spaced = clean_line(fit);
  const auto room = kLongestNameBytes - ending.size();
  std::string name(without_outer_dots(text::prefix_bytes(without_outer_dots(spaced), room)));
  if (name.empty()) name = kNameless;
  if (is_device(name)) name.insert(0, "_");
  return name.append(ending);
}

std::string content_disposition(std::string_view file_name) {
  std::string ascii;
  bool has_name = false;
  const auto dot = file_name.rfind('.');
  for (std::size_t at = 0; at < file_name.size(); ++at) {
    const char c = file_name[at];
    // Some clients decode a percent sign here, contrary to the standard.
    const bool is_plain = text::is_alphanumeric(c) ||
                          std::string_view(" .-_()',!&+").find(c) != std::string_view::npos;
    has_name = has_name || (at < dot && text::is_alphanumeric(c));
    if (is_plain) {
      ascii.push_back(c);
    } else if (ascii.empty() || ascii.back() != '_') {
      ascii.push_back('_');
    }
  }
  if (!has_name) {
    ascii = kNameless;
    if (dot != std::string_view::npos) ascii.append(file_name.substr(dot));
  }
  return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" +
         http::percent_encode(file_name);
}

}  // namespace fabula::story
