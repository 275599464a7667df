// Names after the father's: "Сергеевич", "Sergeyevna".
#pragma once

#include <string_view>

#include "shared/dossier/identity/given_names.hpp"

namespace fabula::dossier {

// The sex of who is called so, by the folded word; unknown when it is no patronymic.
Gender gender_of_patronymic(std::string_view folded_word);

}  // namespace fabula::dossier
