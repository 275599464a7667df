// The bodies of the chat function's requests.
#pragma once

#include <array>
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

}  // namespace fabula::api::chat
