// The words of a memory that say what it is about, by which one sentence is recognised as another
// wording of the same.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::memory {

// Sorted, each once.
struct KeyWords {
  // Folded and shortened, without words that are in most sentences. Of scripts without spaces, the
  // pairs of characters.
  std::vector<std::string> all;
  // Those of them that name somebody or something: with a capital letter or a digit.
  std::vector<std::string> names;
};

KeyWords key_words(std::string_view text);

// How much of `old` must be in `text` for it to be another wording: all names of it, if it has
// any, and most of its words. Nothing is a wording of a text without words.
bool is_rewording(const KeyWords& text, const KeyWords& old);

// The words as they are kept of what has been forgotten: `hash` of a word is the beginning of
// SHA-256 of salt and word. The same comparison.
struct HashedWords {
  std::string salt;
  std::vector<std::string> all;
  std::vector<std::string> names;
};
HashedWords hashed(const KeyWords& words, std::string_view salt);
bool is_rewording(const KeyWords& text, const HashedWords& old);

}  // namespace fabula::memory
