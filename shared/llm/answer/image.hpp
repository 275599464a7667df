// Requests to models that generate images, and their answers, in the formats of OpenAI's images
// API, of Gemini's generateContent and of Hugging Face's inference.
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
  std::string_view media_type;  // image/png, image/jpeg or image/webp, from the bytes
  std::optional<Usage> usage;   // if the provider has reported it
};

// Finds the media type from the first bytes; "" for anything but PNG, JPEG and WebP.
std::string_view image_media_type(std::string_view bytes);

// The body of a request for one image.
std::string image_request(const Endpoint& endpoint, std::string_view prompt);

// The image in an answer of status 200. Problems: provider_malformed when there is none,
// provider_refused_request when the model refused to draw it.
Result<Image> read_image(const Provider& provider, std::string answer);

}  // namespace fabula::llm
