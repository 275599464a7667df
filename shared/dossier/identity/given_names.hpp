// Given names that have short forms, and whether they are a woman's or a man's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fabula::dossier {

enum class Gender : std::uint8_t { unknown, female, male };

// What is known of one word as a given name.
struct GivenName {
  static constexpr std::size_t kMaximumFamilies = 6;

  // The names that it is, or is short for, as numbers from 1; 0 ends them. Ned is Edgar's, Edmund's
  // and Edward's.
  std::array<std::uint8_t, kMaximumFamilies> names = {};
  Gender gender = Gender::unknown;  // unknown as well for those of both: Evelyn, Frankie
  bool is_known = false;
};

// `folded_word`: one word, as fold() gives it.
GivenName find_given_name(std::string_view folded_word);

// Whether both can be one person's: Bess and Eliza are both Elizabeth's. False when either is not
// in the table; then only equal words are equal names.
bool can_be_same_name(const GivenName& left, const GivenName& right);

}  // namespace fabula::dossier
