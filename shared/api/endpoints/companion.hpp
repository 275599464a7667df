// The endpoints of the companion function for conversations. Those for characters: characters.hpp.
#pragma once

#include <array>

#include "shared/api/endpoints/chat.hpp"
#include "shared/api/endpoints/companion_answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::companion {

// Clients send a conversation's whole history with each message: 512 KiB of it, escaped.
inline constexpr std::uint32_t kMaximumBodyBytes = kMostEscapedBytes * 512 * 1024;
inline constexpr std::int64_t kMaximumMessages = 1000;

inline constexpr Field kActingUserField{
    .name = "user_id",
    .type = Type::uuid,
    .description =
        "The caller's own id; with the secret key, the user whom the server acts for, "
        "who need not be known yet."};

inline constexpr std::array kGivenMessageFields{
    Field{.name = "role", .description = "The speaker.", .is_required = true, .choices = kRoles},
    Field{.name = "content",
          .description = "The text.",
          .is_required = true,
          .maximum_bytes = chat::kMaximumTextBytes,
          .is_not_blank = true},
};
inline constexpr Schema kGivenMessage{"CompanionMessage", "A message as clients send it.",
                                      kGivenMessageFields};

inline constexpr std::array kSayFields{
    Field{.name = "messages",
          .type = Type::array,
          .description =
              "The last one is the user's new message. Earlier ones are stored once: those that "
              "the conversation has are passed over. Messages of the system are added to this "
              "turn's system prompt, and not stored.",
          .is_required = true,
          .minimum = 1,
          .maximum = kMaximumMessages,
          .schema = &kGivenMessage},
    Field{.name = "model",
          .description = "A model that this server allows, as provider:model, or OpenRouter's name "
                         "of it. Without it the character's own, or the server's choice.",
          .maximum = kMaximumModelCharacters},
    temperature_field(false),
    max_tokens_field(false),
    Field{.name = "conversation_id",
          .type = Type::uuid,
          .description = "The conversation to go on with; a new one is made without it."},
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character of a new conversation. An unknown one is kept, and told as "
                         "unknown."},
    Field{.name = "greeting_index",
          .type = Type::integer,
          .description = "Which of the character's greetings a new conversation begins with; 0 is "
                         "the first.",
          .maximum = kMaximumGreetings},
    chat::kDetachField,
    chat::kReasoningField,
    kActingUserField,
};
inline constexpr Schema kSay{"CompanionRequest", "A message to a companion.", kSayFields};

inline constexpr std::array kStartFields{
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character. An unknown one is kept, and told as unknown."},
    Field{.name = "greeting_index",
          .type = Type::integer,
          .description = "Which of the character's greetings it begins with; 0 is the first.",
          .maximum = kMaximumGreetings},
    Field{.name = "title",
          .description = "Its title; without it the character's name.",
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    kActingUserField,
};
inline constexpr Schema kStartRequest{"NewConversation", "A conversation.", kStartFields};

inline constexpr std::array kGreetingFields{
    Field{.name = "greeting_index",
          .type = Type::integer,
          .description = "The greeting; 0 is the first.",
          .is_required = true,
          .maximum = kMaximumGreetings},
    kActingUserField,
};
inline constexpr Schema kGreetingRequest{"GreetingChoice", "A choice of greeting.",
                                         kGreetingFields};

inline constexpr std::array kReadFields{
    Field{.name = "limit",
          .type = Type::integer,
          .description = "How many of the newest messages are told.",
          .minimum = 1,
          .maximum = kMaximumMessages,
          .default_json = "1000"},
    kActingUserField,
};
inline constexpr Schema kReadQuery{"ConversationQuery", "", kReadFields};

inline constexpr std::array kListFields{
    limit_field("20"), kOffsetField,
    Field{.name = "character_id", .type = Type::uuid, .description = "Only those with it."},
    kActingUserField};
inline constexpr Schema kListQuery{"ConversationsQuery", "", kListFields};

inline constexpr std::array kActingFields{kActingUserField};
inline constexpr Schema kActingQuery{"ActingQuery", "", kActingFields};

inline constexpr std::string_view kSayExample =
    R"({"model":"nousresearch/hermes-3-llama-3.1-70b",)"
    R"("messages":[{"role":"user","content":"Hello!"}]})";

inline constexpr Operation kHealth{.id = "companion_health",
                                   .method = "GET",
                                   .pattern = "/companion/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "companion_ready",
                                  .method = "GET",
                                  .pattern = "/companion/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kChat{
    .id = "companion_chat",
    .method = "POST",
    .pattern = "/companion/chat",
    .summary = "Say something to a companion; the whole reply is the answer",
    .access = Access::caller_or_new_guest,
    .body = &kSay,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.schema = &kReply, .description = "The reply."},
    .spends = true,
    .refusals = chat::kTurnRefusals,
    .takes_user_id_header = true,
    .acts_for_users = true,
    .body_example = kSayExample};

