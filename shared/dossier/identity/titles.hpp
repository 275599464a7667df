// Words that precede names and are not part of them.
#pragma once

#include <string_view>

#include "shared/dossier/identity/names.hpp"

namespace fabula::dossier {

struct TitleFacts {
  std::string_view word;  // normalized: "mister" and "mr." are "mr"
  Title title = Title::none;
  Gender gender = Gender::unknown;
};

// Takes a folded word without stops; returns Title::none when it is no title.
TitleFacts find_title(std::string_view folded_word);

// Words like "dear", "old", "the", "my", which express an attitude and do not identify anybody.
bool is_epithet(std::string_view folded_word);

// "дочь", "жена": behind it stands whose, and no name of its own.
bool is_relative(std::string_view folded_word);

// "de", "von", "van": belongs to the word after it.
bool is_particle(std::string_view folded_word);

}  // namespace fabula::dossier
