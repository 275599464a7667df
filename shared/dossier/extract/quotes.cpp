#include "shared/dossier/extract/quotes.hpp"

#include <algorithm>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::dossier {
namespace {

// Character by character, so that each keeps its place: the same for text and quote.
void fold_each(std::string_view text, std::string& folded, std::vector<std::uint32_t>* begins) {
  const auto append = [&](std::string_view part, std::size_t at) {
    folded.append(part);
    if (begins) begins->insert(begins->end(), part.size(), static_cast<std::uint32_t>(at));
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c <= ' ' || c == 0x7F) {
      if (!folded.empty() && folded.back() != ' ') append(" ", at);
      ++at;
      continue;
    }
    if (c < 0x80) {
      const char lower = text::to_lower(text[at]);
      append({&lower, 1}, at++);
      continue;
    }
    const auto step = text::utf8_step(text.data() + at, text.data() + text.size());
    // Between letters, or white space would be taken for an end.
    std::string between = "a";
    between.append(text.substr(at, step.bytes)).append("b");
    const std::string whole = fold(between);
    const auto part = std::string_view(whole).substr(1, whole.size() < 2 ? 0 : whole.size() - 2);
    if (part != " ") {
      append(part, at);
    } else if (!folded.empty() && folded.back() != ' ') {
      append(" ", at);
    }
    at += step.bytes;
  }
}

bool is_word_character(char c) {
  return text::is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

QuotedText::QuotedText(std::string_view text) : text_(text) { fold_each(text, folded_, &begins_); }

std::optional<Found> QuotedText::find(std::string_view quote) const {
  std::string wanted;
  fold_each(quote, wanted, nullptr);
  while (!wanted.empty() && wanted.back() == ' ') wanted.pop_back();
  if (std::none_of(wanted.begin(), wanted.end(), is_word_character)) return std::nullopt;
  // Whole words first: "an" is rather the word than a part of "Mandy".
  std::size_t place = std::string::npos;
  for (auto at = folded_.find(wanted); at != std::string::npos; at = folded_.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    const bool is_whole =
        !(at > 0 && is_word_character(folded_[at - 1]) && is_word_character(wanted.front())) &&
        !(end < folded_.size() && is_word_character(folded_[end]) &&
          is_word_character(wanted.back()));
    if (place == std::string::npos || is_whole) place = at;
    if (is_whole) break;
  }
  if (place == std::string::npos) return std::nullopt;
  const std::size_t last = begins_[place + wanted.size() - 1];
  const auto step = text::utf8_step(text_.data() + last, text_.data() + text_.size());
  return Found{begins_[place], last + step.bytes};
}

std::optional<Found> find_quote(std::string_view text, std::string_view quote) {
  return QuotedText(text).find(quote);
}

}  // namespace fabula::dossier
