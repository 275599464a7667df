// Whether a sentence is what a model says to the person who asked, and none of a story. Told by
// phrases of English, German, French, Spanish, Italian and Portuguese.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::story {

enum class Talk : std::uint8_t {
  none,
  // "Sure!": talk only with more of it around, for a story may begin so.
  affirmation,
  // Phrases that continue talk that has begun: "I have kept it in the first person."
  more,
  // "Here is the next scene:", "Would you like me to continue?"
  certain,
};

// `sentence` is one sentence or a part that ends with a colon, without quotation marks.
Talk opening_talk(std::string_view sentence);
Talk closing_talk(std::string_view sentence);

// "I'm sorry, but I can't write this scene.", in the same languages and in Chinese, Japanese and
// Russian; not what a character refuses ("I'm sorry, but I can't marry you.").
bool is_refusal(std::string_view sentence);

// Whether the line begins with a quotation mark or with the dash of a dialogue.
bool begins_with_speech(std::string_view line);

// Whether somebody speaks in the line: quotation marks, a dash in front, or "he said".
bool has_speech(std::string_view line);

}  // namespace fabula::story
