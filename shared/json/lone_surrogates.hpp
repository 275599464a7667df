// Repairs JSON text that the strict parser refuses for one reason: halves of surrogate pairs alone.
#pragma once

#include <string>
#include <string_view>

namespace fabula::json {

// The same text with each escape of a lone surrogate made \ufffd.
std::string replace_lone_surrogates(std::string_view json);

}  // namespace fabula::json
