#include "shared/database/companion.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::database {

void write_save_character(std::string& out, const SaveCharacter& request) {
  json::Writer writer(out);
  writer.begin_object().key("body").raw(request.body_json).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

void write_read_character_card(std::string& out, const ReadCharacterCard& request) {
  json::Writer writer(out);
  writer.begin_object().key("companion_id").string(request.character_id).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<CharacterCard> read_character_card(std::string answer) {
  auto document = json::parse(answer);
  if (!document) return std::nullopt;
  auto* character = json::find(*document, "character");
  auto* card = json::find(*document, "card");
  if (!character || !character->is_object() || !card) return std::nullopt;
  return CharacterCard{std::move(*character), std::move(*card)};
}

}  // namespace fabula::database
