// Schemas of answers that several endpoints share.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/fields.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/schema.hpp"

namespace fabula::api {

inline constexpr Field kCreatedAt{.name = "created_at",
                                  .type = Type::timestamp,
                                  .description = "The time of creation.",
                                  .is_required = true};
inline constexpr Field kUpdatedAt{.name = "updated_at",
                                  .type = Type::timestamp,
                                  .description = "The time of the last change.",
                                  .is_required = true};

inline constexpr std::array kHealthFields{
    Field{.name = "status", .description = "Always \"ok\".", .is_required = true},
    Field{
        .name = "function", .description = "The function that has answered.", .is_required = true},
};
inline constexpr Schema kHealth{"Health", "A running function.", kHealthFields};

inline constexpr std::array kDoneFields{
    Field{.name = "message", .description = "The result, in words.", .is_required = true},
};
inline constexpr Schema kDone{"Done", "The confirmation of an action.", kDoneFields};

inline constexpr std::array<std::string_view, 3> kRoles{"user", "assistant", "system"};

// Of a message, wherever it is listed.
inline constexpr std::array kMessageFields{
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message.",
          .is_required = true},
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The session of the message.",
          .is_required = true},
    Field{.name = "turn_id",
          .type = Type::uuid,
          .description = "The turn; a message of the user and its replies have the same one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "parent_id",
          .type = Type::uuid,
          .description = "The message before it; null for the first one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "role", .description = "The speaker.", .is_required = true, .choices = kRoles},
    Field{.name = "content", .description = "The text.", .is_required = true},
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "False when a reply broke off, or was cut by a limit of tokens or by a "
                         "filter: it can be continued.",
          .is_required = true},
    Field{.name = "metadata",
          .type = Type::object,
          .description = "Further facts about the message.",
          .is_required = true},
    Field{.name = "take_number",
          .type = Type::integer,
          .description = "The number of this take among the takes of the message, from 1.",
          .is_required = true,
          .minimum = 1},
    Field{.name = "take_count",
          .type = Type::integer,
          .description = "The number of takes.",
          .is_required = true,
          .minimum = 1},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kMessage{"Message", "One message of a session.", kMessageFields};

}  // namespace fabula::api
