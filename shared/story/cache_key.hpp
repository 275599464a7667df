// The name of a generation's answer in the cache: two requests have the same key only if the same
// owner asks the same of the same models with the same prompts.
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
  std::string_view given;        // the texts that came with the request, as json::dump writes them
  std::string_view project_id;   // empty: none was named
  std::string_view model_route;  // such as "gemini:gemini-2.0-flash"
  std::span<const std::string_view> prompt_labels;  // name and version of each, in a fixed order
};

// All of it as one JSON text, which no two different requests share.
std::string cache_key_text(const CachedRequest& request);

// Its SHA-256, 64 lower-case hexadecimal digits.
std::string cache_key(const CachedRequest& request);

}  // namespace fabula::story
