// The significant words of a memory, which show that a sentence is another wording of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::memory {

// Sorted, each once.
struct KeyWords {
  // Folded and shortened, without words that are in most sentences. For scripts without spaces,
  // pairs of characters.
  std::vector<std::string> all;
  // The names among them: words with a capital letter or a digit.
  std::vector<std::string> names;
};

KeyWords key_words(std::string_view text);

// Whether `text` is another wording of `old`: it has all of its names, if there are any, and most
// of its words. A text without words has no other wordings.
bool is_rewording(const KeyWords& text, const KeyWords& old);

// The words of something forgotten, in the form in which they are kept: `hash` of a word is the
// beginning of SHA-256 of salt and word. The comparison is the same.
struct HashedWords {
  std::string salt;
  std::vector<std::string> all;
  std::vector<std::string> names;
};
HashedWords hashed(const KeyWords& words, std::string_view salt);
bool is_rewording(const KeyWords& text, const HashedWords& old);

}  // namespace fabula::memory
