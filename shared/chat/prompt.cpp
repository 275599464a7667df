#include "shared/chat/prompt.hpp"

#include "generated/prompts.hpp"

namespace fabula::chat {

std::string_view system_prompt() { return prompts::kChat.text; }
std::string_view description_prompt() { return prompts::kDescription.text; }
std::string_view scene_prompt() { return prompts::kScene.text; }
std::string_view dossier_heading() { return prompts::kDossierHeading.text; }
std::string_view instruction_to_go_on() { return prompts::kGoOn.text; }

}  // namespace fabula::chat
