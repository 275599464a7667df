// One turn of any conversation: begun in the database, answered by a model, told by a channel,
// stored (design section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/kind.hpp"
#include "wasm/engine/attachments.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/relay.hpp"
#include "wasm/engine/tool_rounds.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// What is asked for; texts that are empty are not said.
struct TurnRequest {
  const turn::Kind* kind = nullptr;
  turn::Action action = turn::Action::say;
  std::string session_id = {};
  std::string project_id = {};
  std::string message_id = {};       // what `action` is about
  std::string claimed_user_id = {};  // the database refuses any but the caller's own
  std::string text = {};             // the user's message
  std::string system_prompt = {};
  std::string_view prompt = {};  // its name and version, where it is one of ours
  std::string idempotency_key = {};
  std::string request_hash = {};      // of what the key, or the stream's name, stands for
  std::string external_id = {};       // the caller's own name of the conversation, for session_id
  std::string stream_id = {};         // the caller's own name of the stream
  std::int64_t bot_id = 0;            // who is asked; 0: nobody in particular
  std::string message_metadata = {};  // JSON objects: see turn::BeginTurn
  std::string task_prompts = {};
  std::string task_prompt_labels = {};
  bool detach = false;     // the reply goes on when its client has left
  bool reasoning = false;  // what the model thinks aloud is told too
  // Whether the message is worth reading for the dossier: see turn::BeginTurn. Whether the reply is
  // worth it too is said when the turn has begun.
  bool is_worth_extracting = false;
  bool awaits_dossier = false;  // the end is told when the dossier has taken it up
  std::string call_id = {};     // names the attempt to begin, so that it can be withdrawn

  // What the model is sent last instead of a message of the user; empty: nothing.
  std::string_view instruction() const {
    const bool is_told = action == turn::Action::go_on && kind->instruction_to_go_on;
    return is_told ? kind->instruction_to_go_on->text : std::string_view();
  }
};

// Limits of a turn, from the settings FABULA_HISTORY_TOKENS, FABULA_MAX_OUTPUT_TOKENS,
// FABULA_FIRST_TOKEN_TIMEOUT_MS, FABULA_IDLE_TIMEOUT_MS, FABULA_TIME_LIMIT_MS and
// FABULA_COALESCE_MS.
struct TurnLimits {
  std::int64_t history_tokens = 0;
  std::int64_t maximum_output_tokens = 0;
  RelayLimits relay;
};
TurnLimits read_turn_limits(Call& call);

// The Idempotency-Key of the call, 1 to 255 visible ASCII characters; empty when it has none.
Result<std::string> idempotency_key(const Call& call);

// Stores the user's message and opens the reply, unless its idempotency key has been seen before.
// What is refused here is refused as a status. The row names the first of the endpoints, if they
// are known yet, which answer_turn corrects when another one answers.
runtime::Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                                  const TurnRequest& request,
                                                  const Endpoints& endpoints,
                                                  const TurnLimits& limits);

// A new name for an attempt to begin a turn.
std::string make_call_id(runtime::Context& context);

// Takes back the turn that an attempt has begun, or may begin yet, of which its caller has been
// told that there is none.
runtime::Task<void> withdraw_turn(Call& call, std::string_view call_id);

// Ends a turn that has begun and is not to be told, because of this problem: it is kept as one in
// which the first of these models, if there is one, said nothing.
runtime::Task<void> abandon_turn(Call& call, const turn::BegunTurn& turn,
                                 const Endpoints& endpoints, const Problem& problem);

// Who is asked, and what the user's message has attached.
struct Answering {
  Endpoints endpoints;
  Attachments attachments;
};

// Asks, tells the reply by the channel and stores it. From here on faults are told there. The
// conversation is taken out of `turn` as soon as nobody needs it. `tools` runs what the kind's
// tools are called for; nullptr when it has none.
runtime::Task<Result<void>> answer_turn(Call& call, const Caller& caller, turn::BegunTurn& turn,
                                        const TurnRequest& request, Answering& answering,
                                        const TurnLimits& limits, Channel& channel,
                                        ToolRunner* tools);

// Ends a turn that nobody can be asked for: what keeps it from being answered is stored and told by
// the channel, because the user's message is stored already.
runtime::Task<Result<void>> fail_turn(Call& call, const Caller& caller, const turn::BegunTurn& turn,
                                      Problem problem, Channel& channel);

// How long nothing may be written before a beat is. Clients' leaving shows on some hosts only when
// something is written, so they are written to more often than others (design section 2).
std::int64_t longest_silence_ms(runtime::Context& context, const RelayLimits& limits);

// The ids in the answer's headers, and a new guest's token.
void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller);

}  // namespace fabula::engine
