#include "functions/companion/companion.hpp"

#include <array>

#include "functions/companion/characters.hpp"
#include "functions/companion/memories.hpp"
#include "functions/companion/restore.hpp"
#include "functions/companion/socket.hpp"
#include "functions/companion/turns.hpp"
#include "shared/api/endpoints/characters.hpp"
#include "shared/api/endpoints/companion.hpp"
#include "shared/api/endpoints/companion_socket.hpp"
#include "shared/database/companion.hpp"
#include "shared/database/memory.hpp"
#include "shared/database/readiness.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {
namespace {

namespace declared = api::companion;

constexpr std::array kRoutes{
    engine::route<declared::kChat>(&chat),
    engine::route<declared::kChatStream>(&stream),
    engine::route<declared::kSocket>(&serve_socket),
    engine::route<declared::kHealth>(&engine::health),
    engine::route<declared::kReady>(&engine::ready, database::kReady),
    engine::route<declared::kReadConversation>(&engine::forward, database::kReadConversation),
    engine::route<declared::kDeleteConversation>(&engine::forward, database::kDeleteConversation),
    engine::route<declared::kListConversations>(&engine::forward, database::kListConversations),
    engine::route<declared::kStartConversation>(&engine::forward, database::kStartConversation),
    engine::route<declared::kRestoreConversation>(&restore),
    engine::route<declared::kChooseGreeting>(&engine::forward, database::kChooseGreeting),
    engine::route<declared::kListCharacters>(&engine::forward, database::kListCharacters),
    engine::route<declared::kCreateCharacter>(&create_character),
    engine::route<declared::kImportCharacter>(&import_character),
    engine::route<declared::kReadCharacter>(&engine::forward, database::kReadCharacter),
    engine::route<declared::kExportCharacter>(&export_character),
    engine::route<declared::kUpdateCharacter>(&change_character, database::kUpdateCharacter),
    engine::route<declared::kDeleteCharacter>(&engine::forward, database::kDeleteCharacter),
    engine::route<declared::kListMemories>(&engine::forward, database::kListMemories),
    engine::route<declared::kAddMemory>(&add_memory),
    engine::route<declared::kExportMemories>(&engine::forward, database::kExportMemories),
    engine::route<declared::kChangeMemory>(&change_memory),
    engine::route<declared::kForgetMemory>(&forget_memory),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "companion", kRoutes);
}

}  // namespace fabula::companion_function
