// The endpoints of the chat function.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/chat_answers.hpp"
#include "shared/api/endpoints/chat_context.hpp"
#include "shared/api/endpoints/chat_requests.hpp"
#include "shared/api/endpoints/stream_control.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::chat {

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

inline constexpr std::array kTurnRefusals{ErrorCode::forbidden,        ErrorCode::not_found,
                                          ErrorCode::turn_in_progress, ErrorCode::no_provider,
                                          ErrorCode::provider_error,   ErrorCode::provider_timeout};
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
    .spends = true,
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

inline constexpr Operation kReady{.id = "chat_ready",
                                  .method = "GET",
                                  .pattern = "/chat/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kEditReply{
    .id = "edit_reply",
    .method = "PATCH",
    .pattern = "/chat/messages/{message_id}",
    .summary = "Change a reply's text",
    .body = &kEdit,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kMessage, .description = "The reply with its new text."},
    .stores_text = true};

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
    .spends = true,
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
    .spends = true,
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

inline constexpr std::array kOperations{kPostChat,        kHealth,        kReady,      kEditReply,
                                        kRegenerateReply, kContinueReply, kListTakes,  kSelectTake,
                                        kReadContext,     kResumeReply,   kCancelReply};

}  // namespace fabula::api::chat
