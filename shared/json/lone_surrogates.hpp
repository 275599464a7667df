// Repairs JSON text that the strict parser refuses only because of unpaired surrogates.
#pragma once

#include <string>
#include <string_view>

namespace fabula::json {

// The same text with \ufffd for each escape of a lone surrogate.
std::string replace_lone_surrogates(std::string_view json);

}  // namespace fabula::json
