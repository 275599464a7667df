// What endpoints answer with.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/fields.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/schema.hpp"

namespace fabula::api {

inline constexpr Field kCreatedAt{.name = "created_at",
                                  .type = Type::timestamp,
                                  .description = "When it was made.",
                                  .is_required = true};
inline constexpr Field kUpdatedAt{.name = "updated_at",
                                  .type = Type::timestamp,
                                  .description = "When it last changed.",
                                  .is_required = true};

inline constexpr std::array kHealthFields{
    Field{.name = "status", .description = "Always \"ok\".", .is_required = true},
    Field{.name = "function", .description = "The function that answers.", .is_required = true},
};
inline constexpr Schema kHealth{"Health", "A function that runs.", kHealthFields};

inline constexpr std::array kDoneFields{
    Field{.name = "message", .description = "What was done.", .is_required = true},
};
inline constexpr Schema kDone{"Done", "Something was done.", kDoneFields};

inline constexpr std::array<std::string_view, 3> kRoles{"user", "assistant", "system"};

// Of a message, wherever it is listed.
inline constexpr std::array kMessageFields{
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message.",
          .is_required = true},
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The session it is in.",
          .is_required = true},
    Field{.name = "turn_id",
          .type = Type::uuid,
          .description = "The question and its reply have the same one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "parent_id",
          .type = Type::uuid,
          .description = "The message before it; null for the first one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "role", .description = "Who said it.", .is_required = true, .choices = kRoles},
    Field{.name = "content", .description = "The text.", .is_required = true},
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "False when a reply broke off.",
          .is_required = true},
    Field{.name = "metadata",
          .type = Type::object,
          .description = "What else is known of it.",
          .is_required = true},
    Field{.name = "take_number",
          .type = Type::integer,
          .description = "Which of the takes beside each other this one is, from 1.",
          .is_required = true,
          .minimum = 1},
    Field{.name = "take_count",
          .type = Type::integer,
          .description = "How many takes there are.",
          .is_required = true,
          .minimum = 1},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kMessage{"Message", "One message of a session.", kMessageFields};

}  // namespace fabula::api
