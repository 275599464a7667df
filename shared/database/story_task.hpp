// The database's functions for a running task of a story (supabase/schemas/story).
#pragma once

#include "shared/database/function.hpp"
#include "shared/story/task_rows.hpp"

namespace fabula::database {

// Not retried: the next save includes the same text.
inline constexpr Function<story::SaveDraft, story::SavedDraft> kSaveStoryDraft{
    {"save_story_draft", kNever}, &story::write_save_draft, &story::read_saved_draft};

inline constexpr Function<story::WatchTask, json::Document> kWatchStoryTask{
    {"watch_story_task", kOnceMore}, &story::write_watch_task, &story::read_watched_task};

}  // namespace fabula::database
