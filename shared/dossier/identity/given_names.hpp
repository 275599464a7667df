// Given names that have short forms, and their gender.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fabula::dossier {

enum class Gender : std::uint8_t { unknown, female, male };

// The known facts about one word as a given name.
struct GivenName {
  static constexpr std::size_t kMaximumFamilies = 6;

  // The numbers, from 1, of the names that it is or is short for; 0 ends them. Ned is short for
  // Edgar, Edmund and Edward.
  std::array<std::uint8_t, kMaximumFamilies> names = {};
  Gender gender = Gender::unknown;  // also unknown for names of both genders: Evelyn, Frankie
  bool is_known = false;
};

// `folded_word`: one word, as fold() gives it.
GivenName find_given_name(std::string_view folded_word);

// Whether one person can have both names: Bess and Eliza are both short for Elizabeth. False when
// either is not in the table; then only equal words are equal names.
bool can_be_same_name(const GivenName& left, const GivenName& right);

}  // namespace fabula::dossier
