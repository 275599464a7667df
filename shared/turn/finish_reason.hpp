// Why a reply has ended, in the names that all protocols use.
#pragma once

#include <string_view>

#include "shared/llm/stream/stream.hpp"
#include "shared/turn/status.hpp"

namespace fabula::turn {

// The reason of a cancelled reply.
inline constexpr std::string_view kCancelled = "cancelled";

// `reason` is the provider's, from llm::name. It is returned for a complete reply (`stop` when the
// provider gave none); other replies are `cancelled` or `error`.
constexpr std::string_view finish_reason_told(std::string_view status, std::string_view reason) {
  if (status == name(Status::stopped)) return kCancelled;
  if (status != name(Status::complete)) return "error";
  return reason.empty() ? std::string_view("stop") : reason;
}

}  // namespace fabula::turn
