// The key of a generation's answer in the cache: two requests have the same key only if the same
// owner asks the same models the same with the same prompts.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/story/route.hpp"

namespace fabula::story {

struct CachedRequest {
  std::string_view owner_id;
  Route route = Route::premise;
  std::string_view settings;     // canonical_json
  std::string_view given;        // the texts in the request, from json::dump
  std::string_view project_id;   // empty: the request named none
  std::string_view model_route;  // such as "gemini:gemini-2.0-flash"
  // Name and version of each prompt, in a fixed order.
  std::span<const std::string_view> prompt_labels;
};

// All members as one JSON text, which is different for different requests.
std::string cache_key_text(const CachedRequest& request);

// The SHA-256 of this text, 64 lower-case hexadecimal digits.
std::string cache_key(const CachedRequest& request);

}  // namespace fabula::story
