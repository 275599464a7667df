// The chat function's answers: takes, the events of a stream, and a reply as one answer.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/chat_context.hpp"
#include "shared/api/endpoints/stream_control.hpp"

namespace fabula::api::chat {

inline constexpr std::array kTakeAnswerFields = [] {
  std::array<Field, kMessageFields.size() + 1> fields{};
  for (std::size_t i = 0; i < kMessageFields.size(); ++i) fields[i] = kMessageFields[i];
  fields.back() = {.name = "is_active",
                   .type = Type::boolean,
                   .description = "Whether the session goes on from this take.",
                   .is_required = true};
  return fields;
}();
inline constexpr Schema kTake{"Take", "One of the takes of a message.", kTakeAnswerFields};

inline constexpr std::array kSelectedFields{
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The session.",
          .is_required = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message.",
          .is_required = true},
    Field{.name = "active_leaf_id",
          .type = Type::uuid,
          .description = "The newest message after it, from which the session goes on.",
          .is_required = true},
};
inline constexpr Schema kSelected{"SelectedTake", "The take that a session goes on from.",
                                  kSelectedFields};

inline constexpr std::array kMetadataFields{
    Field{.name = "session_id", .type = Type::uuid, .description = "The session."},
    Field{.name = "project_id", .type = Type::uuid, .description = "The session's project."},
    Field{.name = "user_id", .type = Type::uuid, .description = "The caller."},
    Field{.name = "message_id", .type = Type::uuid, .description = "The reply."},
    Field{.name = "user_message_id", .type = Type::uuid, .description = "The user's message."},
    Field{.name = "stream_id", .description = "By which the reply is resumed or cancelled."},
    Field{.name = "model", .description = "The model's name at its provider."},
    Field{.name = "provider", .description = "The model's provider."},
    kUsedTemperatureField,
    kUsedMaxTokensField,
    kUsedGuidanceField,
    Field{.name = "tokens",
          .type = Type::object,
          .description = "The length of input and output.",
          .schema = &kTokens},
    Field{.name = "finish_reason", .description = "The reason of the end."},
    Field{.name = "title", .description = "A new session's title."},
    Field{.name = "guest_token", .description = "A new guest's token, which is shown once."},
    Field{.name = "conversation_id",
          .type = Type::uuid,
          .description = "For a companion: the conversation."},
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "For a companion: the character, if there is one."},
    Field{.name = "character_known",
          .type = Type::boolean,
          .description = "For a companion: false if the character is unknown here."},
    Field{.name = "dossier_version",
          .type = Type::integer,
          .description = "The version of the project's dossier."},
    Field{.name = "dossier_pending",
          .type = Type::boolean,
          .description = "Whether text is still to be read for it."},
    Field{.name = "dossier_updated",
          .type = Type::boolean,
          .description = "Whether it has changed since the last turn."},
};
inline constexpr Schema kMetadata{"ReplyMetadata", "The ids, the model and the tokens of a reply.",
                                  kMetadataFields};

constexpr Field event_type(const std::array<std::string_view, 1>& type) {
  return {.name = "type", .description = "The event.", .is_required = true, .choices = type};
}
inline constexpr std::array<std::string_view, 1> kTextType{"text"};
inline constexpr std::array<std::string_view, 1> kReasoningType{"reasoning"};
inline constexpr std::array<std::string_view, 1> kMetadataType{"metadata"};
inline constexpr std::array<std::string_view, 1> kDoneType{"done"};
inline constexpr std::array<std::string_view, 1> kErrorType{"error"};

inline constexpr Field kPieceField{
    .name = "content", .description = "The next piece of it.", .is_required = true};
// The id in the answers about a companion's stream.
inline constexpr Field kConversationField{.name = "conversation_id",
                                          .type = Type::uuid,
                                          .description = "For a companion: the conversation."};
inline constexpr std::array kTextEventFields{event_type(kTextType), kPieceField,
                                             kConversationField};
inline constexpr Schema kTextEvent{"ChatTextEvent", "Text of the reply.", kTextEventFields};
inline constexpr std::array kReasoningEventFields{event_type(kReasoningType), kPieceField,
                                                  kConversationField};
inline constexpr Schema kReasoningEvent{"ChatReasoningEvent", "The model's reasoning.",
                                        kReasoningEventFields};
inline constexpr std::array kMetadataEventFields{event_type(kMetadataType),
                                                 Field{.name = "metadata",
                                                       .type = Type::object,
                                                       .description = "The facts.",
                                                       .is_required = true,
                                                       .schema = &kMetadata},
                                                 kConversationField};
inline constexpr Schema kMetadataEvent{"ChatMetadataEvent", "Facts about the reply.",
                                       kMetadataEventFields};
inline constexpr std::array kDoneEventFields{
    event_type(kDoneType),
    Field{.name = "finish_reason",
          .description = "The reason of the end: stop, length, cancelled and the like.",
          .is_required = true},
    kConversationField};
inline constexpr Schema kDoneEvent{"ChatDoneEvent", "The end of a reply that is stored.",
                                   kDoneEventFields};
inline constexpr std::array kErrorEventFields{event_type(kErrorType),
                                              Field{.name = "error",
                                                    .type = Type::object,
                                                    .description = "The failure.",
                                                    .is_required = true,
                                                    .schema = &kStreamError},
                                              kConversationField};
inline constexpr Schema kErrorEvent{"ChatErrorEvent", "A failure after the reply has begun.",
                                    kErrorEventFields};
inline constexpr std::array<const Schema*, 5> kEvents{&kTextEvent, &kReasoningEvent,
                                                      &kMetadataEvent, &kDoneEvent, &kErrorEvent};
inline constexpr Schema kEvent{
    "ChatEvent", "The data of an event of a reply's stream.", {}, {}, kEvents};

inline constexpr std::array kWholeReplyFields{
    Field{.name = "text", .description = "The new text of the reply.", .is_required = true},
    Field{.name = "reasoning", .description = "The model's reasoning, if it was requested."},
    Field{.name = "metadata",
          .type = Type::object,
          .description = "The ids, the model and the tokens, as in the stream.",
          .is_required = true,
          .schema = &kMetadata},
    Field{.name = "finish_reason",
          .description = "The reason of the end: stop, length, cancelled and the like.",
          .is_required = true},
};
inline constexpr Schema kWholeReply{"WholeReply", "A reply as one answer.", kWholeReplyFields};

}  // namespace fabula::api::chat
