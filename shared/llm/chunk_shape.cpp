#include "shared/llm/chunk_shape.hpp"

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

}  // namespace

void ChunkShape::remember(std::string_view json, std::string_view contents) {
  const auto begin = static_cast<std::size_t>(contents.data() - json.data());
  before_ = json.substr(0, begin);
  after_ = json.substr(begin + contents.size());
}

std::optional<json::StringSpan> ChunkShape::match(std::string_view json) const {
  if (before_.empty() || json.size() < before_.size() + after_.size()) return std::nullopt;
  if (!is_same(json.substr(0, before_.size()), before_)) return std::nullopt;
  const auto opening_quote = before_.size() - 1;
  json::Scanner scanner(json.substr(opening_quote), json::LoneSurrogates::allowed);
  json::StringSpan string;
  if (!scanner.read_string(string)) return std::nullopt;
  if (!is_same(json.substr(before_.size() + string.contents.size()), after_)) return std::nullopt;
  return string;
}

}  // namespace fabula::llm
