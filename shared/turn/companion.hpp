// What begin_turn is told and tells about a conversation with a companion
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
  // A JSON array of {"role", "content"}: what the caller says was said before the message.
  std::string given = {};
  std::optional<std::int64_t> greeting_index = {};  // of a new conversation
  std::string_view user_word = {};  // what a user without a name is called: user_word.hpp
  // The prompt of a character that has no instructions of its own, and its label.
  std::string_view character_prompt = {};
  std::string_view character_prompt_label = {};
  std::string caller_instructions = {};  // follow the system prompt, in this turn alone
};

// Writes the members of begin_turn's request.
void write_companion(json::Writer& writer, const CompanionRequest& request);

// The character that the conversation is with.
struct Character {
  std::string character_id = {};
  bool is_known = false;  // else nothing but the id is told
  std::string name = {};
  std::string model = {};  // as a request names it; empty: the deployment's choice
  std::string voice = {};
};

// Reads `character` of an answer; nothing for none.
std::optional<Character> read_character(std::string_view json);

}  // namespace fabula::turn
