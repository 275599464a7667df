#include "shared/llm/redaction.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/text/ascii.hpp"

namespace fabula::llm {
namespace {

constexpr std::array<std::string_view, 10> kSecretPrefixes = {"sk-",  "sk_",  "pk-", "gsk_", "hf_",
                                                              "AIza", "xai-", "sb_", "fg_",  "eyJ"};
constexpr std::size_t kMinimumPrefixedBytes = 10;
constexpr std::size_t kMinimumRandomBytes = 32;

// Providers show keys with stars in the middle; what is around them counts as one word.
constexpr bool is_word_character(char c) {
  return text::is_alphanumeric(c) || c == '_' || c == '-' || c == '*';
}

bool is_secret(std::string_view word) {
  if (word.size() >= kMinimumPrefixedBytes) {
    for (const auto prefix : kSecretPrefixes) {
      if (word.substr(0, prefix.size()) == prefix) return true;
    }
  }
  if (word.size() < kMinimumRandomBytes) return false;
  const bool has_digit = std::any_of(word.begin(), word.end(), text::is_digit);
  const bool has_upper = std::any_of(word.begin(), word.end(), text::is_upper);
  const bool has_lower = std::any_of(word.begin(), word.end(), text::is_lower);
  const bool is_one_piece = std::all_of(word.begin(), word.end(), text::is_alphanumeric);
  return has_digit && ((has_upper && has_lower) || (is_one_piece && (has_upper || has_lower)));
}

}  // namespace

std::string without_secrets(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const auto word_end = std::find_if_not(text.begin(), text.end(), is_word_character);
    const auto word = text.substr(0, static_cast<std::size_t>(word_end - text.begin()));
    if (word.empty()) {
      clean.push_back(text.front());
      text.remove_prefix(1);
    } else {
      clean.append(is_secret(word) ? std::string_view("[removed]") : word);
      text.remove_prefix(word.size());
    }
  }
  return clean;
}

}  // namespace fabula::llm
