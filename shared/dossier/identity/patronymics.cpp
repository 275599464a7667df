#include "shared/dossier/identity/patronymics.hpp"

#include <algorithm>
#include <array>

namespace fabula::dossier {
namespace {

constexpr std::array<std::string_view, 12> kSons = {"ович",    "евич",   "ильич",  "лукич",
                                                    "кузьмич", "фомич",  "ovich",  "evich",
                                                    "ovitch",  "evitch", "ilyich", "ilich"};
constexpr std::array<std::string_view, 8> kDaughters = {"овна", "евна", "ична",    "инична",
                                                        "ovna", "evna", "inichna", "ilyinichna"};

bool has_ending(std::string_view word, const auto& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [word](std::string_view ending) { return word.ends_with(ending); });
}

}  // namespace

Gender gender_of_patronymic(std::string_view folded_word) {
  if (has_ending(folded_word, kSons)) return Gender::male;
  if (has_ending(folded_word, kDaughters)) return Gender::female;
  return Gender::unknown;
}

}  // namespace fabula::dossier
