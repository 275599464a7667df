// How a turn leaves its project's dossier, as finish_turn and read_turn tell it.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/json/document.hpp"

namespace fabula::turn {

// A project's dossier as a turn leaves it.
struct DossierView {
  std::int64_t version = 0;  // position of its log
  bool is_pending = false;   // something that was said is still to be read for it
  bool is_updated = false;   // it has moved since the session's previous turn
};

// Of such a function's answer; nothing when the turn has not asked for it.
std::optional<DossierView> dossier_view_of(const json::Document& answer);

}  // namespace fabula::turn