inline constexpr Operation kChatStream{
    .id = "companion_chat_stream",
    .method = "POST",
    .pattern = "/companion/chat/stream",
    .summary = "Say something to a companion; the reply is streamed",
    .access = Access::caller_or_new_guest,
    .body = &kSay,
    .maximum_body_bytes = kMaximumBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.kind = AnswerKind::event_stream,
               .description = "The reply as it is written.",
               .event = &chat::kEvent},
    .spends = true,
    .refusals = chat::kTurnRefusals,
    .takes_user_id_header = true,
    .acts_for_users = true,
    .description = "The events are those of POST /chat, each with `conversation_id`.",
    .body_example = kSayExample};

inline constexpr Operation kReadConversation{
    .id = "read_conversation",
    .method = "GET",
    .pattern = "/companion/conversation/{conversation_id}",
    .summary = "A conversation with its messages",
    .query = &kReadQuery,
    .answer = {.schema = &kConversation, .description = "The conversation."},
    .acts_for_users = true};

inline constexpr Operation kDeleteConversation{
    .id = "delete_conversation",
    .method = "DELETE",
    .pattern = "/companion/conversation/{conversation_id}",
    .summary = "Delete a conversation",
    .query = &kActingQuery,
    .answer = {.schema = &kDone, .description = "It is deleted."},
    .acts_for_users = true};

inline constexpr Operation kListConversations{
    .id = "list_conversations",
    .method = "GET",
    .pattern = "/companion/conversations",
    .summary = "The caller's conversations, the newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list,
               .schema = &kConversationEntry,
               .description = "A page of them."},
    .acts_for_users = true};

inline constexpr Operation kStartConversation{
    .id = "start_conversation",
    .method = "POST",
    .pattern = "/companion/conversations",
    .summary = "Begin a conversation with the character's greeting",
    .body = &kStartRequest,
    .is_body_optional = true,
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kConversation,
               .description = "The new conversation.",
               .location = "/companion/conversation/{id}"},
    .acts_for_users = true};

inline constexpr std::array kRestoreFields{
    Field{.name = "conversation_id",
          .type = Type::uuid,
          .description = "The conversation, whose copy in Storage is {conversation_id}.json.",
          .is_required = true},
    kActingUserField,
};
inline constexpr Schema kRestoreRequest{"RestoreRequest", "A conversation to bring back.",
                                        kRestoreFields};

inline constexpr std::array kRestoreRefusals{ErrorCode::not_found};

inline constexpr Operation kRestoreConversation{
    .id = "restore_conversation",
    .method = "POST",
    .pattern = "/companion/conversations/restore",
    .summary = "Bring a conversation back from its copy in Storage",
    .body = &kRestoreRequest,
    .answer = {.schema = &kConversation,
               .description = "The conversation; one that is there stays as it is.",
               .may_create = true,
               .location = "/companion/conversation/{id}"},
    .refusals = kRestoreRefusals,
    .acts_for_users = true,
    .description =
        "A copy that names its user is for that user alone. Copies of other services "
        "that name nobody are for servers with the secret key, for the user whom they "
        "name."};

inline constexpr Operation kChooseGreeting{
    .id = "choose_greeting",
    .method = "POST",
    .pattern = "/companion/conversation/{conversation_id}/greeting",
    .summary = "Begin with another greeting, while nothing has been answered",
    .body = &kGreetingRequest,
    .answer = {.schema = &kConversation, .description = "The conversation as it is now."},
    .acts_for_users = true};

}  // namespace fabula::api::companion
