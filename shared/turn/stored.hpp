// What the database has of a turn, running or ended (read_turn, shared/database/turn.hpp): what a
// client is told that comes back to a reply which another request began.
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

// Which turn: by the generation that a request has found, or by the name of its stream.
struct TurnKey {
  enum class Kind : std::uint8_t { generation_id, stream_id };
  Kind kind = Kind::generation_id;
  std::string_view value;
};

struct ReadTurn {
  const auth::Principal& principal;
  TurnKey key;
  std::uint64_t after_bytes = 0;  // of the reply, which are known: its text beyond them is wanted
};

void write_read_turn(std::string& out, const ReadTurn& turn);

struct StoredTurn {
  BegunTurn turn;      // its ids
  std::string status;  // as turn::name gives it
  bool is_final = false;
  std::string text;        // beyond what was asked
  std::string message_id;  // empty while nothing is stored as a message
  std::string provider;
  std::string model;
  std::string error_code;
  std::string finish_reason;  // as llm::name gives it; empty for none
  std::optional<llm::Usage> usage;
  std::optional<DossierView> dossier;  // as it is now; of a turn that has asked for it
};

std::optional<StoredTurn> read_stored_turn(std::string answer);

// Why a reply that has ended is not complete, for its reader; nothing for one that is complete, or
// that somebody has cancelled.
std::optional<Problem> problem_of_ended(const StoredTurn& turn);

}  // namespace fabula::turn
