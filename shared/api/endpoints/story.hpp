// The endpoints of the story function.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/story_generate.hpp"
#include "shared/api/endpoints/story_illustrations.hpp"
#include "shared/api/endpoints/story_projects.hpp"
#include "shared/api/endpoints/story_tasks.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::array<std::string_view, 7> kExportFormats{"md",   "txt",  "html", "fountain",
                                                                "epub", "json", "bible"};
inline constexpr std::array<std::string_view, 6> kExportTypes{
    "text/markdown",     "text/plain",           "text/html",
    "text/vnd.fountain", "application/epub+zip", "application/json"};

inline constexpr std::array kExportFields{Field{
    .name = "format",
    .description = "Markdown, plain text, one HTML file, Fountain, EPUB 3, JSON with everything, "
                   "or the dossier in Markdown (`bible`).",
    .choices = kExportFormats,
    .default_json = "\"md\""}};
inline constexpr Schema kExportQuery{"StoryExportQuery", "", kExportFields};

inline constexpr Schema kEntriesByRoute{
    "StoryCacheEntries", "Numbers of entries, by route.", {}, R"({"type":"integer"})"};

inline constexpr std::array kCacheFields{
    stored_integer("entries", "Answers that are kept for you."),
    stored_integer("running", "Requests that are being worked on."),
    stored_integer("hits", "How often they were used."),
    stored_integer("bytes", "Their size."),
    Field{.name = "by_route",
          .type = Type::object,
          .description = "The number of entries of each route.",
          .is_required = true,
          .schema = &kEntriesByRoute},
    nullable({.name = "oldest_at",
              .type = Type::timestamp,
              .description = "The time of the oldest one."}),
    nullable({.name = "newest_at",
              .type = Type::timestamp,
              .description = "The time of the newest one."}),
};
inline constexpr Schema kCacheStats{"StoryCacheStats", "Your answers that are kept.", kCacheFields};
inline constexpr std::array kClearedFields{
    stored_integer("deleted", "How many answers were forgotten.")};
inline constexpr Schema kCacheCleared{"StoryCacheCleared", "Answers that were forgotten.",
                                      kClearedFields};

