// Streams repeat themselves: from one chunk to the next often nothing but one string differs. What
// is around that string is remembered, and a chunk that has the same around it needs a comparison
// instead of a walk.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

class ChunkShape {
 public:
  // `contents`: of the one string in `json` that may differ; a view into `json`, which must be
  // valid.
  void remember(std::string_view json, std::string_view contents);

  // That string, when `json` is the remembered text with any other valid string in its place: then
  // `json` is valid too, and means the same but for the string. Lone surrogates are allowed.
  std::optional<json::StringSpan> match(std::string_view json) const;

 private:
  std::string before_;  // up to and with the opening quote; empty: nothing is remembered
  std::string after_;   // from the closing quote on
};

}  // namespace fabula::llm
