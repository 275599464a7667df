// The common parts of the bodies in all wire formats.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/json/text.hpp"
#include "shared/llm/request/model_request.hpp"

namespace fabula::llm {

// The user's message before a conversation that the model begins.
inline constexpr std::string_view kOpening = "(The conversation begins.)";

// Enough for the body in one allocation, and little more: a WebAssembly instance never returns
// memory that it has taken.
std::size_t expected_bytes(WireFormat format, const ModelRequest& request);

// How the answer is made to follow a schema, as far as the server supports it.
SchemaUse schema_use(const Provider& provider, const ModelRequest& request);

bool has_system_text(const ModelRequest& request, SchemaUse schema_use);
// Appends a JSON string: the system prompt, and the form of the answer if the prompt must describe
// it.
void append_system_text(std::string& body, const ModelRequest& request, SchemaUse schema_use);
// For a server that refuses system messages: the same text as the contents of a JSON string for the
// user's first message; "" if there is no such text or the server takes system messages.
std::string displaced_system_text(const ModelRequest& request, SchemaUse schema_use);

// Appends an attached text in the form for the model, as the contents of a JSON string.
void append_attached_text(std::string& body, const Attachment& attachment);

// Whether tools are sent: a server that refuses them gets none, unless its model has called some.
bool offers_tools(const ModelRequest& request);

// How a wire format writes an image: the constant parts around the varying ones.
struct ImageFrame {
  std::string_view begin;
  std::string_view middle;  // between media type and content; "": no media type
  std::string_view end;
};

struct ImageForm {
  ImageFrame by_url;
  ImageFrame by_data;  // base64
};

void append_image(std::string& body, const ImageForm& form, const Attachment& image);

// Writes the member `temperature`, if there is one and the model and the server accept it; at most
// `hottest` hundredths: nearly everywhere the maximum is 2.
void write_temperature(json::Writer& writer, const ModelRequest& request, int hottest = 200);

inline constexpr std::string_view kUnreadableHistory =
    "the history is not a JSON array of objects with role and content";
inline constexpr std::string_view kNothingToAnswer = "no message of the user is last";

}  // namespace fabula::llm
