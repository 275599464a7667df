#include "shared/turn/kinds/chat.hpp"

#include <array>

#include "shared/chat/prompt.hpp"
#include "shared/json/text.hpp"
#include "shared/protocols/fabula/protocol.hpp"

namespace fabula::turn::kinds {
namespace {

// shared/api/endpoints/chat.hpp tells callers of them.
constexpr std::array kChatPurposes{
    Purpose{"chat", "MODEL_CHAT", "openai:gpt-4o-mini", &chat::system_prompt},
    Purpose{"description", "MODEL_DESCRIPTION", "gemini:gemini-2.5-flash",
            &chat::description_prompt},
    Purpose{"scene", "MODEL_SCENE", "anthropic:claude-sonnet-4-5", &chat::scene_prompt},
};

}  // namespace

constinit const Kind kChat{.name = "chat",
                           .protocol = &protocols::fabula::kProtocol,
                           .purposes = kChatPurposes,
                           .dossier_heading = &chat::dossier_heading,
                           .instruction_to_go_on = &chat::instruction_to_go_on,
                           .has_several_operations = true};

std::string task_prompts_json(const Kind& kind) {
  std::string prompts;
  json::Writer writer(prompts);
  writer.begin_object();
  for (const auto& purpose : kind.purposes) {
    if (!is_first_purpose(kind, purpose)) writer.key(purpose.name).string(purpose.system_prompt());
  }
  writer.end_object();
  return prompts;
}

}  // namespace fabula::turn::kinds
