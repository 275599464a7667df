// One name of a person, parsed: titles, words, and the kind of name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/given_names.hpp"

namespace fabula::dossier {

// Longer names are cut: a name is a few words, and a hostile one must not cost more.
inline constexpr std::size_t kMaximumNameBytes = 512;
inline constexpr std::size_t kMaximumNameWords = 12;

enum class Title : std::uint8_t {
  none,
  mister,
  missus,
  miss,
  master,
  madam,
  sir,
  dame,
  lady,
  lord,
  noble,     // duke, countess, prince...
  military,  // `rank` says which
  learned,   // doctor, professor
  clergy,
  office,  // judge, inspector, farmer: an occupation
  kin,     // aunt, uncle: a relation to the speaker
};

enum class NameKind : std::uint8_t {
  person,       // has at least one word that is a name
  role,         // titles and nothing else: "Papa", "the Doctor", "my Lord"
  description,  // "Tom's mother", "the stranger", "the man in black"
  group,        // "Captain and Mrs. Ashburnham", "the two Miss Browns"
  nobody,       // nothing that can be compared
};

struct Name {
  std::string key;  // folded, without articles, epithets and stops, titles in one spelling
  std::vector<std::string> words;  // folded, without titles; only for kind person
  std::vector<GivenName> given;    // for each word
  std::string titles;              // all of them, in one spelling
  std::string title_word;          // "mr", "captain"; the last title before the words
  std::string husband;  // "charles" of "Mrs. Charles Musgrove"; the words are her own names
  NameKind kind = NameKind::nobody;
  Title title = Title::none;
  Gender gender = Gender::unknown;  // from titles, or the first of several words
  std::uint8_t numeral = 0;         // "the Second", "III"; junior 2, senior 1
  bool is_old = false;              // "old Pontifex"
  bool is_young = false;
  std::uint64_t content = 0;  // a fingerprint of all members
};

Name parse_name(std::string_view utf8);

// "mr darcy" and "darcy" have the same words; articles and titles are ignored.
bool has_same_words(const Name& left, const Name& right);

}  // namespace fabula::dossier
