// What a model is asked so that a conversation's older part becomes a short text, and what is kept
// of its answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::jobs {

// The instructions. A summary should have at most so many words: it is told in each later turn.
std::string summary_instructions(std::size_t maximum_words);
// Their name and version.
std::string_view summary_prompt_label();

// The user's message: the summary so far, empty for none, and what was said after it, an array of
// {role, content} from the database.
std::string summary_question(std::string_view previous_summary, const json::Document& messages);

// The answer without what the model thought aloud or put around it, at most `maximum_bytes` of it:
// then it ends with a whole sentence if one ends near there, else with a whole character.
std::string_view summary_of_answer(std::string_view answer, std::size_t maximum_bytes);

}  // namespace fabula::jobs
