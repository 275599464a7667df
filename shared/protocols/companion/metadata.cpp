#include "shared/protocols/companion/metadata.hpp"

namespace fabula::protocols::companion {

void write_conversation(json::Writer& writer, const turn::BegunTurn& turn) {
  writer.key("conversation_id").string(turn.session_id);
  if (!turn.character) return;
  writer.key("character_id").string(turn.character->character_id);
  writer.key("character_known").boolean(turn.character->is_known);
}

}  // namespace fabula::protocols::companion
