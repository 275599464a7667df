// Streams repeat themselves: from one chunk to the next often nothing but one string differs, or
// one and another after it that nobody reads (OpenAI's "obfuscation"). What is around them is
// remembered, and a chunk that has the same around them needs a comparison instead of a walk.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

class ChunkShape {
 public:
  // `contents`: of the one string in `json` that may differ; a view into `json`, which must be
  // valid. `ignored`: of another one behind it whose value means nothing; no view: there is none.
  void remember(std::string_view json, std::string_view contents, std::string_view ignored = {});

  // The first string, when `json` is the remembered text with any other valid strings in their
  // places: then `json` is valid too, and means the same but for the first. Lone surrogates are
  // allowed.
  std::optional<json::StringSpan> match(std::string_view json) const;

 private:
  std::string before_;   // up to and with the opening quote; empty: nothing is remembered
  std::string between_;  // from the closing quote up to the ignored string's opening one; or empty
  std::string after_;    // from the last closing quote on
};

}  // namespace fabula::llm
