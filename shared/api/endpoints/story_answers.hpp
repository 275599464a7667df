// Schemas of what the story function answers.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/story_settings.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::int64_t kMaximumSceneTitleCharacters = 200;
inline constexpr std::int64_t kMaximumPlanCharacters = 4'000;
inline constexpr std::int64_t kMaximumPlanItems = 30;
inline constexpr std::int64_t kMaximumScenes = 500;

constexpr Field plan_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .maximum = kMaximumPlanCharacters};
}
constexpr Field plan_list(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Type::array,
          .description = description,
          .maximum = kMaximumPlanItems,
          .item = Type::text};
}

inline constexpr Field kSceneTitleField{
    .name = "title", .description = "The scene's title.", .maximum = kMaximumSceneTitleCharacters};

inline constexpr std::array kPlanFields{
    kSceneTitleField,
    plan_text("description", "What happens in it."),
    plan_list("characters", "Who is in it."),
    plan_list("key_events", "What must happen in it."),
    plan_text("image_prompt", "A picture of it, in words."),
    plan_text("narration", "A sentence or two to be read aloud."),
};
inline constexpr std::array kNumberFields{Field{.name = "number",
                                                .type = Type::integer,
                                                .description = "Its place in the outline, from 1.",
                                                .minimum = 1,
                                                .maximum = kMaximumScenes}};
inline constexpr auto kScenePlanFields = join(kNumberFields, kPlanFields);
inline constexpr Schema kScenePlan{"ScenePlan", "A scene of an outline.", kScenePlanFields};

// Ids and facts that all answers of generation have.
inline constexpr std::array kGeneratedFields{
    Field{.name = "success",
          .type = Type::boolean,
          .description = "Always true.",
          .is_required = true},
    Field{.name = "task_id", .type = Type::uuid, .description = "The task that made it."},
    Field{.name = "project_id", .type = Type::uuid, .description = "The story."},
    Field{.name = "cached",
          .type = Type::boolean,
          .description = "Whether it was made by an earlier request that asked the same.",
          .is_required = true},
    Field{.name = "language", .description = "The story's language.", .is_required = true},
    Field{.name = "unit",
          .description = "What its length is counted in: words or characters.",
          .is_required = true},
    Field{.name = "adjustments",
          .type = Type::array,
          .description = "Settings that were changed, and why.",
          .is_required = true,
          .schema = &kAdjustment},
};

constexpr Field generated_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .is_required = true};
}
constexpr Field outline_answer(bool is_required = true) {
  return {.name = "outline",
          .type = Type::text_or_array,
          .description = "The scenes; a text if you have sent a text.",
          .is_required = is_required,
          .schema = &kScenePlan};
}
inline constexpr Field kIsCompleteField{.name = "is_complete",
                                        .type = Type::boolean,
                                        .description = "Whether the story has come to its end.",
                                        .is_required = true};

inline constexpr auto kPremiseFields =
    join(std::array{generated_text("premise", "The premise.")}, kGeneratedFields);
inline constexpr Schema kPremise{"StoryPremise", "A story's premise.", kPremiseFields};

inline constexpr auto kOutlineFields =
    join(std::array{outline_answer(), Field{.name = "is_structured",
                                            .type = Type::boolean,
                                            .description = "Whether it is an array of scenes.",
                                            .is_required = true}},
         kGeneratedFields);
inline constexpr Schema kOutline{"StoryOutline", "A story's outline.", kOutlineFields};

inline constexpr auto kStartFields =
    join(std::array{generated_text("story", "The story so far."),
                    generated_text("premise", "The premise."), outline_answer(), kIsCompleteField,
                    Field{.name = "iterations",
                          .type = Type::integer,
                          .description = "How many pieces it was written in.",
                          .is_required = true}},
         kGeneratedFields);
inline constexpr Schema kStart{"StoryStart", "The beginning of a story.", kStartFields};

inline constexpr auto kContinuationFields =
    join(std::array{generated_text("continuation", "The text that follows."), kIsCompleteField},
         kGeneratedFields);
inline constexpr Schema kContinuation{"StoryContinuation", "How a story goes on.",
                                      kContinuationFields};

inline constexpr std::array kIdeaFields{generated_text("title", "A title."),
                                        generated_text("idea", "The idea, told anew."),
                                        generated_text("whats_new", "What it adds to yours.")};
inline constexpr Schema kIdea{"StoryIdea", "A version of an idea.", kIdeaFields};
inline constexpr auto kIdeasFields = join(std::array{Field{.name = "ideas",
                                                           .type = Type::array,
                                                           .description = "Three versions.",
                                                           .is_required = true,
                                                           .schema = &kIdea}},
                                          kGeneratedFields);
inline constexpr Schema kIdeas{"StoryIdeas", "Three versions of one idea.", kIdeasFields};

inline constexpr auto kSetupFields =
    join(std::array{Field{.name = "setup",
                          .type = Type::object,
                          .description = "The settings, to be sent to the other routes.",
                          .is_required = true,
                          .schema = &kSettings}},
         kGeneratedFields);
inline constexpr Schema kSetup{"StorySetup", "The settings of a story.", kSetupFields};

inline constexpr std::array<std::string_view, 6> kTaskStatuses{"pending", "processing", "completed",
                                                               "failed",  "cancelled",  "paused"};

inline constexpr std::array kTaskFields{
    Field{.name = "task_id", .type = Type::uuid, .description = "The task.", .is_required = true},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The story.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "route", .description = "What it does.", .is_required = true},
    Field{.name = "status",
          .description = "Where it is.",
          .is_required = true,
          .choices = kTaskStatuses},
    Field{.name = "progress",
          .type = Type::integer,
          .description = "In percent.",
          .is_required = true,
          .maximum = 100},
    Field{.name = "message", .description = "What is done now, in words.", .is_required = true},
    Field{.name = "result",
          .type = Type::object,
          .description = "What there is of it so far.",
          .is_nullable = true},
    Field{.name = "error",
          .type = Type::object,
          .description = "Why it failed: `code` and `message`.",
          .is_nullable = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kTask{"StoryTask", "Work on a story.", kTaskFields};

}  // namespace fabula::api::story
