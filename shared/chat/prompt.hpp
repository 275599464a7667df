// What the story companion is told about itself.
#pragma once

#include <string_view>

namespace fabula::chat {

// These hold no secret: a user who gets it repeated learns nothing that matters. Short, because
// small models follow short instructions better and every turn pays for it.
std::string_view system_prompt();

// The same of the tasks `description` and `scene`.
std::string_view description_prompt();
std::string_view scene_prompt();

// What stands between these and what is known of the story: notes of what the person has told.
std::string_view dossier_heading();

// The last message that a model is sent when it is to go on with a reply; the reply stands before
// it.
std::string_view instruction_to_go_on();

}  // namespace fabula::chat
