// The attachments of a user's message.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct Attachment {
  enum class Kind : std::uint8_t { text, image_url, image_base64 };

  Kind kind = Kind::text;
  std::string content;          // text in UTF-8, an https URL, or base64 (RFC 4648, with padding)
  std::string media_type = {};  // for images; "" for a URL, whose ending names it
  std::string name = {};        // for texts, as people read it; may be ""
};

// The media type of an image: the given one (under its registered name), or that of its URL's
// ending; image/jpeg without either.
std::string_view image_media_type(const Attachment& image);

// Whether the model's provider would fetch an image from `url`: the provider fetches images, and
// the URL is https with a host name that is not loopback.
bool is_fetched_by_provider(const Endpoint& model, std::string_view url);

// Call this before a model is asked. Refuses (invalid_request, with paths `attachments[2]`) images
// for a model that takes none, URLs that its provider would not fetch, and types that it does not
// take. `setting` is the name of the route (MODEL_CHAT), only for messages.
Result<void> check_attachments(const Endpoint& model, std::span<const Attachment> attachments,
                               std::string_view setting);

}  // namespace fabula::llm
