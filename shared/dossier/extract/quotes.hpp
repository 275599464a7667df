// Finds quotes in a text, in whatever form their characters were typed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/extract/extraction.hpp"

namespace fabula::dossier {

// A text that is searched for many quotes. It must outlive this object.
class QuotedText {
 public:
  explicit QuotedText(std::string_view text);

  // As find_quote.
  std::optional<Found> find(std::string_view quote) const;

 private:
  std::optional<Found> find_folded(std::string_view wanted, bool is_before_mark) const;
  bool is_within_word(std::size_t at) const;

  std::string_view text_;
  std::string folded_;
  std::vector<std::uint32_t> begins_;  // for each folded byte: the start of its character
  std::vector<bool> breaks_;  // for each folded byte: whether characters were skipped before it
};

}  // namespace fabula::dossier
