// What a message may ask for: each task has models and a system prompt of its own.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "shared/prompts/prompt.hpp"
#include "shared/settings/setting.hpp"

namespace fabula::chat {

// In the order of the table in task.cpp; the first is the one of messages that name none.
inline constexpr std::array<std::string_view, 3> kTaskNames{"chat", "description", "scene"};

struct TaskRules {
  std::string_view name;
  const settings::Setting* setting;  // that names its route
  const prompts::Prompt& prompt;

  std::string_view system_prompt() const { return prompt.text; }
};

// The table's first for a name that is not in it.
const TaskRules& task_named(std::string_view name);

// Whether it is the task of messages that name none.
bool is_chat(const TaskRules& task);

// The other tasks' system prompts by their names, as a JSON object.
std::string task_prompts_json();
// The labels of these prompts, likewise.
std::string task_prompt_labels_json();

}  // namespace fabula::chat
