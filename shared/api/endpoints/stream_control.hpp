// Coming back to a stream and stopping it, whichever function began it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// What JavaScript counts exactly.
inline constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53) - 1;

// More than any reply has, and no more than the database's integers hold.
inline constexpr std::int64_t kMaximumKnownBytes = 999'999'999;

inline constexpr std::array kAfterFields{
    Field{.name = "after",
          .type = Type::integer,
          .description =
              "How many UTF-8 bytes of the reply are known; the header Last-Event-ID says "
              "the same.",
          .maximum = kMaximumKnownBytes,
          .default_json = "0"},
};
inline constexpr Schema kResumeQuery{"ResumeQuery", "", kAfterFields};

inline constexpr std::array kCancelFields{
    Field{.name = "epoch",
          .type = Type::integer,
          .description = "The run that is meant: another one goes on. Without it the running one.",
          .minimum = 1,
          .maximum = kLargestNumber},
};
inline constexpr Schema kCancel{"CancelRequest", "Which run is cancelled.", kCancelFields};

inline constexpr std::array<std::string_view, 6> kStatuses{"streaming",    "complete",    "stopped",
                                                           "disconnected", "interrupted", "failed"};

inline constexpr std::array kCancelledFields{
    Field{.name = "stream_id", .description = "The stream.", .is_required = true},
    Field{.name = "epoch",
          .type = Type::integer,
          .description = "Its newest run.",
          .is_required = true},
    Field{.name = "status",
          .description = "How that run stands.",
          .is_required = true,
          .choices = kStatuses},
    Field{.name = "cancel_requested",
          .type = Type::boolean,
          .description = "Whether it has been asked to stop.",
          .is_required = true},
};
inline constexpr Schema kCancelled{"Cancellation", "What a cancellation has done.",
                                   kCancelledFields};

}  // namespace fabula::api
