// The conversation about a person's story with its companion.
#pragma once

#include <string>

#include "shared/turn/kind.hpp"

namespace fabula::turn::kinds {

extern const Kind kChat;

// The system prompts of the tasks that a message may name: a JSON object keyed by name.
std::string task_prompts_json(const Kind& kind);
// The labels of these prompts, in the same form.
std::string task_prompt_labels_json(const Kind& kind);

}  // namespace fabula::turn::kinds
