// What the turn engine says to the database's begin_turn, append_chunk and finish_turn, and what
// they answer (supabase/migrations; design section 5). JSON text in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/llm/stream.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/status.hpp"

namespace fabula::turn {

using auth::Principal;

struct BeginTurn {
  const Principal& principal;
  std::string_view kind;  // of the session: chat, ...
  const std::optional<std::string>& session_id;
  const std::optional<std::string>& project_id;
  std::string_view text;
  std::string_view title;  // for a session that is created by this turn
  std::string_view provider;
  std::string_view model;
  std::int64_t history_budget_tokens = 0;
  std::string_view claimed_user_id = {};  // refused unless it is the principal's
};

std::string begin_turn_request(const BeginTurn& turn);

struct BegunTurn {
  std::string user_id;
  std::string session_id;
  std::string project_id;
  std::string user_message_id;
  std::string message_id;  // of the reply
  std::string stream_id;
  std::string generation_id;
  std::string title;   // only when the session is new
  std::string answer;  // the whole JSON text, which holds the history
  std::size_t history_offset = 0;
  std::size_t history_bytes = 0;

  // The conversation before this turn: a JSON array of {"role", "content"}, oldest first.
  std::string_view history_json() const {
    return std::string_view(answer).substr(history_offset, history_bytes);
  }
};

// internal_error when the answer is not what begin_turn promises.
Result<BegunTurn> parse_begun_turn(std::string answer);

std::string append_chunk_request(std::string_view generation_id, std::uint64_t from_offset,
                                 std::string_view text);

struct Appended {
  bool is_streaming = true;  // false: somebody has closed this generation
  bool cancel_requested = false;
  std::uint64_t saved_bytes = 0;
};

Result<Appended> parse_appended(std::string_view answer);

struct FinishTurn {
  std::string_view generation_id;
  Status status = Status::failed;
  std::uint64_t from_offset = 0;  // where `text` begins
  std::string_view text;          // all that is not known to be saved
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::string_view error_code;
  std::optional<llm::Usage> usage;
  std::optional<std::int64_t> first_token_ms;
  std::int64_t latency_ms = 0;
  std::string_view provider;
  std::string_view model;
};

std::string finish_turn_request(const FinishTurn& turn);

struct Finished {
  std::string status;      // as the row now says
  std::string message_id;  // empty when nothing was said
};

Result<Finished> parse_finished(std::string_view answer);

}  // namespace fabula::turn
