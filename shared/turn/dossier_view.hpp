// The state of a project's dossier after a turn, as finish_turn and read_turn report it.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/json/document.hpp"

namespace fabula::turn {

// A project's dossier after a turn.
struct DossierView {
  std::int64_t version = 0;  // position of its log
  bool is_pending = false;   // some messages have not been read for it yet
  bool is_updated = false;   // it has changed since the session's previous turn
};

// Reads it from such a function's answer; nothing unless the turn has asked for it.
std::optional<DossierView> dossier_view_of(const json::Document& answer);

}  // namespace fabula::turn
