// The stored state of a turn, running or ended (read_turn, shared/database/turn.hpp), for a client
// that reconnects to a reply of another request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/dossier_view.hpp"

namespace fabula::turn {

// Identifies a turn, by its generation or by the name of its stream.
struct TurnKey {
  enum class Kind : std::uint8_t { generation_id, stream_id };
  Kind kind = Kind::generation_id;
  std::string_view value;
};

struct ReadTurn {
  const auth::Principal& principal;
  TurnKey key;
  std::uint64_t after_bytes = 0;  // bytes of the reply that the client has already
};

void write_read_turn(std::string& out, const ReadTurn& turn);

struct StoredTurn {
  BegunTurn turn;      // its ids
  std::string status;  // from turn::name
  bool is_final = false;
  // When its writer will be considered dead if it stays silent; nothing: the turn has ended.
  std::optional<std::int64_t> silent_in_ms;
  std::uint64_t saved_bytes = 0;  // of the reply's text
  std::string text;               // from `after_bytes` on
  std::string message_id;         // empty until a message is stored
  std::string provider;
  std::string model;
  std::string error_code;
  std::string finish_reason;  // from llm::name; empty for none
  std::optional<llm::Usage> usage;
  std::optional<DossierView> dossier;  // its current state, if the turn has asked for it
};

std::optional<StoredTurn> read_stored_turn(std::string answer);

// Why a reply has ended incomplete, for its reader; nothing for one that is complete or was
// cancelled.
std::optional<Problem> problem_of_ended(const StoredTurn& turn);

}  // namespace fabula::turn
