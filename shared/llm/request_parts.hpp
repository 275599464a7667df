// What the bodies of all wire formats are put together from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/llm/model_request.hpp"

namespace fabula::llm {

// Enough for the body in one allocation, unless the conversation is very many very short messages:
// memory of a WebAssembly instance that was once taken is never given back.
std::size_t expected_bytes(const ModelRequest& request);

bool has_system_text(const ModelRequest& request, SchemaUse schema_use);
// A JSON string: the system prompt, and what form the answer must have when that is to be told.
void append_system_text(std::string& body, const ModelRequest& request, SchemaUse schema_use);

// The text that stands for an attached text, as the contents of a JSON string.
void append_attached_text(std::string& body, const Attachment& attachment);

// How a wire format writes images, cut at what differs from image to image.
struct ImageForm {
  std::string_view url_begin;
  std::string_view url_middle;  // between type and URL; "": the type is not said
  std::string_view url_end;
  std::string_view data_begin;
  std::string_view data_middle;  // between type and base64
  std::string_view data_end;
};

void append_image(std::string& body, const ImageForm& form, const Attachment& image);

// 70 is "0.70": floating point would bring its printing along.
std::string hundredths(int value);

tl::unexpected<Problem> unreadable_history();
tl::unexpected<Problem> nothing_to_answer();

}  // namespace fabula::llm
