// Endpoints of the story function for tasks that exist already.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/story_answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::int64_t kMaximumPlaceCharacters = 64;

inline constexpr std::array kEventsQueryFields{
    Field{.name = "after",
          .description = "The id of the last event that you have; without it, or with another "
                         "one, all events.",
          .maximum = kMaximumPlaceCharacters}};
inline constexpr Schema kEventsQuery{"StoryEventsQuery", "", kEventsQueryFields};

inline constexpr Operation kReadTask{
    .id = "read_story_task",
    .method = "GET",
    .pattern = "/story/task/{task_id}/status",
    .summary = "Where a task is",
    .answer = {.schema = &kTask, .description = "The task."},
    .description =
        "A task that has ended is kept for 7 days, and its story for good. A look at a "
        "task that nobody works on does a step of it."};

inline constexpr Operation kReadTaskResult{
    .id = "read_story_result",
    .method = "GET",
    .pattern = "/story/task/{task_id}/result",
    .summary = "The result of a task",
    .answer = {.schema = &kResult,
               .description = "The answer of the request that began it; of a whole story `story`, "
                              "`premise`, `outline`, `is_complete`, `word_count` and `project_id`, "
                              "also while it grows.",
               .pending = &kTask,
               .location = kTaskLocation}};

inline constexpr Operation kFollowTask{
    .id = "follow_story_task",
    .method = "GET",
    .pattern = "/story/task/{task_id}/events",
    .summary = "A task's progress and its text as it is written",
    .query = &kEventsQuery,
    .takes_last_event_id = true,
    .answer = {.kind = AnswerKind::work,
               .schema = &kTask,
               .description = "The events of POST /story/generate-premise, until the end of the "
                              "task; with `Accept: application/json` the task.",
               .event = &kEvent},
    .description = "The task is worked on while somebody follows it."};

inline constexpr Operation kCancelTask{.id = "cancel_story_task",
                                       .method = "POST",
                                       .pattern = "/story/task/{task_id}/cancel",
                                       .summary = "End a task; what it has written is kept",
                                       .answer = {.schema = &kTask, .description = "The task."}};

inline constexpr Operation kPauseTask{.id = "pause_story_task",
                                      .method = "POST",
                                      .pattern = "/story/task/{task_id}/pause",
                                      .summary = "Pause a task after its current step",
                                      .answer = {.schema = &kTask, .description = "The task."}};

inline constexpr Operation kResumeTask{.id = "resume_story_task",
                                       .method = "POST",
                                       .pattern = "/story/task/{task_id}/resume",
                                       .summary = "Go on with a paused task",
                                       .answer = {.schema = &kTask, .description = "The task."}};

inline constexpr Operation kRetryTask{.id = "retry_story_task",
                                      .method = "POST",
                                      .pattern = "/story/task/{task_id}/retry",
                                      .summary = "Try a failed step again; finished ones are kept",
                                      .answer = {.status = 202,
                                                 .schema = &kTask,
                                                 .description = "The task.",
                                                 .location = kTaskLocation},
                                      .spends = true};

}  // namespace fabula::api::story
