// The endpoints of the chat function.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/stream_control.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"

namespace fabula::api::chat {

// A long chapter pasted at once, well within every provider's context.
inline constexpr std::int64_t kMaximumTextBytes = 200'000;
// A message's text and its attached texts together, decoded.
inline constexpr std::int64_t kMaximumSaidBytes = 256 * 1024;
// The same texts, escaped, with room for the other fields.
inline constexpr std::uint32_t kMaximumBodyBytes =
    kMostEscapedBytes * kMaximumSaidBytes + 4 * kSmallBodyBytes;

inline constexpr std::array<std::string_view, 1> kProtocols{"fabula"};

inline constexpr Field kUserIdField{
    .name = "user_id",
    .type = Type::uuid,
    .description = "The caller's own id. It proves nothing; any other id is refused."};
inline constexpr Field kProtocolField{.name = "protocol",
                                      .description = "How the stream is framed.",
                                      .choices = kProtocols,
                                      .default_json = "\"fabula\""};
inline constexpr Field kDetachField{
    .name = "detach",
    .type = Type::boolean,
    .description =
        "Whether the reply continues, as far as the platform allows, when its client has left. "
        "Otherwise it stops, and its text so far is kept."};
inline constexpr Field kAwaitDossierField{
    .name = "await_dossier",
    .type = Type::boolean,
    .description =
        "Whether the stream stays open, for at most a minute, until the turn has been read for the "
        "project's dossier. Then a second metadata comes before done."};

inline constexpr Field kReasoningField{
    .name = "reasoning",
    .type = Type::boolean,
    .description = "Whether the model's reasoning is sent too; it is not stored."};

// More than a person attaches to one message.
inline constexpr std::int64_t kMaximumAttachments = 8;
inline constexpr std::array<std::string_view, 2> kAttachmentTypes{"text", "image"};

inline constexpr std::array kAttachmentFields{
    Field{.name = "type",
          .description = "The kind of attachment.",
          .is_required = true,
          .choices = kAttachmentTypes},
    Field{.name = "url",
          .type = Type::url,
          .description =
              "The address. Images that the model's provider fetches may be anywhere on the web; "
              "the server reads everything else, from its own Supabase Storage (a signed URL, say) "
              "and from hosts that its settings allow. Redirects are not followed.",
          .maximum_bytes = 4096},
    Field{.name = "path",
          .description =
              "Instead: bucket/path in Supabase Storage, read with the caller's own rights.",
          .maximum_bytes = 1024},
    Field{.name = "text",
          .description = "Instead: the text itself.",
          .maximum_bytes = kMaximumTextBytes,
          .is_not_blank = true},
    Field{.name = "name", .description = "The attachment's name.", .maximum = 200},
    Field{.name = "mime_type",
          .description = "The type of an image, if its URL or server does not tell it.",
          .maximum = 100},
};
inline constexpr Schema kAttachment{
    "Attachment",
    "A text (in UTF-8, or a file in UTF-16; at most 262144 bytes, a file for itself, a `text` "
    "together with the message's and the others'; cut if the prompt has no room) "
    "or "
    "an image (JPEG, PNG, WebP or GIF by its bytes; "
    "at most 3.75 MiB for all that the server must fetch for one message), given by one of url, "
    "path and text.",
    kAttachmentFields};

inline constexpr std::array<std::string_view, 3> kTasks{"chat", "description", "scene"};

inline constexpr std::array kSayFields{
    Field{.name = "text",
          .description =
              "The user's message. It may be left out beside attachments, whose names then "
              "stand in its place.",
          .is_required = true,
          .maximum_bytes = kMaximumTextBytes,
          .is_not_blank = true,
          .unless = "attachments"},
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The session to go on with; a new one is made without it."},
    Field{.name = "external_id",
          .description = "Instead: the caller's own name of the session, which the first message "
                         "with it makes.",
          .minimum = 1,
          .maximum = kMaximumSessionNameCharacters},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project of a new session; a new one is made without it."},
    instructions_field("The instructions of a new session, which follow our prompt and the "
                       "project's. PATCH /sessions/{session_id} changes those of others."),
    Field{.name = "task",
          .description = "chat: the companion answers. description: the model describes an image, "
                         "a place or a character. scene: the model writes a scene. Each task has "
                         "models of its own. Other takes of the reply have the same task.",
          .choices = kTasks,
          .default_json = "\"chat\""},
    Field{.name = "attachments",
          .type = Type::array,
          .description = "The message's attachments. Images need a model that sees them.",
          .maximum = kMaximumAttachments,
          .schema = &kAttachment},
    Field{.name = "edit_from_message_id",
          .type = Type::uuid,
          .description = "A message of the user that this one replaces. Both are kept."},
    model_field(false),
    temperature_field(false),
    max_tokens_field(false),
    kDetachField,
    kAwaitDossierField,
    kReasoningField,
    kUserIdField,
    kProtocolField,
};
inline constexpr Schema kSay{"ChatRequest", "A message to the story companion.", kSayFields};

inline constexpr std::array kContinueFields{model_field(false),
                                            temperature_field(false),
                                            max_tokens_field(false),
                                            kDetachField,
                                            kAwaitDossierField,
                                            kReasoningField,
                                            kUserIdField,
                                            kProtocolField};
inline constexpr Schema kContinueRequest{"ContinueRequest", "Options of a continuation.",
                                         kContinueFields};

inline constexpr std::int64_t kMaximumGuidanceCharacters = 2000;

inline constexpr std::array kRegenerateFields{
    Field{.name = "guidance",
          .description = "What the model is told for this take only, such as \"shorter, and in the "
                         "rain\". It is no message of the conversation.",
          .maximum = kMaximumGuidanceCharacters,
          .is_not_blank = true},
    model_field(false),
    temperature_field(false),
    max_tokens_field(false),
    kDetachField,
    kAwaitDossierField,
    kReasoningField,
    kUserIdField,
    kProtocolField,
};
inline constexpr Schema kTakeRequest{"TakeRequest", "Options of another take.", kRegenerateFields};

inline constexpr std::array kEditFields{
    Field{.name = "content",
          .description = "The reply's new text.",
          .is_required = true,
          .maximum_bytes = kMaximumTextBytes,
          .is_not_blank = true},
};
inline constexpr Schema kEdit{"ReplyEdit", "A reply's new text.", kEditFields};

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

inline constexpr std::array kCutTextFields{
    Field{.name = "bytes",
          .type = Type::integer,
          .description = "The bytes of the whole text.",
          .is_required = true},
    Field{.name = "sent_bytes",
          .type = Type::integer,
          .description = "The bytes that the model got.",
          .is_required = true},
};
inline constexpr Schema kCutText{"CutText", "How much of a text was left out.", kCutTextFields};

inline constexpr std::array kSentMessageFields{
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "Null if it is not a message of the session.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "role", .description = "The speaker.", .is_required = true, .choices = kRoles},
    Field{.name = "content",
          .description = "The text, as it was then, with the texts that were attached to it.",
          .is_required = true},
    Field{.name = "cut",
          .type = Type::object,
          .description = "Present if the text was too long and its middle was left out.",
          .schema = &kCutText},
};
inline constexpr Schema kSentMessage{"SentMessage", "A message as the model got it.",
                                     kSentMessageFields};

inline constexpr std::array kTokensFields{
    Field{.name = "in",
          .type = Type::integer,
          .description = "Tokens of the model's input.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "out",
          .type = Type::integer,
          .description = "Tokens of its output.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kTokens{"Tokens", "The provider's counts of tokens; null without them.",
                                kTokensFields};

inline constexpr std::array kSentAttachmentFields = [] {
  std::array<Field, kAttachmentFields.size() + 3> fields{};
  for (std::size_t i = 0; i < kAttachmentFields.size(); ++i) fields[i] = kAttachmentFields[i];
  fields[kAttachmentFields.size()] = {.name = "text_read",
                                      .description = "The text that was fetched."};
  fields[kAttachmentFields.size() + 1] = {
      .name = "cut",
      .type = Type::object,
      .description = "Present if the text was too long and its middle was left out.",
      .schema = &kCutText};
  fields.back() = {.name = "tokens",
                   .type = Type::integer,
                   .description = "The tokens that it takes in the prompt, as estimated.",
                   .is_required = true};
  return fields;
}();
inline constexpr Schema kSentAttachment{"SentAttachment", "An attachment as it was requested.",
                                        kSentAttachmentFields};

inline constexpr std::array kModelSettingsFields{
    Field{.name = "max_output_tokens",
          .type = Type::integer,
          .description = "The most tokens of the reply."},
    Field{.name = "temperature",
          .type = Type::number,
          .description = "The temperature; absent: the model's own.",
          .maximum = 2},
};
inline constexpr Schema kModelSettings{"ModelSettings", "Settings of a request to a model.",
                                       kModelSettingsFields, "true"};

inline constexpr std::array kSentFactBodyFields{
    Field{.name = "do", .description = "The entry's act, such as fact or set."},
    Field{.name = "type", .description = "The type of what it is about, such as character."},
    Field{.name = "field", .description = "The field."},
    Field{.name = "name", .description = "The name."},
    Field{.name = "quote", .description = "The words that it comes from."},
};
inline constexpr Schema kSentFactBody{
    "SentFactBody", "An entry of a dossier's log as it is stored.", kSentFactBodyFields, "true"};
inline constexpr std::array kSentFactFields{
    Field{.name = "fact_id", .description = "The entry of the dossier's log.", .is_required = true},
    Field{.name = "kind", .description = "The source; absent if the dossier has been cleared."},
    Field{.name = "body",
          .type = Type::object,
          .description = "Its statement.",
          .schema = &kSentFactBody},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that it was found in.",
          .is_nullable = true},
};
inline constexpr Schema kSentFact{"SentFact", "A fact of the dossier that was sent.",
                                  kSentFactFields};
inline constexpr std::array kSentMemoryFields{
    Field{.name = "memory_id", .description = "The memory.", .is_required = true},
    Field{.name = "type", .description = "Its type; absent if it has been forgotten."},
    Field{.name = "text", .description = "Its text."},
    Field{.name = "date", .description = "The day that it is about.", .is_nullable = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that it was found in.",
          .is_nullable = true},
};
inline constexpr Schema kSentMemory{"SentMemory", "A companion's memory that was sent.",
                                    kSentMemoryFields};

inline constexpr std::array<std::string_view, 6> kPromptParts{
    "prompt", "project_instructions", "session_instructions", "dossier", "memories", "summary"};
inline constexpr std::array kPromptPartFields{
    Field{.name = "part",
          .description = "The source: our prompt or that of a character, a bot or a mode; the "
                         "instructions of the project or the session; the dossier; a companion's "
                         "memories; the summary.",
          .is_required = true,
          .choices = kPromptParts},
    Field{.name = "text", .description = "Its text.", .is_required = true},
};
inline constexpr Schema kPromptPart{"PromptPart", "A part of the system prompt.",
                                    kPromptPartFields};

inline constexpr std::array kContextFields{
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message.",
          .is_required = true},
    Field{.name = "stream_id", .description = "The stream it came in.", .is_required = true},
    Field{
        .name = "action", .description = "say, edit, regenerate or continue.", .is_required = true},
    Field{.name = "provider",
          .description = "The model's provider.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "model",
          .description = "The model's name at the provider.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "system_prompt",
          .description = "The companion's persona, the instructions, what is told of the dossier "
                         "or of memories, and the summary.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "system_prompt_parts",
          .type = Type::array,
          .description = "The parts of system_prompt in their order; null for replies from before "
                         "they were kept.",
          .is_required = true,
          .is_nullable = true,
          .schema = &kPromptPart},
    Field{.name = "settings",
          .type = Type::object,
          .description = "The settings of the request, such as max_output_tokens.",
          .is_required = true,
          .schema = &kModelSettings},
    Field{.name = "summary",
          .description = "The summary of earlier messages; null if all messages were sent.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "messages",
          .type = Type::array,
          .description = "The conversation, the oldest first.",
          .is_required = true,
          .schema = &kSentMessage},
    Field{.name = "attachments",
          .type = Type::array,
          .description = "The attachments that were sent with the user's message.",
          .is_required = true,
          .schema = &kSentAttachment},
    Field{.name = "facts",
          .type = Type::array,
          .description = "The dossier's facts that were sent.",
          .is_required = true,
          .schema = &kSentFact},
    Field{.name = "memories",
          .type = Type::array,
          .description = "The companion's memories that were sent.",
          .is_required = true,
          .schema = &kSentMemory},
    Field{.name = "tokens",
          .type = Type::object,
          .description = "The length of input and output.",
          .is_required = true,
          .schema = &kTokens},
    kCreatedAt,
};
inline constexpr Schema kContext{"ReplyContext", "The model's input for a reply.", kContextFields};

