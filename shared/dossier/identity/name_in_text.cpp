#include "shared/dossier/identity/name_in_text.hpp"

#include "shared/text/ascii.hpp"

namespace fabula::dossier {
namespace {

// Chinese, Japanese and Korean characters have three or four bytes, the first of them 0xE3 or more.
bool is_east_asian(std::string_view word) {
  return !word.empty() && static_cast<unsigned char>(word.front()) >= 0xE3;
}

bool is_of_word(char c) {
  return text::is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80;
}

std::string joined(std::span<const std::string> words, std::string_view between) {
  std::string name;
  for (const auto& word : words) {
    if (!name.empty()) name.append(between);
    name.append(word);
  }
  return name;
}

}  // namespace

std::size_t count_name(std::string_view folded_text, std::string_view folded_name) {
  if (folded_name.empty()) return 0;
  std::size_t count = 0;
  for (auto at = folded_text.find(folded_name); at != std::string_view::npos;
       at = folded_text.find(folded_name, at + folded_name.size())) {
    const auto end = at + folded_name.size();
    const bool is_whole = (at == 0 || !is_of_word(folded_text[at - 1])) &&
                          (end == folded_text.size() || !is_of_word(folded_text[end]));
    if (is_whole || is_east_asian(folded_name)) ++count;
  }
  return count;
}

std::size_t count_name(std::string_view folded_text, std::span<const std::string> words) {
  if (words.empty()) return 0;
  auto count = count_name(folded_text, joined(words, " "));
  if (words.size() != 2) return count;
  const std::string reversed[] = {words[1], words[0]};
  count += count_name(folded_text, joined(reversed, " "));
  if (!is_east_asian(words[0])) return count;
  return count + count_name(folded_text, joined(words, "")) +
         count_name(folded_text, joined(reversed, ""));
}

}  // namespace fabula::dossier
