// One turn of any conversation: begun in the database, answered by a model, told to the client,
// stored (design section 5). Endpoints differ in what they ask for and how the turn is framed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/http/head.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "wasm/engine/attachments.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/relay.hpp"
#include "wasm/engine/turn_framing.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// What an endpoint asks for; texts that are empty are not said.
struct TurnRequest {
  std::string_view kind;  // of the session
  turn::Action action = turn::Action::say;
  std::string session_id = {};
  std::string project_id = {};
  std::string message_id = {};        // what `action` is about
  std::string claimed_user_id = {};   // the database refuses any but the caller's own
  std::string text = {};              // the user's message
  std::string_view instruction = {};  // what the model is sent last instead, when it goes on
  std::string_view system_prompt = {};
  std::string_view prompt = {};  // its name and version, where it is one of ours
  std::string idempotency_key = {};
  std::string request_hash = {};      // of what the key, or the stream's name, stands for
  std::string external_id = {};       // the caller's own name of the conversation, for session_id
  std::string stream_id = {};         // the caller's own name of the stream
  std::int64_t bot_id = 0;            // who is asked; 0: nobody in particular
  std::string message_metadata = {};  // JSON objects: see turn::BeginTurn
  std::string task_prompts = {};
  std::string task_prompt_labels = {};
  bool detach = false;  // the reply goes on when its client has left
  // Of a turn that is told what is known of the story, and read for its dossier: see
  // turn::BeginTurn. Whether the reply is worth it too is said when the turn has begun.
  std::string_view dossier_heading = {};
  bool is_worth_extracting = false;
  bool awaits_dossier = false;  // the end is told when the dossier has taken it up
  // Of the caller, unless the setting FABULA_RATE_LIMITS has one for this function.
  std::optional<turn::RateLimit> normal_rate = {};
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
// are known yet, which stream_turn corrects when another one answers.
runtime::Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                                  const TurnRequest& request,
                                                  const Endpoints& endpoints,
                                                  const TurnLimits& limits);

// Ends a turn that has begun and is not to be streamed, because of this problem: it is kept as one
// in which this model said nothing.
runtime::Task<void> abandon_turn(Call& call, const turn::BegunTurn& turn,
                                 const llm::Endpoint& model, const Problem& problem);

// Streams the reply as the call's response, whose `head` is the caller's but for the ids, and
// stores it. From here on faults are told in the stream. `attachments` are the user's message's.
runtime::Task<Result<void>> stream_turn(Call& call, const Caller& caller, turn::BegunTurn&& turn,
                                        const TurnRequest& request, const Endpoints& endpoints,
                                        const TurnLimits& limits, TurnFraming& framing,
                                        http::ResponseHead&& head, Attachments attachments = {});

// Ends a turn that nobody can be asked for: what keeps it from being answered is stored and told in
// the stream, because the user's message is stored already.
runtime::Task<Result<void>> fail_turn(Call& call, const Caller& caller, turn::BegunTurn turn,
                                      Problem problem, TurnFraming& framing,
                                      http::ResponseHead head);

// The ids in the answer's headers, and a new guest's token.
void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller);

}  // namespace fabula::engine
