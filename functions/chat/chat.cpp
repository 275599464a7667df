#include "functions/chat/chat.hpp"

#include <array>

#include "functions/chat/turns.hpp"
#include "shared/api/endpoints/chat.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::chat_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::chat::kPostChat>(&say),
    engine::route<api::chat::kHealth>(&engine::health),
    engine::route<api::chat::kEditReply>(&engine::forward, "edit_reply"),
    engine::route<api::chat::kRegenerateReply>(&regenerate),
    engine::route<api::chat::kContinueReply>(&go_on),
    engine::route<api::chat::kListTakes>(&engine::forward, "list_takes"),
    engine::route<api::chat::kSelectTake>(&engine::forward, "select_message"),
    engine::route<api::chat::kReadContext>(&engine::forward, "read_context"),
    engine::route<api::chat::kResumeReply>(&resume),
    engine::route<api::chat::kCancelReply>(&engine::forward, "request_cancel"),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "chat", kRoutes);
}

}  // namespace fabula::chat_function
