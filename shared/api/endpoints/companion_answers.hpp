// The answers of the companion function about conversations.
#pragma once

#include <array>
#include <cstdint>

#include "shared/api/endpoints/answers.hpp"

namespace fabula::api::companion {

// A character has one greeting and as many alternatives.
inline constexpr std::int64_t kMaximumGreetings = 100;

inline constexpr std::array kUsageFields{
    Field{.name = "prompt_tokens",
          .type = Type::integer,
          .description = "Tokens of the model's input.",
          .is_required = true},
    Field{.name = "completion_tokens",
          .type = Type::integer,
          .description = "Tokens of its output.",
          .is_required = true},
    Field{.name = "total_tokens",
          .type = Type::integer,
          .description = "Both together.",
          .is_required = true},
};
inline constexpr Schema kUsage{"CompanionUsage", "The provider's counts of tokens.", kUsageFields};

inline constexpr std::array kReplyFields{
    Field{.name = "conversation_id",
          .type = Type::uuid,
          .description = "The conversation.",
          .is_required = true},
    Field{.name = "message_id", .type = Type::uuid, .description = "The reply."},
    Field{.name = "content", .description = "The reply's text.", .is_required = true},
    Field{.name = "model", .description = "The model that wrote it."},
    Field{.name = "finish_reason",
          .description = "The reason of the end: stop, length, cancelled and the like.",
          .is_required = true},
    Field{.name = "usage",
          .type = Type::object,
          .description = "The length of input and output; null if the provider has not told it.",
          .is_nullable = true,
          .schema = &kUsage},
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character, if there is one."},
    Field{.name = "character_known",
          .type = Type::boolean,
          .description = "False if nobody here has this character."},
    Field{.name = "user_id", .type = Type::uuid, .description = "The user."},
    Field{.name = "user_message_id", .type = Type::uuid, .description = "The user's message."},
    Field{.name = "stream_id", .description = "By which the reply is resumed or cancelled."},
    Field{.name = "title", .description = "A new conversation's title."},
    Field{.name = "guest_token", .description = "A new guest's token, which is told once."},
};
inline constexpr Schema kReply{"CompanionReply", "A companion's reply.", kReplyFields};

inline constexpr std::array kConversationEntryFields{
    Field{.name = "id",
          .type = Type::uuid,
          .description = "The conversation; for /sessions and /chat its session_id.",
          .is_required = true},
    Field{.name = "user_id", .type = Type::uuid, .description = "The user.", .is_required = true},
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character, if there is one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "title", .description = "The title.", .is_required = true},
    Field{.name = "message_count",
          .type = Type::integer,
          .description = "The number of messages on its path.",
          .is_required = true},
    Field{.name = "last_message_preview",
          .description = "The beginning of the newest message.",
          .is_required = true,
          .is_nullable = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kConversationEntry{"ConversationEntry", "A conversation in a list.",
                                           kConversationEntryFields};

inline constexpr std::array kConversationMessageFields{
    Field{.name = "role", .description = "The speaker.", .is_required = true, .choices = kRoles},
    Field{.name = "content", .description = "The text.", .is_required = true},
    Field{.name = "timestamp",
          .type = Type::timestamp,
          .description = "When it was said.",
          .is_required = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message, for /chat/messages.",
          .is_required = true},
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "False when a reply broke off, or was cut: it can be continued.",
          .is_required = true},
};
inline constexpr Schema kConversationMessage{"ConversationMessage", "A message.",
                                             kConversationMessageFields};

inline constexpr std::array kConversationFields = [] {
  std::array<Field, kConversationEntryFields.size() + 2> fields{};
  for (std::size_t i = 0; i < kConversationEntryFields.size(); ++i) {
    fields[i] = kConversationEntryFields[i];
  }
  fields[kConversationEntryFields.size()] = {.name = "character_known",
                                             .type = Type::boolean,
                                             .description = "Whether there is such a character.",
                                             .is_required = true};
  fields.back() = {.name = "messages",
                   .type = Type::array,
                   .description = "The messages on the path, the oldest first.",
                   .is_required = true,
                   .schema = &kConversationMessage};
  return fields;
}();
inline constexpr Schema kConversation{"Conversation", "A conversation with a companion.",
                                      kConversationFields};

}  // namespace fabula::api::companion
