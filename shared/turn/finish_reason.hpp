// Why a reply has ended, in the word that every protocol starts from.
#pragma once

#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/turn/status.hpp"

namespace fabula::turn {

// Of a reply that somebody has cancelled.
inline constexpr std::string_view kCancelled = "cancelled";

// `reason` is the provider's, as llm::name gives it: it counts for a complete reply (`stop` when
// the provider has not said why), others are `cancelled` or `error`.
constexpr std::string_view finish_reason_told(std::string_view status, std::string_view reason) {
  if (status == name(Status::stopped)) return kCancelled;
  if (status != name(Status::complete)) return "error";
  return reason.empty() ? std::string_view("stop") : reason;
}

}  // namespace fabula::turn
