#include "shared/chat/task.hpp"

#include "shared/chat/prompt.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"

namespace fabula::chat {
namespace {

constexpr std::array<TaskRules, kTaskNames.size()> kTasks{
    TaskRules{kTaskNames[0], &settings::named("MODEL_CHAT"), &system_prompt},
    TaskRules{kTaskNames[1], &settings::named("MODEL_DESCRIPTION"), &description_prompt},
    TaskRules{kTaskNames[2], &settings::named("MODEL_SCENE"), &scene_prompt},
};

}  // namespace

const TaskRules& task_named(std::string_view name) {
  for (const auto& task : kTasks) {
    if (task.name == name) return task;
  }
  return kTasks.front();
}

bool is_chat(const TaskRules& task) { return task.name == kTaskNames.front(); }

std::string task_prompts_json() {
  std::string prompts;
  json::Writer writer(prompts);
  writer.begin_object();
  for (const auto& task : kTasks) {
    if (!is_chat(task)) writer.key(task.name).string(task.system_prompt());
  }
  writer.end_object();
  return prompts;
}

}  // namespace fabula::chat
