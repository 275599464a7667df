// Chat's endpoints that let the model write: each is one turn, streamed in chat's own protocol.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::chat_function {

// POST /chat: the user says something, or says something else instead of an earlier message.
runtime::Task<Result<void>> say(engine::Call& call, const engine::Match& match);

// POST /chat/messages/{message_id}/regenerate: another take of a reply.
runtime::Task<Result<void>> regenerate(engine::Call& call, const engine::Match& match);

// POST /chat/messages/{message_id}/continue: what comes after a reply's text.
runtime::Task<Result<void>> go_on(engine::Call& call, const engine::Match& match);

// GET /chat/streams/{stream_id}: the rest of a reply, whoever began it.
runtime::Task<Result<void>> resume(engine::Call& call, const engine::Match& match);

}  // namespace fabula::chat_function
