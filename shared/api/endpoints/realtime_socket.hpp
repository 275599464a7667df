// The declaration of realtime's socket. OpenAPI cannot describe sockets: the description of the
// group explains it.
#pragma once

#include <array>

#include "shared/api/operation.hpp"

namespace fabula::api::realtime {

inline constexpr std::array kSocketFields{
    Field{.name = "token",
          .description =
              "The caller's token, for browsers, which can set no headers on a socket; it "
              "may also stand in the list of sub-protocols."},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The story that a new session is about: the model may read its dossier."},
};
inline constexpr Schema kSocketQuery{"RealtimeSocketQuery", "", kSocketFields};

inline constexpr std::array kSocketRefusals{ErrorCode::upgrade_required, ErrorCode::forbidden};

inline constexpr Operation kSocket{
    .id = "open_realtime_socket",
    .method = "GET",
    .pattern = "/realtime/ws/session/{realtime_session_id}",
    .summary = "Talk in a realtime session, over a WebSocket",
    .access = Access::anyone,
    .query = &kSocketQuery,
    .answer = {.kind = AnswerKind::socket, .status = 101, .description = "The socket is open."},
    .spends = true,
    .refusals = kSocketRefusals,
    .description =
        "With the sub-protocol `fabula.v1` messages are JSON: README.md describes them. Without a "
        "sub-protocol a text message is said to the model, and the reply's texts come as text "
        "messages. A caller without a token is a new guest. Problems of the token close the socket "
        "with 1008 and the problem's code as the reason."};

}  // namespace fabula::api::realtime