inline constexpr std::string_view kStreamDescription =
    "The reply comes as server-sent events, each an `id:` line (the reply's bytes so far) and a "
    "`data:` line of JSON: `{\"type\":\"text\",\"content\":\"...\"}` for each part, then "
    "`{\"type\":\"metadata\",\"metadata\":{...}}` with the ids, the model, the tokens, the finish "
    "reason and a new session's title, then `{\"type\":\"done\",\"finish_reason\":\"stop\"}`, "
    "whose reason is `cancelled` if somebody has stopped the reply. With `reasoning` the model's "
    "reasoning comes as `{\"type\":\"reasoning\",\"content\":\"...\"}`. A failure after the start "
    "is reported by "
    "`{\"type\":\"error\",\"error\":{\"code\":\"...\",\"message\":\"...\",\"retryable\":true}}`; "
    "the text so far is kept, or only its first `stored_bytes` bytes if the error has this member; "
    "`retry_after_ms` says when to try again, if it is known, and `user_message_id` names the "
    "message "
    "that can be answered again. "
    "`done` comes only when all streamed text is stored. Comments keep the connection alive. With "
    "`Accept: application/json` the answer is one JSON object, sent when the reply is whole; a "
    "reply that broke off is then a problem with the status of its code, and the `text` and "
    "`metadata` that are kept.";

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

