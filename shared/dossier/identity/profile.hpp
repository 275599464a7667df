// The facts about a person that names alone give, and whether two such profiles fit one person.
#pragma once

#include <span>

#include "shared/dossier/identity/counts.hpp"
#include "shared/dossier/identity/mentions.hpp"
#include "shared/dossier/identity/name_parts.hpp"

namespace fabula::dossier::identity {

struct Profile {
  NameParts parts;
  Index women = 0;
  Index men = 0;
  bool is_old = false;
  bool is_young = false;
  bool is_married = false;  // has the title Mrs.
  bool is_knight = false;
  bool is_mister = false;
  // The first and last delivery with a family name.
  Index first_family = kNone;
  Index last_family = 0;

  CountsView forms() const { return parts.of(Part::form); }
  CountsView given() const { return parts.of(Part::given); }
  CountsView families() const { return parts.of(Part::family); }
  CountsView either() const { return parts.of(Part::either); }
  CountsView husbands() const { return parts.of(Part::husband); }
  CountsView numerals() const { return parts.of(Part::numeral); }
  CountsView family_titles() const { return parts.of(Part::family_title); }
  CountsView patronymics() const { return parts.of(Part::patronymic); }
  CountsView titles() const { return parts.of(Part::title); }
  CountsView posts() const { return parts.of(Part::post); }

  void add(const Mentions& mentions, Index form);
  void add(const Profile& other);

  // One gender if most names say so: one name against several is an error of an extraction.
  Gender gender() const;

  // How complete the name is, to distinguish a part from a whole.
  int knowledge() const;
};

Profile profile_of(const Mentions& mentions, std::span<const Index> forms);

// Whether a given name of the one can also be a given name of the other.
bool share_given(const Vocabulary& vocabulary, CountsView left, CountsView right);

// Whether no single person can have both profiles' names, however they are combined.
bool contradict(const Vocabulary& vocabulary, const Profile& a, const Profile& b);

// Whether a person with a less complete name can be one with a more complete name: their parts fit,
// and no title distinguishes them.
bool derives(const Vocabulary& vocabulary, const Profile& less, const Profile& more);

}  // namespace fabula::dossier::identity
