// The requests and answers of the database's append_chunk and finish_turn (declared in
// shared/database/turn.hpp; design section 5).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/turn/dossier_view.hpp"
#include "shared/turn/status.hpp"
#include "shared/usage/model_call.hpp"

namespace fabula::turn {

// Withdraws a call of begin_turn: removes its turn, or prevents it.
struct WithdrawTurn {
  std::string_view call_id;
};

void write_withdraw_turn(std::string& out, const WithdrawTurn& turn);

struct AppendChunk {
  std::string_view generation_id;
  std::uint64_t from_offset = 0;  // where `text` begins
  std::string_view text;
};

void write_append_chunk(std::string& out, const AppendChunk& chunk);

struct Appended {
  bool is_streaming = true;  // false: another request has closed the generation
  bool cancel_requested = false;
  std::uint64_t saved_bytes = 0;
};

std::optional<Appended> read_appended(std::string answer);

struct FinishTurn {
  std::string_view generation_id;
  Status status = Status::failed;
  std::uint64_t from_offset = 0;  // where `text` begins
  std::string_view text;          // all text that is not known to be saved
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::string_view error_code;
  std::optional<llm::Usage> usage;
  std::optional<std::int64_t> first_token_ms;
  std::int64_t latency_ms = 0;
  std::string_view provider;
  std::string_view model;
  std::span<const usage::ModelCall> attempts = {};  // requests made to models
  bool is_worth_extracting = false;                 // for question and reply
  bool goes_on_verbatim = false;  // the model got no instruction to continue, only its own text
};

void write_finish_turn(std::string& out, const FinishTurn& turn);

// Reads the status and the dossier of a turn that has ended.
struct FinishedTurn {
  std::string_view generation_id;
};

void write_finished_turn(std::string& out, const FinishedTurn& turn);

struct Finished {
  std::string status;                  // the row's current status
  std::string message_id;              // empty when there was no text
  std::uint64_t saved_bytes = 0;       // of the reply, including the text that it continues
  std::optional<DossierView> dossier;  // if the turn has asked for it
};

std::optional<Finished> read_finished(std::string answer);

}  // namespace fabula::turn
