// The table of heading_words.hpp, prepared for looking up words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/heading_words.hpp"

namespace fabula::dossier {

enum class HeadingRole : std::uint8_t {
  division,
  alone,
  article,
  joint,
  cardinal,
  ordinal,
  digit_ending,
  roman_ending,
  relative,
  title_key
};

// The value of "last".
inline constexpr std::size_t kLastHeadingNumber = 60'000;

class HeadingVocabulary {
 public:
  HeadingVocabulary();

  // Whether the folded word has the role in the language, an index of kHeadingLanguages.
  bool has(std::string_view folded, HeadingRole role, std::size_t language) const;
  // The same in any language, including the East Asian ones.
  bool has(std::string_view folded, HeadingRole role) const;
  // The value of a cardinal or an ordinal, including "last"; 0: no number.
  std::size_t value(std::string_view folded, HeadingRole role, std::size_t language) const;

 private:
  struct Entry {
    std::string folded;
    HeadingRole role;
    std::uint8_t language;
    std::uint16_t value;
  };

  void add(std::string_view word, HeadingRole role, std::size_t language, std::size_t value = 0);
  void add_words(std::string_view list, HeadingRole role, std::size_t language);
  void add_numbers(std::string_view list, std::string_view endings, HeadingRole role,
                   std::size_t language, std::size_t step);
  template <class Visit>
  void for_each(std::string_view folded, Visit visit) const;

  std::vector<Entry> entries_;  // sorted by `folded`
};

}  // namespace fabula::dossier
