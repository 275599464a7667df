// The summary of a conversation's older part: the model's question, and the part of its answer that
// is stored.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::jobs {

// The instructions. `maximum_words` limits the summary, because each later turn's prompt contains
// it.
std::string summary_instructions(std::size_t maximum_words);
// The name and version of the instructions.
std::string_view summary_prompt_label();

// The user's message: the summary so far, empty for none, and the messages after it, an array of
// {role, content} from the database.
std::string summary_question(std::string_view previous_summary, const json::Document& messages);

// The answer without reasoning and without text around the summary. More than `maximum_bytes` is
// cut after a whole sentence if one ends near there, else after a whole character.
std::string_view summary_of_answer(std::string_view answer, std::size_t maximum_bytes);

}  // namespace fabula::jobs
