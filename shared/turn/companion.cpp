#include "shared/turn/companion.hpp"

#include "shared/json/raw_object.hpp"

namespace fabula::turn {

void write_companion(json::Writer& writer, const CompanionRequest& request) {
  const auto text = [&writer](std::string_view key, std::string_view value) {
    if (!value.empty()) writer.key(key).string(value);
  };
  text("character_id", request.character_id);
  if (!request.given.empty()) writer.key("given").raw(request.given);
  if (request.greeting_index) writer.key("greeting_index").integer(*request.greeting_index);
  text("user_word", request.user_word);
  text("character_prompt", request.character_prompt);
  text("character_prompt_label", request.character_prompt_label);
  text("caller_instructions", request.caller_instructions);
}

std::optional<Character> read_character(std::string_view json) {
  const auto character =
      json::RawObject::read(json, {"character_id", "is_known", "name", "model", "voice"});
  if (!character) return std::nullopt;
  // Empty for null.
  const auto text = [&character](std::string_view key) {
    return character->string(key).value_or("");
  };
  return Character{.character_id = text("character_id"),
                   .is_known = character->is_true("is_known"),
                   .name = text("name"),
                   .model = text("model"),
                   .voice = text("voice")};
}

}  // namespace fabula::turn
