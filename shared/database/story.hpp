// The database's functions for stories. Those for a running task: story_task.hpp.
#pragma once

#include "shared/database/function.hpp"
#include "shared/story/begin_rows.hpp"

namespace fabula::database {

// Begins a task, finds the running task of the same request, or returns its answer. Retries are
// safe: they find the open task of the same request again.
inline constexpr Function<story::BeginStory, story::BegunStory> kBeginStory{
    {"begin_story", kOnceMore}, &story::write_begin_story, &story::read_begun_story};

// Reads all parts of a book (shared/story/book.hpp).
struct ReadStoryExport {
  const auth::Principal& principal;
  std::string_view project_id;
};

void write_read_story_export(std::string& out, const ReadStoryExport& request);
std::optional<json::Document> read_story_export(std::string answer);
std::optional<json::Document> read_story_illustrations(std::string answer);

inline constexpr Function<ReadStoryExport, json::Document> kReadStoryExport{
    {"read_story_export", kOnceMore}, &write_read_story_export, &read_story_export};

// Endpoints pass the answers of these functions on.
inline constexpr Declaration kReadStoryTask{"read_story_task", kOnceMore};
inline constexpr Declaration kCancelStoryTask{"cancel_story_task", kOnceMore};
inline constexpr Declaration kPauseStoryTask{"pause_story_task", kOnceMore};
inline constexpr Declaration kResumeStoryTask{"resume_story_task", kOnceMore};
inline constexpr Declaration kRetryStoryTask{"retry_story_task", kNever};

inline constexpr Declaration kStoryCacheStats{"story_cache_stats", kOnceMore};
inline constexpr Declaration kClearStoryCache{"clear_story_cache", kOnceMore};

inline constexpr Declaration kBeginStoryIllustrations{"begin_story_illustrations", kNever};
inline constexpr Declaration kDeleteStoryIllustration{"delete_story_illustration", kOnceMore};
// The request has the same members: a principal and a project.
inline constexpr Function<ReadStoryExport, json::Document> kListStoryIllustrations{
    {"list_story_illustrations", kOnceMore}, &write_read_story_export, &read_story_illustrations};

inline constexpr Declaration kReadStory{"read_story", kOnceMore};
inline constexpr Declaration kUpdateStory{"update_story", kNever};
inline constexpr Declaration kWriteStoryPart{"write_story_part", kNever};
inline constexpr Declaration kListStoryVersions{"list_story_versions", kOnceMore};
inline constexpr Declaration kSelectStoryVersion{"select_story_version", kNever};
inline constexpr Declaration kLockStoryPart{"lock_story_part", kOnceMore};
inline constexpr Declaration kUnlockStoryPart{"unlock_story_part", kOnceMore};
inline constexpr Declaration kReadScene{"read_scene", kOnceMore};
inline constexpr Declaration kInsertScene{"insert_scene", kNever};
inline constexpr Declaration kDeleteScene{"delete_scene", kOnceMore};
inline constexpr Declaration kRestoreScene{"restore_scene", kOnceMore};
inline constexpr Declaration kMoveScene{"move_scene", kNever};

}  // namespace fabula::database
