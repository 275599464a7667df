// Recognises sentences that a model addresses to its user and that belong to no story, by phrases
// in English, German, French, Spanish, Italian and Portuguese.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::story {

enum class Talk : std::uint8_t {
  none,
  // "Sure!": talk only next to more talk, because a story may begin like this.
  affirmation,
  // Continues talk that has begun: "I have kept it in the first person."
  more,
  // "Here is the next scene:", "Would you like me to continue?"
  certain,
};

// `sentence` is one sentence or a part that ends with a colon, without quotation marks.
Talk opening_talk(std::string_view sentence);
Talk closing_talk(std::string_view sentence);

// "I'm sorry, but I can't write this scene.", in the same languages and in Chinese, Japanese and
// Russian; not a character's refusal ("I'm sorry, but I can't marry you.").
bool is_refusal(std::string_view sentence);

// Whether the line begins with a quotation mark or the dash of a dialogue.
bool begins_with_speech(std::string_view line);

// Whether the line contains speech: quotation marks, a dash in front, or "he said".
bool has_speech(std::string_view line);

}  // namespace fabula::story
