// The input of the model for a reply, as GET /chat/messages/{id}/context shows it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/chat_requests.hpp"

namespace fabula::api::chat {

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

}  // namespace fabula::api::chat
