// A kind of conversation: everything that distinguishes its turns from those of other kinds, in one
// place. Each kind is declared in a file of shared/turn/kinds; the function that serves the kind
// supplies what only the host can find out (the conversation's bot, a tool's answer).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "shared/llm/request/tool.hpp"
#include "shared/prompts/prompt.hpp"
#include "shared/settings/setting.hpp"
#include "shared/turn/protocol.hpp"
#include "shared/turn/rate_limit.hpp"

namespace fabula::turn {

// A task that a message may name: the models that answer it, and their system prompt.
struct Purpose {
  std::string_view name;
  const settings::Setting* setting;  // the route of its models
  const prompts::Prompt* prompt;     // nullptr: the prompt comes from elsewhere, such as a bot
};

// Absent texts are nullptr.
struct Kind {
  std::string_view name;  // the name of its sessions in the database
  const Protocol* protocol = nullptr;
  // The limit per caller, unless the setting FABULA_RATE_LIMITS overrides it; nothing: unlimited.
  std::optional<RateLimit> normal_rate = {};
  // The first is the default, and its models answer if another task's cannot be asked. Never empty.
  std::span<const Purpose> purposes;
  // Replaces the prompt of the first purpose if it is set; nullptr: no such setting.
  const settings::Setting* prompt_setting = nullptr;
  // The prompt for a character without instructions of its own, in kinds whose sessions may have
  // one.
  const prompts::Prompt* character_prompt = nullptr;
  // The heading of the dossier's text in the prompt. A kind that has one puts the dossier into its
  // prompts, and its messages are read for the dossier afterwards.
  const prompts::Prompt* dossier_heading = nullptr;
  // The last message to the model when it continues a reply.
  const prompts::Prompt* instruction_to_go_on = nullptr;
  // The tools that the model may call while it answers.
  std::span<const llm::Tool> tools = {};
  // An idempotency key may belong to any of several operations, so the request's digest begins with
  // the operation and its path's ids.
  bool has_several_operations = false;
  // A repeated request has the client's position in the reply in Last-Event-ID, or `after`.
  bool is_resumed_by_repeating = false;
  // Prompts that a conversation's first message may choose instead of the first purpose's
  // (shared/tools/mode.hpp).
  const settings::Setting* modes_setting = nullptr;
  // When no model can be asked, the stream reports it, because the turn has begun; otherwise the
  // HTTP status does.
  bool tells_missing_model_in_stream = false;
};

// The task with that name; the first one if there is none.
const Purpose& purpose_named(const Kind& kind, std::string_view name);
inline bool is_first_purpose(const Kind& kind, const Purpose& purpose) {
  return &purpose == &kind.purposes[0];
}

}  // namespace fabula::turn
