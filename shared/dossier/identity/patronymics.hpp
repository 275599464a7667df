// Patronymics, names derived from the father's: "Сергеевич", "Sergeyevna".
#pragma once

#include <string_view>

#include "shared/dossier/identity/given_names.hpp"

namespace fabula::dossier {

// The gender of a person with this folded word as a name; unknown when it is no patronymic.
Gender gender_of_patronymic(std::string_view folded_word);

}  // namespace fabula::dossier
