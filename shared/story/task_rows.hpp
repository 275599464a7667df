// The requests and answers of the database's save_story_draft and watch_story_task
// (supabase/schemas/story). Reads and writes JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/jobs/step_rows.hpp"
#include "shared/json/document.hpp"

namespace fabula::story {

// The part of the story that is being written.
struct DraftPart {
  std::string_view kind;     // "premise" or "scene"
  std::string_view part_id;  // for a scene
  std::int64_t number = 0;   // for a scene, from 1
  std::string_view title;
};

std::string part_json(const DraftPart& part);

struct SaveDraft {
  const jobs::ClaimedStep& step;
  // Increases whenever the text of the step starts again; then `from_byte` is 0.
  std::int64_t attempt = 0;
  std::int64_t asked = 0;  // the length requested from the model
  std::string_view part_json;
  std::uint64_t from_byte = 0;
  std::string_view text = {};  // may be empty: only extends the lease
  std::int64_t lease_seconds = 0;
};

void write_save_draft(std::string& out, const SaveDraft& request);

struct SavedDraft {
  std::uint64_t saved_bytes = 0;
  bool is_cancelled = false;
};

std::optional<SavedDraft> read_saved_draft(std::string answer);

// A follower's position in a task: the newest event, and the text of the running step.
struct WatchPlace {
  std::int64_t event = 0;
  std::int64_t step = 0;
  std::int64_t attempt = 0;
  std::uint64_t bytes = 0;  // of that attempt's text at that step

  // "<event>-<step>-<attempt>-<bytes>": an event's id in a stream.
  std::string id() const;
  // Nothing when the text is not such an id.
  static std::optional<WatchPlace> of_id(std::string_view id);
};

struct WatchTask {
  const auth::Principal& principal;
  std::string_view task_id;
  WatchPlace place;
};

void write_watch_task(std::string& out, const WatchTask& request);

// The task as clients read it, with the members `draft`, `events` and `reading_session_id`.
std::optional<json::Document> read_watched_task(std::string answer);

}  // namespace fabula::story
