// Chat's endpoints that make the model write: each is one turn, streamed in chat's own protocol.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::chat_function {

// POST /chat: a new message of the user, or an edited version of an earlier one.
runtime::Task<Result<void>> say(engine::Call& call, const engine::Match& match);

// POST /chat/messages/{message_id}/regenerate: another take of a reply.
runtime::Task<Result<void>> regenerate(engine::Call& call, const engine::Match& match);

// POST /chat/messages/{message_id}/continue: the continuation of a reply.
runtime::Task<Result<void>> go_on(engine::Call& call, const engine::Match& match);

// GET /chat/streams/{stream_id}: the rest of a reply, whichever request began it.
runtime::Task<Result<void>> resume(engine::Call& call, const engine::Match& match);

}  // namespace fabula::chat_function
