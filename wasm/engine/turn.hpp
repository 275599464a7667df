// One turn of any conversation: begun in the database, answered by a model, sent through a channel,
// and stored (design section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/relay.hpp"
#include "wasm/engine/tool_rounds.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// A request for a turn. Empty texts are absent.
struct TurnRequest {
  const turn::Kind* kind = nullptr;
  turn::Action action = turn::Action::say;
  std::string session_id = {};
  std::string project_id = {};
  std::string message_id = {};       // the message that `action` concerns
  std::string claimed_user_id = {};  // the database refuses any id but the caller's own
  std::string text = {};             // the user's message
  std::string system_prompt = {};
  std::string_view prompt = {};  // name and version of our own prompt, if it is one
  std::string idempotency_key = {};
  std::string request_hash = {};      // for the request that the key or stream name identifies
  std::string external_id = {};       // the caller's own name for the conversation
  std::string stream_id = {};         // the caller's own name for the stream
  std::int64_t bot_id = 0;            // the bot to ask; 0: none
  bool hides_public_bots = false;     // the bot must be the caller's own
  std::string message_metadata = {};  // JSON objects: see turn::BeginTurn
  std::string task_prompts = {};
  std::string task_prompt_labels = {};
  std::optional<turn::CompanionRequest> companion = {};
  turn::ModelSettings chosen = {};        // the settings of this turn's model
  std::string guidance = {};              // the caller's guidance for this take
  std::string guidance_instruction = {};  // the same in the words of our instruction
  std::string instructions = {};          // for a session that is created by this turn
  std::string kinds = {};  // for other kinds whose messages `action` may concern: turn::BeginTurn
  bool detach = false;     // the reply continues when the client has left
  bool reasoning = false;  // the model's reasoning is sent too
  // Whether the message is worth reading for the dossier: see turn::BeginTurn. The reply is judged
  // once the turn has begun.
  bool is_worth_extracting = false;
  bool if_newest = false;  // see turn::BeginTurn
  // Kinds of jobs that must have read the session for the dossier before the end is sent. The kinds
  // must outlive the turn.
  JobKinds awaited_jobs = {};
  std::string call_id = {};  // identifies this call of begin_turn, so that it can be withdrawn

  // The last text to the model instead of a user's message; empty: none.
  std::string_view instruction() const {
    if (!guidance_instruction.empty()) return guidance_instruction;
    const bool is_told = action == turn::Action::go_on && kind->instruction_to_go_on;
    return is_told ? kind->instruction_to_go_on->text : std::string_view();
  }
};

// Limits of a turn, from the settings FABULA_HISTORY_TOKENS, FABULA_MAX_OUTPUT_TOKENS,
// FABULA_FIRST_TOKEN_TIMEOUT_MS, FABULA_IDLE_TIMEOUT_MS, FABULA_TIME_LIMIT_MS,
// FABULA_COALESCE_MS and FABULA_TURN_SUBREQUESTS.
struct TurnLimits {
  std::int64_t history_tokens = 0;
  std::int64_t maximum_output_tokens = 0;
  std::int64_t saves = 0;  // how often a reply may be saved before its end
  RelayLimits relay;
};
TurnLimits read_turn_limits(Call& call);

// Stores the user's message and opens the reply, unless its idempotency key was used before. A
// problem becomes an HTTP status. The generation's row names the first of the endpoints, if they
// are known yet; answer_turn corrects it when another one answers.
runtime::Task<Result<turn::BegunTurn>> begin_turn(Call& call, const Caller& caller,
                                                  const TurnRequest& request,
                                                  const Endpoints& endpoints,
                                                  const TurnLimits& limits);

// Asks whether begin_turn would begin this turn, and begins nothing. For work that comes before the
// turn and that only callers may cause whose turn is admitted. Problems are those of begin_turn.
runtime::Task<Result<void>> admit_turn(Call& call, const Caller& caller, const TurnRequest& request,
                                       const Endpoints& endpoints, const TurnLimits& limits);

// Makes a new id for a call of begin_turn.
std::string make_call_id(runtime::Context& context);

// Withdraws the turn that a call of begin_turn has begun or may still begin, after the caller was
// told that it has not begun.
runtime::Task<void> withdraw_turn(Call& call, std::string_view call_id);

// Ends a turn that has begun but is not sent, because of this problem: it is stored as a turn in
// which the first of these models, if there is one, wrote nothing.
runtime::Task<void> abandon_turn(Call& call, const turn::BegunTurn& turn,
                                 const Endpoints& endpoints, const Problem& problem);

// The models to ask, and the attachments of the user's message.
struct Answering {
  Endpoints endpoints;
  Attachments attachments;
};

// The tools of a turn. Without a runner there are none.
struct TurnTools {
  std::span<const llm::Tool> offered;
  ToolRunner* runner = nullptr;
};

// Asks the models, sends the reply through the channel and stores it. From here on the channel
// reports errors. The conversation is moved out of `turn` as soon as nothing needs it.
runtime::Task<Result<void>> answer_turn(Call& call, const Caller& caller, turn::BegunTurn& turn,
                                        const TurnRequest& request, Answering& answering,
                                        const TurnLimits& limits, Channel& channel,
                                        TurnTools tools);

// Ends a turn without an available model: stores the problem and sends it through the channel,
// because the user's message is already stored.
runtime::Task<Result<void>> fail_turn(Call& call, const Caller& caller, const turn::BegunTurn& turn,
                                      Problem problem, Channel& channel);

// How long nothing may be written before a beat. Some hosts notice only when something is written
// that a client has left, so beats come more often there (design section 2).
std::int64_t longest_silence_ms(runtime::Context& context, const RelayLimits& limits);

// Adds the ids and a new guest's token to the answer's headers.
void add_ids(http::Headers& headers, const turn::BegunTurn& turn, const Caller& caller);

}  // namespace fabula::engine