inline constexpr std::array kTurnRefusals{ErrorCode::forbidden,        ErrorCode::not_found,
                                          ErrorCode::turn_in_progress, ErrorCode::rate_limited,
                                          ErrorCode::no_provider,      ErrorCode::provider_error,
                                          ErrorCode::provider_timeout};
inline constexpr std::array kResumeRefusals{ErrorCode::turn_in_progress, ErrorCode::provider_error,
                                            ErrorCode::provider_timeout};

inline constexpr Operation kPostChat{
    .id = "post_chat",
    .method = "POST",
    .pattern = "/chat",
    .summary = "Say something; the companion's reply is streamed",
    .access = Access::caller_or_new_guest,
    .body = &kSay,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.kind = AnswerKind::event_stream,
               .schema = &kWholeReply,
               .description = "The reply as it is written.",
               .event = &kEvent},
    .refusals = kTurnRefusals,
    .takes_user_id_header = true,
    .description = kStreamDescription,
    .body_example = R"({"text":"A story about a lighthouse keeper who is afraid of the dark."})"};

inline constexpr Operation kHealth{.id = "chat_health",
                                   .method = "GET",
                                   .pattern = "/chat/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kEditReply{
    .id = "edit_reply",
    .method = "PATCH",
    .pattern = "/chat/messages/{message_id}",
    .summary = "Change a reply's text",
    .body = &kEdit,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kMessage, .description = "The reply with its new text."}};

