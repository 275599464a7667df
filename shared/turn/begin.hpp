// The request and the answer of the database's begin_turn (declared in shared/database/turn.hpp;
// design section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/encryption/encrypted_text.hpp"
#include "shared/http/allowance.hpp"
#include "shared/llm/route/bot.hpp"
#include "shared/turn/companion.hpp"
#include "shared/turn/model_settings.hpp"
#include "shared/turn/rate_limit.hpp"

namespace fabula::turn {

using auth::Principal;

// The kind of addition that a turn makes to its conversation.
enum class Action : std::uint8_t {
  say,         // a user's message, and the reply to it
  edit,        // the same, but next to an earlier message instead of after the newest
  regenerate,  // another reply to an existing message
  go_on,       // the rest of a reply, stored as another take that begins with the old text
};

// The name in the database and in answers: "say", "edit", "regenerate", "continue".
std::string_view name(Action action);

// Empty texts are absent.
struct BeginTurn {
  const Principal& principal;
  std::string_view kind;  // of the session, such as "chat"
  Action action = Action::say;
  std::string_view session_id = {};
  std::string_view project_id = {};
  std::string_view message_id = {};    // the message that `action` concerns
  std::string_view text = {};          // the user's message, for say and edit
  std::string_view instruction = {};   // sent last, after the history: regenerate, go_on
  std::string_view guidance = {};      // the instruction in the caller's own words: regenerate
  std::string_view instructions = {};  // for a session that is created by this turn
  std::string_view title = {};         // for a session that is created by this turn
  std::string_view provider = {};
  std::string_view model = {};
  std::string_view system_prompt = {};
  std::string_view prompt = {};  // name and version of our own prompt, if it is used: "chat-1"
  std::string_view summary_heading = {};   // precedes the summary in the prompt
  std::int64_t maximum_output_tokens = 0;  // the upper limit of a chosen value
  ModelSettings chosen = {};               // for this turn
  std::int64_t history_budget_tokens = 0;
  std::string_view claimed_user_id = {};  // refused unless it is the principal's
  std::string_view idempotency_key = {};
  // SHA-256, in hexadecimal, of the request that the key or the stream's name identifies.
  std::string_view request_hash = {};
  std::string_view external_id = {};     // the caller's own name for the conversation
  std::string_view stream_id = {};       // the caller's own name for the stream
  std::int64_t bot_id = 0;               // the bot to ask; 0: none
  bool hides_public_bots = false;        // the bot must be the caller's own
  std::string_view limited_action = {};  // the action that `rate_limit` limits
  std::optional<RateLimit> rate_limit = {};
  std::string_view admission = {};  // a JSON object (supabase/schemas/admission/admit.sql)
  // JSON objects: the metadata to store with the user's message; and, when `action` concerns an
  // earlier message, the system prompts and labels for the tasks that its metadata may name.
  std::string_view message_metadata = {};
  std::string_view task_prompts = {};
  std::string_view task_prompt_labels = {};
  // Asks for the dossier's text, which follows this heading in the prompt; empty: no dossier.
  std::string_view dossier_heading = {};
  bool is_worth_extracting = false;  // the user's message, however the turn ends
  // Refused with precondition_failed unless message_id is the path's last message.
  bool if_newest = false;
  // Only for a conversation with a companion; else nullptr.
  const CompanionRequest* companion = nullptr;
  // A JSON object keyed by other kinds whose messages `action` may concern, with the values that
  // then replace the members above.
  std::string_view kinds = {};
  // A new UUID that identifies this call, so that it can be withdrawn (WithdrawTurn).
  std::string_view call_id = {};
  // How long after its arrival the call may still begin a turn; 0: no limit.
  std::int64_t wait_ms = 0;
};

void write_begin_turn(std::string& out, const BeginTurn& turn);

struct BegunTurn {
  std::string user_id;
  std::string session_id;
  std::string project_id;  // empty: the session has no project
  std::string user_message_id;
  std::string message_id;  // of the reply
  std::string stream_id;
  std::string generation_id;
  std::string title;  // only when the session is new
  // The idempotency key has been used before: this is the turn that began then, without its
  // history.
  bool is_replayed = false;
  std::uint64_t base_bytes = 0;              // bytes of the reply that existed before this turn
  std::optional<http::Allowance> allowance;  // the rest of `rate_limit`
  std::string summary;  // of the messages before the history; empty: the history is complete
  std::string message_metadata;  // of the earlier message that the turn answers; empty: none
  // Replaces the user's text if that is too long for the budget: its beginning and its end.
  std::optional<std::string> cut_text;
  std::string told;  // the dossier's text and heading, which follow the system prompt
  std::string kind;  // of the session, if it may differ from the request's
  // Replaces the request's system prompt, if present: only the database knows the character, and
  // the instructions of the project and the session.
  std::optional<std::string> system_prompt;
  std::optional<Character> character;
  ModelSettings chosen;  // by the turn or by its session
  // The request's data to report in the reply, as a JSON object; empty: none.
  std::string reply_metadata;
  bool is_new_user = false;  // the user that the caller acts for was created by this call
  std::string answer;        // the whole JSON text, which contains the history
  std::size_t history_offset = 0;
  std::size_t history_bytes = 0;

  // The conversation before this turn: a JSON array of {"role", "content"}, oldest first.
  std::string_view history_json() const {
    return std::string_view(answer).substr(history_offset, history_bytes);
  }
};

std::optional<BegunTurn> read_begun_turn(std::string answer);

// The bot to ask: its own model, if it has one, and its instructions.
struct AskedBot {
  llm::Bot choice;  // with the access_key only if that is not encrypted
  std::string system;
  std::int64_t bot_id = 0;
  std::optional<encryption::EncryptedText> encrypted_key;
};

// The bot of a turn that was begun with a bot_id; nothing without one.
std::optional<AskedBot> asked_bot(const BegunTurn& turn);

}  // namespace fabula::turn
