// The endpoints of the stream function: a relay to models by bots, resumable and cancellable.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/fields.hpp"
#include "shared/api/endpoints/stream_control.hpp"
#include "shared/api/endpoints/stream_events.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"
#include "shared/llm/route/providers.hpp"

namespace fabula::api::stream {

inline constexpr std::int64_t kMaximumPromptBytes = 200'000;
inline constexpr std::int64_t kMaximumSystemBytes = 20'000;
inline constexpr std::uint32_t kMaximumBodyBytes =
    kMostEscapedBytes * (kMaximumPromptBytes + kMaximumSystemBytes) + kSmallBodyBytes;
inline constexpr std::uint32_t kMaximumBotBodyBytes =
    kMostEscapedBytes * kMaximumSystemBytes + kSmallBodyBytes;
inline constexpr std::int64_t kMaximumKeyBytes = 4096;
inline constexpr std::int64_t kMaximumUrlCharacters = 2048;

constexpr auto provider_names() {
  std::array<std::string_view, llm::kProviders.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = llm::kProviders[i].name;
  return names;
}
inline constexpr auto kProviderNames = provider_names();

inline constexpr std::array kStreamFields{
    Field{.name = "bot_id",
          .type = Type::integer,
          .description = "The bot that answers: one of the caller's, or a public one.",
          .is_required = true,
          .minimum = 1,
          .maximum = kLargestNumber},
    Field{.name = "conversation_id",
          .type = Type::integer,
          .description = "The caller's own number of a conversation; its first use creates it.",
          .is_required = true,
          .minimum = 1,
          .maximum = kLargestNumber},
    Field{.name = "prompt",
          .description = "The user's message.",
          .is_required = true,
          .maximum_bytes = kMaximumPromptBytes,
          .is_not_blank = true},
    Field{.name = "system",
          .description = "Instructions that replace the bot's.",
          .maximum_bytes = kMaximumSystemBytes},
    Field{.name = "stream_id",
          .type = Type::token,
          .description = "The caller's own name for the stream. The same request with the same "
                         "name resumes it.",
          .minimum = 1,
          .maximum = kMaximumStreamIdCharacters},
    Field{.name = "detach",
          .type = Type::boolean,
          .description = "Whether the reply is finished when the caller has left.",
          .default_json = "false"},
};
inline constexpr Schema kStream{"StreamRequest", "A prompt for a bot.", kStreamFields};

inline constexpr Field kBotNameField{.name = "name",
                                     .description = "The bot's name.",
                                     .maximum = kMaximumNameCharacters,
                                     .is_not_blank = true};
inline constexpr Field kBotProviderField{
    .name = "provider",
    .description =
        "One of the known providers, such as openai; `custom` for any other server that "
        "speaks OpenAI's protocol. Without it, the provider that has the model by the server's "
        "settings.",
    .is_nullable = true,
    .choices = kProviderNames};
inline constexpr Field kBotModelField{.name = "model",
                                      .description = "The model's name at the provider.",
                                      .maximum = kMaximumModelCharacters,
                                      .is_not_blank = true};
inline constexpr Field kBotSystemField{.name = "system",
                                       .description = "The bot's instructions.",
                                       .is_nullable = true,
                                       .maximum_bytes = kMaximumSystemBytes,
                                       .is_not_blank = true};
inline constexpr Field kBotPathField{
    .name = "access_path",
    .type = Type::url,
    .description = "The provider's address, on a host that this server allows.",
    .is_nullable = true,
    .maximum = kMaximumUrlCharacters};
inline constexpr Field kBotPublicField{.name = "is_public",
                                       .type = Type::boolean,
                                       .description =
                                           "Whether everybody may use the bot; only where "
                                           "the server allows it.",
                                       .default_json = "false"};

inline constexpr Field kBotKeyField{
    .name = "access_key",
    .type = Type::token,
    .description =
        "The provider's key. It can be written, but never read, and is stored encrypted. Null "
        "removes it.",
    .is_nullable = true,
    .minimum = 1,
    .maximum = kMaximumKeyBytes};

constexpr Field required(Field field) {
  field.is_required = true;
  return field;
}

inline constexpr std::array kCreateBotFields{
    kBotNameField, kBotProviderField, required(kBotModelField), kBotSystemField,
    kBotPathField, kBotKeyField,      kBotPublicField};
inline constexpr Schema kNewBot{"NewBot", "A bot. Without a name it has its model's name.",
                                kCreateBotFields};

inline constexpr std::array kUpdateBotFields{kBotNameField,   kBotProviderField, kBotModelField,
                                             kBotSystemField, kBotPathField,     kBotKeyField,
                                             kBotPublicField};
inline constexpr Schema kBotChange{"BotChange", "Changes of a bot.", kUpdateBotFields};

inline constexpr std::array kBotFields{
    Field{.name = "bot_id",
          .type = Type::integer,
          .description = "The bot.",
          .is_required = true,
          .minimum = 1},
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    Field{.name = "name", .description = "The bot's name.", .is_required = true},
    Field{.name = "provider",
          .description = "Null: the provider that has the model by the server's settings.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "model", .description = "Its model.", .is_required = true},
    Field{.name = "system",
          .description = "The bot's instructions; also null if the bot is not the caller's.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "access_path",
          .description = "The provider's address; also null if the bot is not the caller's.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "has_access_key",
          .type = Type::boolean,
          .description = "Whether the bot has its own key. Null if it is not the caller's bot.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "host",
          .description = "The host that gets the words of whoever uses the bot, with its port if "
                         "that is named. Null: its provider's own.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "is_public",
          .type = Type::boolean,
          .description = "Whether everybody may use the bot.",
          .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kBot{"Bot", "A bot of the relay.", kBotFields};

inline constexpr std::array kListFields{limit_field("20"), kOffsetField};
inline constexpr Schema kListQuery{"BotsQuery", "", kListFields};

inline constexpr std::array kStreamRefusals{ErrorCode::not_found, ErrorCode::turn_in_progress,
                                            ErrorCode::stream_exists, ErrorCode::no_provider,
                                            ErrorCode::no_encryption_key};

inline constexpr std::array kSaveBotRefusals{ErrorCode::forbidden, ErrorCode::no_encryption_key};
inline constexpr std::array kDeleteBotRefusals{ErrorCode::forbidden};

inline constexpr Operation kHealth{.id = "stream_health",
                                   .method = "GET",
                                   .pattern = "/stream/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "stream_ready",
                                  .method = "GET",
                                  .pattern = "/stream/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kHealthz{.id = "stream_healthz",
                                    .method = "GET",
                                    .pattern = "/stream/healthz",
                                    .summary = "The same, as probes ask",
                                    .access = Access::anyone,
                                    .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr std::array<std::string_view, 1> kTokenName{"token"};
inline constexpr std::array<std::string_view, 1> kPingName{"ping"};
inline constexpr std::array<std::string_view, 1> kDoneName{"done"};
inline constexpr std::array<std::string_view, 1> kErrorName{"error"};
inline constexpr std::array kTokenEventFields{
    event_name(kTokenName),
    Field{.name = "data", .description = "The next piece of the text.", .is_required = true}};
inline constexpr Schema kTokenEvent{"RelayTokenEvent", "Text of the reply.", kTokenEventFields};
inline constexpr std::array kPingEventFields{
    event_name(kPingName),
    Field{.name = "data", .description = "Always `{}`.", .is_required = true}};
inline constexpr Schema kPingEvent{"RelayPingEvent", "The stream is alive.", kPingEventFields};
inline constexpr std::array kEndFields{
    Field{.name = "stream_id", .description = "The stream.", .is_required = true},
    Field{.name = "finish_reason",
          .description = "The reason of the end: stop, length, cancelled and the like.",
          .is_required = true}};
inline constexpr Schema kEnd{"RelayEnd", "The end of a stream.", kEndFields};
inline constexpr std::array kDoneEventFields{event_name(kDoneName), event_data(kEnd)};
inline constexpr Schema kDoneEvent{"RelayDoneEvent", "The end of a reply that is stored.",
                                   kDoneEventFields};
inline constexpr std::array kErrorEventFields{event_name(kErrorName), event_data(kStreamError)};
inline constexpr Schema kErrorEvent{"RelayErrorEvent", "A failure after the reply has begun.",
                                    kErrorEventFields};
inline constexpr std::array<const Schema*, 4> kEvents{&kTokenEvent, &kPingEvent, &kDoneEvent,
                                                      &kErrorEvent};
inline constexpr Schema kEvent{
    "RelayEvent", "An event of a stream: its name and its data.", {}, {}, kEvents};

inline constexpr Operation kStart{
    .id = "start_stream",
    .method = "POST",
    .pattern = "/stream/v1/stream",
    .summary = "Ask a bot; its reply is streamed",
    .body = &kStream,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.kind = AnswerKind::event_stream,
               .description = "The reply as it is written.",
               .event = &kEvent},
    .spends = true,
    .refusals = kStreamRefusals,
    .description =
        "Server-sent events: `token` with text as data, `ping`, `error` with "
        "`{\"code\",\"message\",\"retryable\"}` (and `retry_after_ms`, `user_message_id`, and "
        "`stored_bytes` if some of the streamed text "
        "is not stored), and at the end `done` with `{\"stream_id\",\"finish_reason\"}`, whose "
        "reason is `cancelled` if somebody has stopped the reply. An event's id counts the UTF-8 "
        "bytes of the reply so far."};

inline constexpr Operation kResume{
    .id = "resume_stream",
    .method = "GET",
    .pattern = "/stream/v1/streams/{stream_id}",
    .summary = "The rest of a stream, after the part that the caller has",
    .query = &kResumeQuery,
    .takes_last_event_id = true,
    .answer = {.kind = AnswerKind::event_stream,
               .description = "Exactly the missing text.",
               .event = &kEvent}};

inline constexpr Operation kCancelStream{
    .id = "cancel_stream",
    .method = "POST",
    .pattern = "/stream/v1/streams/{stream_id}/cancel",
    .summary = "Stop a stream; its text so far is kept",
    .body = &kCancel,
    .is_body_optional = true,
    .answer = {.schema = &kCancelled, .description = "It is asked to stop, or has ended."}};

inline constexpr Operation kReadMetrics{
    .id = "read_metrics",
    .method = "GET",
    .pattern = "/stream/metrics",
    .summary = "Metrics for Prometheus",
    .access = Access::operator_only,
    .answer = {.kind = AnswerKind::text, .description = "Prometheus' text format."}};

inline constexpr Operation kListBots{
    .id = "list_bots",
    .method = "GET",
    .pattern = "/stream/v1/bots",
    .summary = "The caller's bots and the public ones",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kBot, .description = "A page of them."}};

inline constexpr Operation kCreateBot{.id = "create_bot",
                                      .method = "POST",
                                      .pattern = "/stream/v1/bots",
                                      .summary = "Create a bot",
                                      .body = &kNewBot,
                                      .maximum_body_bytes = kMaximumBotBodyBytes,
                                      .takes_idempotency_key = true,
                                      .answer = {.status = 201,
                                                 .schema = &kBot,
                                                 .description = "The new bot.",
                                                 .has_etag = true,
                                                 .location = "/stream/v1/bots/{bot_id}"},
                                      .stores_text = true,
                                      .refusals = kSaveBotRefusals};

inline constexpr Operation kReadBot{
    .id = "read_bot",
    .method = "GET",
    .pattern = "/stream/v1/bots/{bot_id}",
    .summary = "One of the caller's bots, or a public one",
    .answer = {.schema = &kBot, .description = "The bot.", .has_etag = true}};

inline constexpr Operation kUpdateBot{
    .id = "update_bot",
    .method = "PATCH",
    .pattern = "/stream/v1/bots/{bot_id}",
    .summary = "Change one of the caller's bots",
    .body = &kBotChange,
    .maximum_body_bytes = kMaximumBotBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kBot, .description = "The bot as it is now.", .has_etag = true},
    .stores_text = true,
    .refusals = kSaveBotRefusals};

inline constexpr Operation kDeleteBot{.id = "delete_bot",
                                      .method = "DELETE",
                                      .pattern = "/stream/v1/bots/{bot_id}",
                                      .summary = "Delete one of the caller's bots",
                                      .takes_if_match = true,
                                      .answer = {.schema = &kDone, .description = "It is deleted."},
                                      .refusals = kDeleteBotRefusals};

inline constexpr std::array kOperations{kStart,       kResume,  kCancelStream, kListBots,
                                        kCreateBot,   kReadBot, kUpdateBot,    kDeleteBot,
                                        kReadMetrics, kHealth,  kReady,        kHealthz};

}  // namespace fabula::api::stream
