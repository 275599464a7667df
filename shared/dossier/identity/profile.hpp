// What is known of a person by names alone, and whether two of these can be one person.
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
  bool is_married = false;  // is Mrs. somebody
  bool is_knight = false;
  bool is_mister = false;
  // The deliveries with a family name: from and to which.
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

  // Of one sex if most names say so: one against several is an error of an extraction.
  Gender gender() const;

  // How much of a name is known, to tell a part from a whole.
  int knowledge() const;
};

Profile profile_of(const Mentions& mentions, std::span<const Index> forms);

// Whether some given name of the one can be one of the other's.
bool share_given(const Vocabulary& vocabulary, CountsView left, CountsView right);

// What no one person's names can be, however they were put together.
bool contradict(const Vocabulary& vocabulary, const Profile& a, const Profile& b);

// Whether somebody known by less can be somebody known by more, from what their names are made of
// and because nothing in their titles tells them apart.
bool derives(const Vocabulary& vocabulary, const Profile& less, const Profile& more);

}  // namespace fabula::dossier::identity
