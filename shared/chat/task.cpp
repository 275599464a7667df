#include "shared/chat/task.hpp"

#include "generated/prompts.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"

namespace fabula::chat {
namespace {

constexpr std::array<TaskRules, kTaskNames.size()> kTasks{
    TaskRules{kTaskNames[0], &settings::named("MODEL_CHAT"), prompts::kChat},
    TaskRules{kTaskNames[1], &settings::named("MODEL_DESCRIPTION"), prompts::kDescription},
    TaskRules{kTaskNames[2], &settings::named("MODEL_SCENE"), prompts::kScene},
};

}  // namespace

const TaskRules& task_named(std::string_view name) {
  for (const auto& task : kTasks) {
    if (task.name == name) return task;
  }
  return kTasks.front();
}

bool is_chat(const TaskRules& task) { return task.name == kTaskNames.front(); }

namespace {

std::string of_other_tasks(std::string_view prompts::Prompt::* part) {
  std::string object;
  json::Writer writer(object);
  writer.begin_object();
  for (const auto& task : kTasks) {
    if (!is_chat(task)) writer.key(task.name).string(task.prompt.*part);
  }
  writer.end_object();
  return object;
}

}  // namespace

std::string task_prompts_json() { return of_other_tasks(&prompts::Prompt::text); }
std::string task_prompt_labels_json() { return of_other_tasks(&prompts::Prompt::label); }

}  // namespace fabula::chat
