// The declaration of the companion's socket. OpenAPI cannot describe sockets: the description of
// the group explains it.
#pragma once

#include <array>

#include "shared/api/operation.hpp"

namespace fabula::api::companion {

inline constexpr std::array kSocketFields{
    Field{.name = "token",
          .description = "The caller's token, for browsers, which can set no headers on a socket; "
                         "it may also stand in the list of sub-protocols."},
};
inline constexpr Schema kSocketQuery{"CompanionSocketQuery", "", kSocketFields};

inline constexpr std::array kSocketRefusals{ErrorCode::upgrade_required, ErrorCode::forbidden};

inline constexpr Operation kSocket{
    .id = "open_companion_socket",
    .method = "GET",
    .pattern = "/companion/ws/chat",
    .summary = "Talk with companions, over a WebSocket",
    .access = Access::anyone,
    .query = &kSocketQuery,
    .answer = {.kind = AnswerKind::socket, .status = 101, .description = "The socket is open."},
    .spends = true,
    .refusals = kSocketRefusals,
    .description =
        "Messages are JSON. In: `start_conversation` with `character_id?` and `conversation_id?`, "
        "`message` with `message`, `conversation_id?` and `id?` (one that is sent again is the "
        "same "
        "turn), `ping`. Out: `conversation_started`, `token`, `message`, `pong`, `error`, each "
        "with "
        "its `conversation_id`. A caller without a token is a new guest, whose `guest_token` comes "
        "with the first conversation. The sub-protocol `fabula.companion.v1` is the same."};

}  // namespace fabula::api::companion
