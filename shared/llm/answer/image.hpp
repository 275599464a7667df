// Requests to models that draw a picture of a prompt, and their answers, in the forms of OpenAI's
// images API, of Gemini's generateContent and of Hugging Face's inference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct Image {
  std::string bytes;
  std::string_view media_type;  // image/png, image/jpeg or image/webp: what the bytes are
  std::optional<Usage> usage;   // if the provider has reported it
};

// Tells the media type by the first bytes; "" for anything but PNG, JPEG and WebP.
std::string_view image_media_type(std::string_view bytes);

// The body of a request for one picture.
std::string image_request(const Endpoint& endpoint, std::string_view prompt);

// The picture in an answer of status 200. Problems: provider_malformed when there is none,
// provider_refused_request when the model would not draw it.
Result<Image> read_image(const Provider& provider, std::string answer);

}  // namespace fabula::llm