inline constexpr Operation kHealth{.id = "story_health",
                                   .method = "GET",
                                   .pattern = "/story/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "story_ready",
                                  .method = "GET",
                                  .pattern = "/story/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

// A list of options by each setting's name, and the limits of the other settings.
inline constexpr Schema kOptions{
    "StoryOptions",
    "The lists of settings, by name, and the limits of `texts`, `title` and `target_words`.",
    {},
    R"({"type":"object","additionalProperties":true,"properties":{"field":{"type":"string"},)"
    R"("options":{"type":"array","items":{"type":"object","required":["value"],)"
    R"("properties":{"value":{"type":"string"},"words":{"type":"integer"}}}},)"
    R"("default":{"type":"string"},"takes_custom":{"type":"boolean"},)"
    R"("maximum_characters":{"type":"integer"},"minimum":{"type":"integer"},)"
    R"("maximum":{"type":"integer"}}})"};

inline constexpr Schema kParameters{"StoryToolParameters", "A JSON schema.", {}, "true"};
inline constexpr std::array kToolFields{
    generated_text("name", "The tool's name."),
    generated_text("description", "What it does."),
    Field{.name = "parameters",
          .type = Type::object,
          .description = "The JSON schema of its arguments.",
          .is_required = true,
          .schema = &kParameters},
    generated_text("method", "The method of its endpoint."),
    generated_text("path", "The path of its endpoint."),
};
inline constexpr Schema kTool{"StoryTool", "An action as a tool for a model.", kToolFields};
inline constexpr std::array kToolsFields{Field{.name = "tools",
                                               .type = Type::array,
                                               .description = "The tools.",
                                               .is_required = true,
                                               .schema = &kTool}};
inline constexpr Schema kTools{"StoryTools", "The story writer's actions.", kToolsFields};

inline constexpr std::array kCostFields{
    stored_integer("calls", "Calls of a model."),
    stored_integer("prompt_tokens", "Tokens of their inputs."),
    stored_integer("completion_tokens", "Tokens of their outputs."),
    stored_integer("tokens", "Both together."),
};
inline constexpr auto kStepCostFields =
    join(std::array{generated_text("kind", "The result of the step.")}, kCostFields);
inline constexpr Schema kStepCost{"StoryStepEstimate", "The cost of one kind of step.",
                                  kStepCostFields};
inline constexpr auto kEstimateFields =
    join(kCostFields, std::array{stored_integer("chapters", "How many chapters it will have."),
                                 stored_integer("scenes", "How many scenes it will have."),
                                 stored_integer("target_length", "Its length, in its unit."),
                                 generated_text("unit", "words or characters."),
                                 generated_text("language", "The story's language."),
                                 Field{.name = "steps",
                                       .type = Type::array,
                                       .description = "The same by kinds of steps.",
                                       .is_required = true,
                                       .schema = &kStepCost}});
inline constexpr Schema kEstimateAnswer{"StoryEstimate", "The expected cost of a story.",
                                        kEstimateFields};

inline constexpr Operation kReadOptions{
    .id = "read_story_options",
    .method = "GET",
    .pattern = "/story/options",
    .summary = "The lists of settings",
    .access = Access::anyone,
    .answer = {.schema = &kOptions,
               .description = "Each setting's list, its default, and whether it takes your own "
                              "text."}};

inline constexpr Operation kListTools{
    .id = "list_story_tools",
    .method = "GET",
    .pattern = "/story/tools",
    .summary = "The story writer's actions as tools for a model",
    .access = Access::anyone,
    .answer = {.schema = &kTools,
               .description = "Each tool's name, description, JSON schema and endpoint."}};

inline constexpr Operation kEstimate{
    .id = "estimate_story",
    .method = "POST",
    .pattern = "/story/estimate",
    .summary = "The model calls and tokens of a whole story",
    .access = Access::anyone,
    .body = &kStartRequest,
    .is_body_optional = true,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .answer = {.schema = &kEstimateAnswer,
               .description = "Calls and tokens, before anything is asked."},
    .body_example = R"({"story_length":"Long"})"};

inline constexpr Operation kReadCacheStats{
    .id = "read_story_cache",
    .method = "GET",
    .pattern = "/story/cache/stats",
    .summary = "How many of your answers are kept",
    .answer = {.schema = &kCacheStats, .description = "The numbers."}};

inline constexpr Operation kClearCache{
    .id = "clear_story_cache",
    .method = "POST",
    .pattern = "/story/cache/clear",
    .summary = "Forget your answers that are kept",
    .answer = {.schema = &kCacheCleared, .description = "They are forgotten."}};

inline constexpr Operation kExport{
    .id = "export_story",
    .method = "GET",
    .pattern = "/story/export/{project_id}",
    .summary = "A story as a file",
    .query = &kExportQuery,
    .answer = {.kind = AnswerKind::file,
               .description = "The file: the same story makes the same bytes.",
               .media_types = kExportTypes}};

inline constexpr std::array kOperations{
    kHealth,
    kReady,
    kReadOptions,
    kListTools,
    kEstimate,
    kImproveIdea,
    kSetUp,
    kGeneratePremise,
    kGenerateOutline,
    kRefineOutline,
    kGenerateStart,
    kContinue,
    kGenerateFull,
    kReadTask,
    kReadTaskResult,
    kFollowTask,
    kCancelTask,
    kPauseTask,
    kResumeTask,
    kRetryTask,
    kReadCacheStats,
    kClearCache,
    kExport,
    kBeginIllustrations,
    kListIllustrations,
    kDeleteIllustration,
    kReadStory,
    kUpdateStory,
    kWritePremise,
    kListPremiseVersions,
    kSelectPremiseVersion,
    kLockPremise,
    kUnlockPremise,
    kWriteOutline,
    kListOutlineVersions,
    kSelectOutlineVersion,
    kLockOutline,
    kUnlockOutline,
    kInsertScene,
    kReadScene,
    kWriteScene,
    kDeleteScene,
    kRestoreScene,
    kMoveScene,
    kRegenerateScene,
    kLockScene,
    kUnlockScene,
    kListSceneVersions,
    kSelectSceneVersion,
};

}  // namespace fabula::api::story
