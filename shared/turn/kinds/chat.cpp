#include "shared/turn/kinds/chat.hpp"

#include <array>

#include "generated/prompts.hpp"
#include "shared/json/text.hpp"
#include "shared/protocols/fabula/protocol.hpp"
#include "shared/settings/table.hpp"

namespace fabula::turn::kinds {
namespace {

// shared/api/endpoints/chat_requests.hpp documents them for callers.
constexpr std::array kChatPurposes{
    Purpose{"chat", &settings::named("MODEL_CHAT"), &prompts::kChat},
    Purpose{"description", &settings::named("MODEL_DESCRIPTION"), &prompts::kDescription},
    Purpose{"scene", &settings::named("MODEL_SCENE"), &prompts::kScene},
};

// A JSON object from the names of all purposes except the first to a member of their prompts.
std::string of_named_purposes(const Kind& kind, std::string_view prompts::Prompt::* member) {
  std::string object;
  json::Writer writer(object);
  writer.begin_object();
  for (const auto& purpose : kind.purposes) {
    if (is_first_purpose(kind, purpose)) continue;
    writer.key(purpose.name).string(purpose.prompt->*member);
  }
  writer.end_object();
  return object;
}

}  // namespace

constinit const Kind kChat{.name = "chat",
                           .protocol = &protocols::fabula::kProtocol,
                           .purposes = kChatPurposes,
                           .prompt_setting = &settings::named("FABULA_SYSTEM_PROMPT"),
                           .dossier_heading = &prompts::kDossierHeading,
                           .instruction_to_go_on = &prompts::kGoOn,
                           .has_several_operations = true};

std::string task_prompts_json(const Kind& kind) {
  return of_named_purposes(kind, &prompts::Prompt::text);
}

std::string task_prompt_labels_json(const Kind& kind) {
  return of_named_purposes(kind, &prompts::Prompt::label);
}

}  // namespace fabula::turn::kinds
