// Words that stand before names and are no part of them.
#pragma once

#include <string_view>

#include "shared/dossier/identity/names.hpp"

namespace fabula::dossier {

struct TitleFacts {
  std::string_view word;  // as it is compared: "mister" and "mr." are "mr"
  Title title = Title::none;
  Gender gender = Gender::unknown;
};

// Of a folded word without stops; Title::none when it is no title.
TitleFacts find_title(std::string_view folded_word);

// "dear", "old", "the", "my": says how somebody speaks of a person, not who it is.
bool is_epithet(std::string_view folded_word);

// "дочь", "жена": behind it stands whose, and no name of its own.
bool is_relative(std::string_view folded_word);

// "de", "von", "van": belongs to the word after it.
bool is_particle(std::string_view folded_word);

}  // namespace fabula::dossier
