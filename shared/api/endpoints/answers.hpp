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
inline constexpr std::array kReadyRefusals{ErrorCode::database_unavailable};

inline constexpr std::array kDoneFields{
    Field{.name = "message", .description = "The result, in words.", .is_required = true},
};
inline constexpr Schema kDone{"Done", "The confirmation of an action.", kDoneFields};

inline constexpr std::array<std::string_view, 3> kRoles{"user", "assistant", "system"};

inline constexpr std::array kMessageAttachmentFields{
    Field{.name = "type", .description = "text or image.", .is_required = true},
    Field{.name = "url", .description = "The address."},
    Field{.name = "path", .description = "The place in Supabase Storage."},
    Field{.name = "name", .description = "The attachment's name."},
    Field{.name = "mime_type", .description = "The type of an image."},
};
inline constexpr Schema kMessageAttachment{"MessageAttachment", "An attachment of a message.",
                                           kMessageAttachmentFields, "true"};

// The sampling settings that a reply's model was asked with.
inline constexpr Field kUsedTemperatureField{
    .name = "temperature",
    .type = Type::number,
    .description = "For a reply: the temperature that the turn or its session had chosen.",
    .maximum = 2};
inline constexpr Field kUsedMaxTokensField{
    .name = "max_tokens",
    .type = Type::integer,
    .description = "For a reply: the token limit that the turn or its session had chosen.",
    .minimum = 1};
inline constexpr Field kUsedGuidanceField{.name = "guidance",
                                          .description = "For another take: its guidance."};

inline constexpr std::array kMessageMetadataFields{
    Field{.name = "status",
          .description =
              "For a reply: complete, or how it broke off; streaming while it is running."},
    Field{.name = "provider", .description = "For a reply: the model's provider."},
    Field{.name = "model", .description = "For a reply: the model's name at its provider."},
    kUsedTemperatureField,
    kUsedMaxTokensField,
    kUsedGuidanceField,
    Field{.name = "finish_reason", .description = "For a reply: why it ended."},
    Field{.name = "error_code", .description = "For a reply that broke off: the error's code."},
    Field{.name = "stream_id", .description = "For a reply: its stream."},
    Field{.name = "continued_from",
          .type = Type::uuid,
          .description = "For a continuation: the reply that it continues."},
    Field{.name = "is_edited",
          .type = Type::boolean,
          .description = "Whether a person has changed the text."},
    Field{.name = "task", .description = "For a user's message: chat, description or scene."},
    Field{.name = "client_id", .description = "The client's own name for the message."},
    Field{.name = "attachments",
          .type = Type::array,
          .description = "For a user's message: its attachments.",
          .schema = &kMessageAttachment},
};
inline constexpr Schema kMessageMetadata{"MessageMetadata", "Further facts about a message.",
                                         kMessageMetadataFields, "true"};

// A message's fields, in every list that contains messages.
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
          .is_required = true,
          .schema = &kMessageMetadata},
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
