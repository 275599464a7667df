// The endpoints of the tasks function, with which the server's operator runs the work after turns.
#pragma once

#include <array>
#include <cstdint>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::tasks {

// How many tasks a call takes at most if it names no limit.
inline constexpr std::int64_t kDefaultLimit = 10;
inline constexpr std::int64_t kMaximumLimit = 100;

inline constexpr std::array kRunFields{
    Field{.name = "kinds",
          .type = Type::array,
          .description =
              "The kinds of tasks: session_summary, dossier_extraction, "
              "dossier_import, companion_memory, realtime_summary, "
              "conversation_snapshot, story, story_illustrations. Without it, all kinds.",
          .minimum = 1,
          .maximum = 16},
    Field{.name = "limit",
          .type = Type::integer,
          .description = "The most tasks to do.",
          .minimum = 1,
          .maximum = kMaximumLimit,
          .default_json = "10"},
};
inline constexpr Schema kRun{"RunTasksRequest", "The tasks to do.", kRunFields};

inline constexpr std::array kTaskFailureFields{
    Field{.name = "kind", .description = "The kind of the task.", .is_required = true},
    Field{.name = "code",
          .description = "The stable code of the failure, such as `provider_unauthorized`.",
          .is_required = true},
    Field{.name = "message",
          .description = "The failure in a sentence that says what to do.",
          .is_required = true},
};
inline constexpr Schema kTaskFailure{"TaskFailure", "The reason why a task has failed.",
                                     kTaskFailureFields};

inline constexpr std::array kRanFields{
    Field{.name = "done",
          .type = Type::integer,
          .description = "The number of tasks that were done.",
          .is_required = true},
    Field{.name = "failed",
          .type = Type::integer,
          .description = "The number of tasks that failed; they are tried again later.",
          .is_required = true},
    Field{.name = "left",
          .type = Type::boolean,
          .description = "Whether there may be more to do now.",
          .is_required = true},
    Field{.name = "failures",
          .type = Type::array,
          .description = "The reasons of those that failed.",
          .is_required = true,
          .schema = &kTaskFailure},
};
inline constexpr Schema kRan{"RunTasksAnswer", "The results of the tasks.", kRanFields};

inline constexpr std::array kRunRefusals{ErrorCode::no_provider};

inline constexpr Operation kRunTasks{
    .id = "run_tasks",
    .method = "POST",
    .pattern = "/tasks/run",
    .summary = "Do the tasks that are due",
    .access = Access::operator_only,
    .body = &kRun,
    .is_body_optional = true,
    .answer = {.schema = &kRan, .description = "They are done, as far as time allowed."},
    .refusals = kRunRefusals,
    .description = "Takes up to 50 seconds. Several calls at the same time share the work."};

inline constexpr Operation kHealth{.id = "tasks_health",
                                   .method = "GET",
                                   .pattern = "/tasks/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "tasks_ready",
                                  .method = "GET",
                                  .pattern = "/tasks/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr std::array kOperations{kRunTasks, kHealth, kReady};

}  // namespace fabula::api::tasks
