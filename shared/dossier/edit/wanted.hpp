// The snapshot that a person has sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/document.hpp"

namespace fabula::dossier {

inline constexpr std::size_t kMaximumWantedThings = 5000;

struct WantedField {
  std::string field;
  bool is_list = false;
  std::vector<std::string> values;  // one unless the field is a list; none: it is to be empty
};

struct WantedThing {
  Type type = Type::none;
  std::string id;    // "" if none was sent
  std::string name;  // "" if none was sent
  std::vector<WantedField> fields;
};

struct WantedQuestion {
  std::string id;
  std::string text;
  bool is_asked = true;  // the story asks it; otherwise it follows from contradictory entries
};

struct Wanted {
  std::vector<WantedThing> things;
  bool has_type[8] = {};  // which of the lists were sent
  std::vector<std::pair<Type, std::string>> items;
  std::vector<WantedQuestion> questions;
  std::vector<WantedField> story;
};

// Problems: invalid_request with each field that is wrong. Unknown members are refused only where
// they could be a character's values and are not text, numbers, true, false, or lists of text.
Result<Wanted> parse_wanted(const json::Document& snapshot);

}  // namespace fabula::dossier
