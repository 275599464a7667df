// What the bodies of all wire formats are put together from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/json/text.hpp"
#include "shared/llm/request/model_request.hpp"

namespace fabula::llm {

// The user's words before a conversation that the model begins.
inline constexpr std::string_view kOpening = "(The conversation begins.)";

// Enough for the body in one allocation, and little more: memory of a WebAssembly instance that was
// once taken is never given back.
std::size_t expected_bytes(WireFormat format, const ModelRequest& request);

// How the answer is made to follow a schema, as far as the server takes it.
SchemaUse schema_use(const Provider& provider, const ModelRequest& request);

bool has_system_text(const ModelRequest& request, SchemaUse schema_use);
// A JSON string: the system prompt, and what form the answer must have when that is to be told.
void append_system_text(std::string& body, const ModelRequest& request, SchemaUse schema_use);
// The same for a server that refuses system messages, as the contents of a JSON string for the
// user's first message; "" when there is no such text or it may be said as the system.
std::string displaced_system_text(const ModelRequest& request, SchemaUse schema_use);

// The text that stands for an attached text, as the contents of a JSON string.
void append_attached_text(std::string& body, const Attachment& attachment);

// Whether the tools are sent: a server that refuses them gets none, unless it has called some.
bool offers_tools(const ModelRequest& request);

// How a wire format writes an image, cut at what differs from image to image.
struct ImageFrame {
  std::string_view begin;
  std::string_view middle;  // between media type and content; "": the type is not said
  std::string_view end;
};

struct ImageForm {
  ImageFrame by_url;
  ImageFrame by_data;  // base64
};

void append_image(std::string& body, const ImageForm& form, const Attachment& image);

// The member `temperature`, if there is one and the model and the server take it; no more than
// `hottest` hundredths: temperatures end at 2 nearly everywhere.
void write_temperature(json::Writer& writer, const ModelRequest& request, int hottest = 200);

inline constexpr std::string_view kUnreadableHistory =
    "the history is not a JSON array of objects with role and content";
inline constexpr std::string_view kNothingToAnswer = "no message of the user is last";

}  // namespace fabula::llm
