// The request and answer of the database's begin_story (supabase/schemas/story). Reads and writes
// JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/json/document.hpp"
#include "shared/story/route.hpp"

namespace fabula::story {

// Empty texts are absent.
struct BeginStory {
  const auth::Principal& principal;
  Route route = Route::premise;
  std::string_view settings;     // canonical_json
  std::string_view named;        // JSON array: the settings that the request names
  std::string_view adjustments;  // JSON array
  std::string_view given;        // JSON object: the texts in the request
  std::string_view project_id = {};
  std::string_view cache_key = {};  // cache_key()
  bool is_fresh = false;            // ignores the cache
  std::int64_t calls = 0;           // how many calls of the caller's plan it uses
  std::int64_t tokens = 0;
  std::int64_t expected_steps = 1;
  std::string_view title = {};
  std::string_view idempotency_key = {};
  std::string_view request_hash = {};
  std::string_view admission = {};  // a JSON object (supabase/schemas/admission/admit.sql)
};

void write_begin_story(std::string& out, const BeginStory& request);

struct BegunStory {
  // The answer of an earlier request; null: wait for the task.
  json::Document cached;
  std::string task_id;      // may be empty when the answer is cached
  std::string project_id;   // may be empty when the answer is cached
  json::Document settings;  // the story's settings; null: the request's
};

std::optional<BegunStory> read_begun_story(std::string answer);

}  // namespace fabula::story
