// What the turn engine says to the database's begin_turn, and what it answers (declared in
// shared/database/turn.hpp; design section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/http/allowance.hpp"
#include "shared/llm/route/bot.hpp"
#include "shared/turn/rate_limit.hpp"

namespace fabula::turn {

using auth::Principal;

// What a turn adds to its conversation.
enum class Action : std::uint8_t {
  say,         // a message of the user, and the reply to it
  edit,        // the same, beside an earlier message instead of after the newest
  regenerate,  // another reply to a message that is there
  go_on,       // the rest of a reply, as another take of it that begins with the old text
};

// The name in the database and in answers: "say", "edit", "regenerate", "continue".
std::string_view name(Action action);

// Texts that are empty are not said.
struct BeginTurn {
  const Principal& principal;
  std::string_view kind;  // of the session: chat, ...
  Action action = Action::say;
  std::string_view session_id = {};
  std::string_view project_id = {};
  std::string_view message_id = {};   // what `action` is about
  std::string_view text = {};         // the user's message, of say and edit
  std::string_view instruction = {};  // what the model is sent last instead, when it goes on
  std::string_view title = {};        // for a session that is created by this turn
  std::string_view provider = {};
  std::string_view model = {};
  std::string_view system_prompt = {};
  std::string_view prompt = {};           // its name and version, where it is one of ours: "chat-1"
  std::string_view summary_heading = {};  // what a summary is sent after
  std::int64_t maximum_output_tokens = 0;
  std::int64_t history_budget_tokens = 0;
  std::string_view claimed_user_id = {};  // refused unless it is the principal's
  std::string_view idempotency_key = {};
  // Of what the key, or the stream's name, stands for: SHA-256 in hexadecimal.
  std::string_view request_hash = {};
  std::string_view external_id = {};  // the caller's own name of the conversation, for session_id
  std::string_view stream_id = {};    // the caller's own name of the stream
  std::int64_t bot_id = 0;            // who is asked; 0: nobody in particular
  std::string_view limited_action = {};  // what `rate_limit` is of
  std::optional<RateLimit> rate_limit = {};
  // JSON objects. What is kept with the user's message; and, when `action` is about an earlier
  // message, the system prompts of the tasks that its metadata may name, and their labels.
  std::string_view message_metadata = {};
  std::string_view task_prompts = {};
  std::string_view task_prompt_labels = {};
  // What is known of the story is wanted, and sent after this heading; empty: it is not.
  std::string_view dossier_heading = {};
  bool is_worth_extracting = false;  // the user's message, however the turn ends
  // A new UUID, by which the turn is taken back if this call is given up (WithdrawTurn).
  std::string_view call_id = {};
  // How long after it has come the call may still begin a turn; 0: however long.
  std::int64_t wait_ms = 0;
};

void write_begin_turn(std::string& out, const BeginTurn& turn);

struct BegunTurn {
  std::string user_id;
  std::string session_id;
  std::string project_id;  // empty: the session belongs to none
  std::string user_message_id;
  std::string message_id;  // of the reply
  std::string stream_id;
  std::string generation_id;
  std::string title;  // only when the session is new
  // The idempotency key has been seen before: this is the turn that was begun then, and there is no
  // history.
  bool is_replayed = false;
  std::uint64_t base_bytes = 0;              // of the reply that were there before this turn
  std::optional<http::Allowance> allowance;  // what is left of `rate_limit`
  std::string summary;           // of what was said before the history; empty: it is everything
  std::string message_metadata;  // of the earlier message that is answered; empty: none
  std::string told;    // of the story, with its heading: what comes after the system prompt
  std::string answer;  // the whole JSON text, which holds the history
  std::size_t history_offset = 0;
  std::size_t history_bytes = 0;

  // The conversation before this turn: a JSON array of {"role", "content"}, oldest first.
  std::string_view history_json() const {
    return std::string_view(answer).substr(history_offset, history_bytes);
  }
};

std::optional<BegunTurn> read_begun_turn(std::string answer);

// A bot as it is asked: its own choice of a model, and what it is told.
struct AskedBot {
  llm::Bot choice;
  std::string system;
};

// The bot of a turn that was begun with a bot_id; nothing for another.
std::optional<AskedBot> asked_bot(const BegunTurn& turn);

}  // namespace fabula::turn
