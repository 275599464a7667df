// A kind of conversation: all that makes its turns different from other kinds', in one place. Kinds
// are declared in shared/turn/kinds, a file each; what needs the host to be found out (who is a
// conversation's partner, what a tool gives) is the function's that serves it.
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

// One of the things that may be asked for: who answers, and what it is told about itself.
struct Purpose {
  std::string_view name;
  const settings::Setting* setting;  // that names its route of models
  const prompts::Prompt* prompt;     // nullptr: somebody else's, such as a bot's
};

// Texts that are nullptr are not said.
struct Kind {
  std::string_view name;  // of its sessions in the database
  const Protocol* protocol = nullptr;
  // Of one caller, unless the setting FABULA_RATE_LIMITS says otherwise; nothing: none.
  std::optional<RateLimit> normal_rate = {};
  // The first is what is meant when none is named, and whose models answer where another task's
  // cannot be asked. Never empty.
  std::span<const Purpose> purposes;
  // What stands before that which is known of the story: then turns are told of it, and what they
  // say is read for it afterwards.
  const prompts::Prompt* dossier_heading = nullptr;
  // What the model is sent last when it is to go on with a reply.
  const prompts::Prompt* instruction_to_go_on = nullptr;
  // What the model may ask for while it answers.
  std::span<const llm::Tool> tools = {};
  // One idempotency key stands for a request to one of several operations: the digest of what it
  // stands for begins with the operation and its path's ids.
  bool has_several_operations = false;
  // A request that is repeated says in Last-Event-ID, or `after`, how much of the reply is known.
  bool is_resumed_by_repeating = false;
  // When nobody can be asked, the stream tells it, because the turn has begun; else the status
  // does.
  bool tells_missing_model_in_stream = false;
};

// The task of that name; the first one for a name that is not there.
const Purpose& purpose_named(const Kind& kind, std::string_view name);
inline bool is_first_purpose(const Kind& kind, const Purpose& purpose) {
  return &purpose == &kind.purposes[0];
}

}  // namespace fabula::turn
