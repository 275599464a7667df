// The name of a place or an object, parsed: its owner, its number, and what it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fabula::dossier {

struct ThingName {
  std::string key;          // folded, without an article; "": no meaning
  std::string owner;        // "her", "oda" of "Oda's knife" and "the knife of Oda"; "": no owner
  bool is_pronoun = false;  // the owner is a word such as "her"
  std::string kind;         // the key without owner and numbers: "knife"
  std::vector<std::string> numbers;  // "12", "second"
};

ThingName parse_thing_name(std::string_view utf8);

}  // namespace fabula::dossier
