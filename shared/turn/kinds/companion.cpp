#include "shared/turn/kinds/companion.hpp"

#include <array>

#include "generated/prompts.hpp"
#include "shared/protocols/companion/protocol.hpp"
#include "shared/settings/table.hpp"

namespace fabula::turn::kinds {
namespace {

constexpr std::array kCompanionPurposes{
    Purpose{"companion", &settings::named("MODEL_COMPANION"), &prompts::kCompanion}};

}  // namespace

constinit const Kind kCompanion{.name = "companion",
                                .protocol = &protocols::companion::kProtocol,
                                .purposes = kCompanionPurposes,
                                .prompt_setting = &settings::named("SYSTEM_PROMPT"),
                                .character_prompt = &prompts::kCharacter,
                                .instruction_to_go_on = &prompts::kGoOn,
                                .has_several_operations = true};

}  // namespace fabula::turn::kinds
