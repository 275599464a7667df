// The database's functions for stories: their tasks, their parts, and the answers that are kept.
// The work on a task's steps is in shared/database/job.hpp.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

// Repeated once: the open task of the same request is found again.
inline constexpr Declaration kBeginStory{"begin_story", kOnceMore};

inline constexpr Declaration kReadStoryTask{"read_story_task", kOnceMore};
inline constexpr Declaration kWatchStoryTask{"watch_story_task", kOnceMore};
inline constexpr Declaration kCancelStoryTask{"cancel_story_task", kOnceMore};
inline constexpr Declaration kPauseStoryTask{"pause_story_task", kOnceMore};
inline constexpr Declaration kResumeStoryTask{"resume_story_task", kOnceMore};
inline constexpr Declaration kRetryStoryTask{"retry_story_task", kNever};

// Safe to repeat: known text is skipped.
inline constexpr Declaration kSaveStoryDraft{"save_story_draft", kOnceMore};

inline constexpr Declaration kReadStory{"read_story", kOnceMore};
inline constexpr Declaration kUpdateStory{"update_story", kNever};
inline constexpr Declaration kWriteStoryPart{"write_story_part", kNever};
inline constexpr Declaration kListStoryVersions{"list_story_versions", kOnceMore};
inline constexpr Declaration kSelectStoryVersion{"select_story_version", kNever};
inline constexpr Declaration kLockStoryPart{"lock_story_part", kOnceMore};
inline constexpr Declaration kUnlockStoryPart{"unlock_story_part", kOnceMore};
inline constexpr Declaration kReadScene{"read_scene", kOnceMore};
inline constexpr Declaration kInsertScene{"insert_scene", kNever};
inline constexpr Declaration kMoveScene{"move_scene", kNever};
inline constexpr Declaration kDeleteScene{"delete_scene", kOnceMore};
inline constexpr Declaration kRestoreScene{"restore_scene", kOnceMore};

inline constexpr Declaration kStoryCacheStats{"story_cache_stats", kOnceMore};
inline constexpr Declaration kClearStoryCache{"clear_story_cache", kOnceMore};
inline constexpr Declaration kReadStoryExport{"read_story_export", kOnceMore};

}  // namespace fabula::database
