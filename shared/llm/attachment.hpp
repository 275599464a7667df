// What a user's message carries besides its text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/llm/route.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct Attachment {
  enum class Kind : std::uint8_t { text, image_url, image_base64 };

  Kind kind = Kind::text;
  std::string_view content;  // text in UTF-8, an https URL, or base64 (RFC 4648, with padding)
  std::string_view media_type = {};  // of images; "" for a URL: told by its ending
  std::string_view name = {};        // of texts, as people read it; may be ""
};

// The media type of an image, as it is given or as its URL ends; image/jpeg when neither says.
std::string_view image_media_type(const Attachment& image);

// To be called before a turn begins. Refuses (invalid_request, with paths `attachments[2].url`)
// images for a model that does not see, URLs that are not https on another host or that the
// provider would not fetch, bytes that are not base64, and types that providers do not take.
Result<void> check_attachments(const Endpoint& model, std::span<const Attachment> attachments);

}  // namespace fabula::llm
