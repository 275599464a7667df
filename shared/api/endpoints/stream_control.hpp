// Schemas for resuming and cancelling a stream, whichever function began it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// The largest integer that JavaScript represents exactly.
inline constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53) - 1;

// More bytes than any reply has, and no more than the database's integers hold.
inline constexpr std::int64_t kMaximumKnownBytes = 999'999'999;

inline constexpr std::array kAfterFields{
    Field{.name = "after",
          .type = Type::integer,
          .description = "The number of UTF-8 bytes of the reply that the caller has; the header "
                         "Last-Event-ID has the same meaning.",
          .maximum = kMaximumKnownBytes,
          .default_json = "0"},
};
inline constexpr Schema kResumeQuery{"ResumeQuery", "", kAfterFields};

inline constexpr std::array kCancelFields{
    Field{.name = "epoch",
          .type = Type::integer,
          .description = "The run to cancel; any other run goes on. Without it the running one.",
          .minimum = 1,
          .maximum = kLargestNumber},
};
inline constexpr Schema kCancel{"CancelRequest", "The run to cancel.", kCancelFields};

inline constexpr std::array<std::string_view, 6> kStatuses{"streaming",    "complete",    "stopped",
                                                           "disconnected", "interrupted", "failed"};

inline constexpr std::array kCancelledFields{
    Field{.name = "stream_id", .description = "The stream.", .is_required = true},
    Field{.name = "epoch",
          .type = Type::integer,
          .description = "Its newest run.",
          .is_required = true},
    Field{.name = "status",
          .description = "The status of that run.",
          .is_required = true,
          .choices = kStatuses},
    Field{.name = "cancel_requested",
          .type = Type::boolean,
          .description = "Whether it has been asked to stop.",
          .is_required = true},
};
inline constexpr Schema kCancelled{"Cancellation", "The result of a cancellation.",
                                   kCancelledFields};

inline constexpr std::array kStreamErrorFields{
    Field{.name = "code", .description = "The stable code for programs.", .is_required = true},
    Field{.name = "message", .description = "What the caller can do.", .is_required = true},
    Field{.name = "retryable",
          .type = Type::boolean,
          .description = "Whether it is worth another try.",
          .is_required = true},
    Field{.name = "stored_bytes",
          .type = Type::integer,
          .description = "If less than the streamed text is stored: its bytes."},
};
inline constexpr Schema kStreamError{"StreamError", "A failure after a stream has begun.",
                                     kStreamErrorFields};

}  // namespace fabula::api
