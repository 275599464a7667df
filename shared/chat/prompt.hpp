// What the story companion is told about itself.
#pragma once

#include <string_view>

namespace fabula::chat {

// Holds no secret: a user who gets it repeated learns nothing that matters. Short, because small
// models follow short instructions better and every turn pays for it.
std::string_view system_prompt();

}  // namespace fabula::chat
