#include "shared/dossier/identity/profile.hpp"

#include <algorithm>

namespace fabula::dossier::identity {
namespace {

constexpr Index kFirstRank = 64;  // greater than all numbers of Title

// Titles that can name one person of a book without a name: "the Colonel", "the Inspector".
bool names_post(Title title) {
  return title == Title::military || title == Title::noble || title == Title::learned ||
         title == Title::clergy || title == Title::office;
}

// Titles that distinguish people of one family. Aunt depends on the speaker, and a farmer or
// countess is also Mr. or Madame.
bool tells_apart(Title title) {
  return title != Title::none && title != Title::kin && title != Title::office &&
         title != Title::noble;
}

// The General's son may be a captain: ranks are compared by their words, other titles by their
// kinds.
Index kind_of(const Form& form) {
  const auto title = form.name->title;
  if (title == Title::military) return kFirstRank + form.title;
  return static_cast<Index>(title == Title::madam ? Title::missus : title);
}

// A woman's family name changes once, when she marries: from then on she is Mrs. with the new one.
bool marries_between(const Profile& a, const Profile& b) {
  if (a.families().size() + b.families().size() > 2) return false;
  return (b.is_married && !a.is_married && a.last_family <= b.first_family) ||
         (a.is_married && !b.is_married && b.last_family <= a.first_family);
}

// Differences that make one family name two people unless other evidence joins them.
bool differ_in_title(const Profile& a, const Profile& b) {
  if ((a.is_knight && b.is_mister) || (a.is_mister && b.is_knight)) return true;
  if (!a.given().empty() && !b.given().empty()) return false;
  if ((a.is_old && b.is_young) || (a.is_young && b.is_old)) return true;
  // "Mrs. John Dashwood" is used if there is another Mrs. Dashwood.
  if (a.is_married && b.is_married && a.husbands().empty() != b.husbands().empty()) return true;
  return a.family_titles().is_disjoint_from(b.family_titles());
}

// `less` has only a family name. Mrs. Hilbery's daughter is a Hilbery too.
bool fits_family_name(const Profile& less, const Profile& more) {
  const bool is_missus = less.family_titles().count(static_cast<Index>(Title::missus)) > 0;
  const bool is_miss = less.family_titles().count(static_cast<Index>(Title::miss)) > 0;
  if (more.given().empty() || (!is_missus && !is_miss)) return true;
  if (more.gender() == Gender::male) return false;
  return is_missus ? more.is_married : !more.is_married;
}

}  // namespace

void Profile::add(const Mentions& mentions, Index f) {
  const auto& form = mentions.forms[f];
  const auto& name = *form.name;
  parts.add(Part::form, f);
  if (form.given != kNone) parts.add(Part::given, form.given);
  if (form.family != kNone) parts.add(Part::family, form.family);
  if (form.also_family != kNone) parts.add(Part::family, form.also_family);
  if (form.patronymic != kNone) parts.add(Part::patronymic, form.patronymic);
  if (form.either != kNone) parts.add(Part::either, form.either);
  if (form.husband != kNone) parts.add(Part::husband, form.husband);
  if (name.numeral != 0) parts.add(Part::numeral, name.numeral);
  const bool is_person = name.kind == NameKind::person;
  if (is_person && form.given == kNone && tells_apart(name.title)) {
    parts.add(Part::family_title, kind_of(form));
  }
  if (form.title != kNone && (is_person || form.has_tail)) parts.add(Part::title, form.title);
  if (form.title != kNone && !is_person && names_post(name.title)) {
    parts.add(Part::post, form.title);
  }
  women += form.gender == Gender::female ? 1 : 0;
  men += form.gender == Gender::male ? 1 : 0;
  is_old = is_old || name.is_old;
  is_young = is_young || name.is_young;
  is_married = is_married || name.title == Title::missus || name.title == Title::madam;
  is_knight = is_knight || name.title == Title::sir;
  is_mister = is_mister || name.title == Title::mister;
}

void Profile::add(const Profile& other) {
  parts.add_all(other.parts);
  women += other.women;
  men += other.men;
  is_old = is_old || other.is_old;
  is_young = is_young || other.is_young;
  is_married = is_married || other.is_married;
  is_knight = is_knight || other.is_knight;
  is_mister = is_mister || other.is_mister;
  first_family = std::min(first_family, other.first_family);
  last_family = std::max(last_family, other.last_family);
}

Gender Profile::gender() const {
  if (women > 3 * men) return Gender::female;
  if (men > 3 * women) return Gender::male;
  return Gender::unknown;
}

int Profile::knowledge() const {
  return (given().empty() ? 0 : 2) + (families().empty() ? 0 : 2) + (either().empty() ? 0 : 1) +
         (family_titles().empty() ? 0 : 1);
}

Profile profile_of(const Mentions& mentions, std::span<const Index> forms) {
  Profile profile;
  for (const auto form : forms) profile.add(mentions, form);
  return profile;
}

bool share_given(const Vocabulary& vocabulary, CountsView left, CountsView right) {
  return std::any_of(left.begin(), left.end(), [&](const auto& mine) {
    return std::any_of(right.begin(), right.end(), [&](const auto& theirs) {
      return vocabulary.is_same_given(mine.first, theirs.first);
    });
  });
}

bool contradict(const Vocabulary& vocabulary, const Profile& a, const Profile& b) {
  const auto left = a.gender();
  const auto right = b.gender();
  if (left != Gender::unknown && right != Gender::unknown && left != right) return true;
  if (a.numerals().is_disjoint_from(b.numerals())) return true;
  if (a.husbands().is_disjoint_from(b.husbands())) return true;
  if (a.patronymics().is_disjoint_from(b.patronymics())) return true;
  const bool has_given = !a.given().empty() && !b.given().empty();
  const bool same_given = has_given && share_given(vocabulary, a.given(), b.given());
  if (has_given && !same_given) return true;
  if (!a.families().is_disjoint_from(b.families())) return false;
  const bool may_be_woman = left != Gender::male && right != Gender::male;
  return !same_given || !may_be_woman || !marries_between(a, b);
}

bool derives(const Vocabulary& vocabulary, const Profile& less, const Profile& more) {
  if (less.given().empty() && less.families().empty() && less.either().empty()) {
    // "The Colonel" is Colonel Brandon.
    return less.titles().empty() && less.posts().meets(more.titles());
  }
  if (!less.given().empty() && !share_given(vocabulary, less.given(), more.given()) &&
      !less.given().meets(more.either())) {
    return false;
  }
  if (!less.families().empty()) {
    if (!less.families().meets(more.families()) && !less.families().meets(more.either()))
      return false;
    if (less.given().empty() && !fits_family_name(less, more)) return false;
  }
  if (!less.either().empty() && !less.either().meets(more.either()) &&
      !less.either().meets(more.families()) && !less.either().meets(more.given())) {
    return false;
  }
  return !differ_in_title(less, more);
}

}  // namespace fabula::dossier::identity
