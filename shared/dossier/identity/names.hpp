// One name of a person taken apart: titles, words, what kind of name it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/given_names.hpp"

namespace fabula::dossier {

// Longer names are cut: a name is a few words, and a hostile one must not cost more than it.
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
  office,  // judge, inspector, farmer: what somebody does
  kin,     // aunt, uncle: what somebody is to who speaks
};

enum class NameKind : std::uint8_t {
  person,       // has at least one word that is a name
  role,         // titles and nothing else: "Papa", "the Doctor", "my Lord"
  description,  // "Tom's mother", "the stranger", "the man in black"
  group,        // "Captain and Mrs. Ashburnham", "the two Miss Browns"
  nobody,       // nothing that could be compared
};

struct Name {
  std::string key;  // folded, without articles, epithets and stops, titles spelt one way
  std::vector<std::string> words;  // folded, without titles; what `kind` person is named by
  std::vector<GivenName> given;    // of each word
  std::string titles;              // all of them, spelt one way
  std::string title_word;          // "mr", "captain"; the last before the words
  std::string husband;             // "charles" of "Mrs. Charles Musgrove", whose words are her own
  NameKind kind = NameKind::nobody;
  Title title = Title::none;
  Gender gender = Gender::unknown;  // by titles, or by the first of several words
  std::uint8_t numeral = 0;         // "the Second", "III"; junior 2, senior 1
  bool is_old = false;              // "old Pontifex"
  bool is_young = false;
  std::uint64_t content = 0;  // a fingerprint of all this
};

Name parse_name(std::string_view utf8);

// "mr darcy" and "darcy" have the same words; so have two names that differ in articles or titles.
bool has_same_words(const Name& left, const Name& right);

}  // namespace fabula::dossier
