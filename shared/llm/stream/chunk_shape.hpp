// Streams repeat themselves: consecutive chunks often differ only in one string, or in that and a
// later one that is not used (OpenAI's "obfuscation"). The text around them is remembered, and a
// chunk with the same text around them needs a comparison instead of a scan.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

class ChunkShape {
 public:
  // `contents`: the contents of the string in `json` that may differ; a view into `json`, which
  // must be valid. `ignored`: the contents of a later string that has no meaning; no view: there is
  // none.
  void remember(std::string_view json, std::string_view contents, std::string_view ignored = {});

  // The first string, when `json` is the remembered text with any other valid strings in these
  // places: then `json` is valid too, and differs in meaning only in the first. Lone surrogates are
  // allowed.
  std::optional<json::StringSpan> match(std::string_view json) const;

 private:
  std::string before_;   // up to and including the opening quote; empty: nothing is remembered
  std::string between_;  // from the closing quote to the ignored string's opening one; or empty
  std::string after_;    // from the last closing quote on
};

}  // namespace fabula::llm
