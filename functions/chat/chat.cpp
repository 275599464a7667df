#include "functions/chat/chat.hpp"

#include <array>

#include "functions/chat/turns.hpp"
#include "shared/api/endpoints/chat.hpp"
#include "shared/database/conversation.hpp"
#include "shared/database/readiness.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::chat_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::chat::kPostChat>(&say),
    engine::route<api::chat::kHealth>(&engine::health),
    engine::route<api::chat::kReady>(&engine::ready, database::kReady),
    engine::route<api::chat::kEditReply>(&engine::forward, database::kEditReply),
    engine::route<api::chat::kRegenerateReply>(&regenerate),
    engine::route<api::chat::kContinueReply>(&go_on),
    engine::route<api::chat::kListTakes>(&engine::forward, database::kListTakes),
    engine::route<api::chat::kSelectTake>(&engine::forward, database::kSelectMessage),
    engine::route<api::chat::kReadContext>(&engine::forward, database::kReadContext),
    engine::route<api::chat::kResumeReply>(&resume),
    engine::route<api::chat::kCancelReply>(&engine::forward, database::kRequestCancel),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "chat", kRoutes);
}

}  // namespace fabula::chat_function