inline constexpr Operation kRegenerateReply{
    .id = "regenerate_reply",
    .method = "POST",
    .pattern = "/chat/messages/{message_id}/regenerate",
    .summary = "Another take of a reply",
    .body = &kTakeRequest,
    .is_body_optional = true,
    .takes_idempotency_key = true,
    .answer = {.kind = AnswerKind::event_stream,
               .schema = &kWholeReply,
               .description = "The new take as it is written.",
               .event = &kEvent},
    .refusals = kTurnRefusals,
    .takes_user_id_header = true,
    .description = kStreamDescription};

inline constexpr Operation kContinueReply{
    .id = "continue_reply",
    .method = "POST",
    .pattern = "/chat/messages/{message_id}/continue",
    .summary = "Go on from where a reply ended",
    .body = &kContinueRequest,
    .is_body_optional = true,
    .takes_idempotency_key = true,
    .answer = {.kind = AnswerKind::event_stream,
               .schema = &kWholeReply,
               .description = "The text that follows the old text.",
               .event = &kEvent},
    .refusals = kTurnRefusals,
    .takes_user_id_header = true,
    .description = kStreamDescription};

inline constexpr Operation kListTakes{
    .id = "list_takes",
    .method = "GET",
    .pattern = "/chat/messages/{message_id}/takes",
    .summary = "All takes of a message, the oldest first",
    .answer = {.kind = AnswerKind::list, .schema = &kTake, .description = "The takes."}};

inline constexpr Operation kSelectTake{
    .id = "select_take",
    .method = "POST",
    .pattern = "/chat/messages/{message_id}/select",
    .summary = "Let the session go on from this take",
    .answer = {.schema = &kSelected, .description = "The selected take."}};

inline constexpr Operation kReadContext{
    .id = "read_context",
    .method = "GET",
    .pattern = "/chat/messages/{message_id}/context",
    .summary = "The model's input for a reply",
    .answer = {.schema = &kContext, .description = "Exactly what was sent."}};

inline constexpr Operation kResumeReply{
    .id = "resume_reply",
    .method = "GET",
    .pattern = "/chat/streams/{stream_id}",
    .summary = "The rest of a reply, after the part that the caller has",
    .query = &kResumeQuery,
    .takes_last_event_id = true,
    .answer = {.kind = AnswerKind::event_stream,
               .schema = &kWholeReply,
               .description = "Exactly the missing text.",
               .event = &kEvent},
    .refusals = kResumeRefusals};

inline constexpr Operation kCancelReply{
    .id = "cancel_reply",
    .method = "POST",
    .pattern = "/chat/streams/{stream_id}/cancel",
    .summary = "Stop a reply; its text so far is kept",
    .body = &kCancel,
    .is_body_optional = true,
    .answer = {.schema = &kCancelled, .description = "It is asked to stop, or has ended."}};

inline constexpr std::array kOperations{kPostChat,      kHealth,     kEditReply,  kRegenerateReply,
                                        kContinueReply, kListTakes,  kSelectTake, kReadContext,
                                        kResumeReply,   kCancelReply};

}  // namespace fabula::api::chat
