#include "shared/llm/stream/chunk_shape.hpp"

#include <cstddef>

#include "shared/text/word_scan.hpp"

namespace fabula::llm {
namespace {

// WebAssembly's C library compares byte by byte.
bool is_same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    if (text::load_eight(a.data() + i) != text::load_eight(b.data() + i)) return false;
  }
  return a.substr(i) == b.substr(i);
}

// Removes `expected`, which ends with a string's opening quote, and that string up to its closing
// quote from the front of `json`.
bool take_string(std::string_view& json, std::string_view expected, json::StringSpan& string) {
  if (!is_same(json.substr(0, expected.size()), expected)) return false;
  json::Scanner scanner(json.substr(expected.size() - 1), json::LoneSurrogates::allowed);
  if (!scanner.read_string(string)) return false;
  json.remove_prefix(expected.size() + string.contents.size());
  return true;
}

std::size_t offset_in(std::string_view json, std::string_view part) {
  return static_cast<std::size_t>(part.data() - json.data());
}

}  // namespace

void ChunkShape::remember(std::string_view json, std::string_view contents,
                          std::string_view ignored) {
  before_ = json.substr(0, offset_in(json, contents));
  const auto behind = json.substr(before_.size() + contents.size());
  if (ignored.data()) {
    between_ = behind.substr(0, offset_in(behind, ignored));
    after_ = behind.substr(between_.size() + ignored.size());
  } else {
    between_.clear();
    after_ = behind;
  }
}

std::optional<json::StringSpan> ChunkShape::match(std::string_view json) const {
  json::StringSpan string;
  json::StringSpan ignored;
  if (before_.empty() || !take_string(json, before_, string)) return std::nullopt;
  if (!between_.empty() && !take_string(json, between_, ignored)) return std::nullopt;
  if (!is_same(json, after_)) return std::nullopt;
  return string;
}

}  // namespace fabula::llm
