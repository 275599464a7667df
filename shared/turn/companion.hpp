// The parts of begin_turn's request and answer that concern a conversation with a companion
// (supabase/schemas/companion).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/json/text.hpp"

namespace fabula::turn {

// Empty texts are absent.
struct CompanionRequest {
  std::string character_id = {};
  // A JSON array of {"role", "content"}: the conversation before the message, according to the
  // caller.
  std::string given = {};
  std::optional<std::int64_t> greeting_index = {};  // for a new conversation
  std::string_view user_word = {};  // the word for a user without a name: user_word.hpp
  // The prompt for a character without instructions of its own, and its label.
  std::string_view character_prompt = {};
  std::string_view character_prompt_label = {};
  std::string caller_instructions = {};  // added after the system prompt, in this turn only
};

// Writes the members of begin_turn's request.
void write_companion(json::Writer& writer, const CompanionRequest& request);

// The character of the conversation.
struct Character {
  std::string character_id = {};
  bool is_known = false;  // false: only the id is known
  std::string name = {};
  std::string model = {};  // as in a request; empty: the deployment's choice
  std::string voice = {};
};

// Reads `character` from an answer; nothing if there is none.
std::optional<Character> read_character(std::string_view json);

}  // namespace fabula::turn
