// Schemas of the story function's answers.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "shared/api/endpoints/story_settings.hpp"
#include "shared/api/endpoints/stream_events.hpp"
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

// Ids and facts that every answer of a generation has.
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
          .description = "The unit of its length: words or characters.",
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
    join(std::array{generated_text("story", "Its result so far."),
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
                                        generated_text("whats_new", "Its additions to your idea.")};
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

constexpr Field optional_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description};
}
inline constexpr std::array kTaskErrorFields{
    generated_text("code", "The stable code for programs."),
    generated_text("message", "The reason, in words."),
    Field{.name = "retry_at",
          .type = Type::timestamp,
          .description = "When the task tries again by itself; absent if it does not."}};
inline constexpr Schema kTaskError{"StoryTaskError", "Why a task failed, or its last attempt.",
                                   kTaskErrorFields};

inline constexpr std::array kDrawnFields{
    Field{.name = "scene_id", .type = Type::uuid, .description = "The scene.", .is_required = true},
    Field{.name = "number",
          .type = Type::integer,
          .description = "Its place in the story, from 1; null: it is deleted.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "title", .description = "Its title.", .is_required = true, .is_nullable = true},
};
inline constexpr Schema kDrawn{"DrawnScene", "A scene whose picture is drawn.", kDrawnFields};

template <std::size_t kCount>
constexpr auto nullable_each(std::array<Field, kCount> fields) {
  for (auto& field : fields) field.is_nullable = true;
  return fields;
}

// The task's type decides which of them exist; null: there is no result yet.
inline constexpr auto kResultFields = nullable_each(std::array{
    optional_text("premise", "The premise."),
    outline_answer(false),
    optional_text("story", "Its result so far."),
    optional_text("continuation", "The text that follows."),
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "Whether the story has come to its end."},
    Field{.name = "is_structured",
          .type = Type::boolean,
          .description = "Whether the outline is an array of scenes."},
    Field{.name = "word_count", .type = Type::integer, .description = "The story's words."},
    Field{.name = "iterations",
          .type = Type::integer,
          .description = "How many pieces it was written in."},
    Field{.name = "ideas",
          .type = Type::array,
          .description = "Three versions of an idea.",
          .schema = &kIdea},
    Field{.name = "setup",
          .type = Type::object,
          .description = "The settings of a story.",
          .schema = &kSettings},
    optional_text("text", "A scene's new text."),
    Field{.name = "project_id", .type = Type::uuid, .description = "The story."},
    Field{.name = "task_id", .type = Type::uuid, .description = "The task."},
    Field{.name = "illustrations",
          .type = Type::array,
          .description = "The scenes whose pictures are drawn.",
          .schema = &kDrawn},
});
inline constexpr Schema kResult{"StoryResult", "The result of a task, so far while it is running.",
                                kResultFields, "true"};

inline constexpr std::array kTaskFields{
    Field{.name = "task_id", .type = Type::uuid, .description = "The task.", .is_required = true},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The story.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "route", .description = "The task's kind of request.", .is_required = true},
    Field{.name = "status",
          .description = "Where it is.",
          .is_required = true,
          .choices = kTaskStatuses},
    Field{.name = "progress",
          .type = Type::integer,
          .description = "In percent.",
          .is_required = true,
          .maximum = 100},
    Field{.name = "message", .description = "The current activity, in words.", .is_required = true},
    Field{.name = "result",
          .type = Type::object,
          .description = "Its result so far.",
          .is_nullable = true,
          .schema = &kResult},
    Field{.name = "error",
          .type = Type::object,
          .description = "Why it failed, or why its last attempt failed, after which it tries "
                         "again.",
          .is_nullable = true,
          .schema = &kTaskError},
    optional_text("language", "The story's language."),
    optional_text("unit", "The unit of its length: words or characters."),
    Field{.name = "adjustments",
          .type = Type::array,
          .description = "Settings that were changed, and why.",
          .schema = &kAdjustment},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kTask{"StoryTask", "Work on a story.", kTaskFields};

inline constexpr Field kProgressField{.name = "progress",
                                      .type = Type::integer,
                                      .description = "In percent.",
                                      .is_required = true,
                                      .maximum = 100};
inline constexpr Field kProgressMessageField =
    generated_text("message", "The current activity, in words.");
inline constexpr Field kPartIdField{
    .name = "part_id", .type = Type::uuid, .description = "The part.", .is_nullable = true};
inline constexpr Field kPartNumberField{.name = "number",
                                        .type = Type::integer,
                                        .description = "Its place, from 1.",
                                        .is_nullable = true};

inline constexpr std::array kProgressFields{kProgressField, kProgressMessageField};
inline constexpr Schema kProgress{"StoryProgress", "How far a task is.", kProgressFields};
inline constexpr std::array kStoredPartFields{
    generated_text("kind", "The kind of part that was stored, such as premise, outline or scene."),
    kPartIdField,
    kPartNumberField,
    optional_text("title", "Its title."),
    Field{.name = "length", .type = Type::integer, .description = "A scene's length."},
    Field{.name = "is_current",
          .type = Type::boolean,
          .description = "False when a person's own version counts."}};
inline constexpr Schema kStoredPart{"StoryStoredPart", "A part that is stored.", kStoredPartFields};
inline constexpr std::array kWrittenPartFields{
    optional_text("kind",
                  "The kind of part that is being written, such as premise, outline or scene."),
    kPartIdField, kPartNumberField,
    Field{.name = "title", .description = "Its title.", .is_nullable = true}};
inline constexpr Schema kWrittenPart{"StoryWrittenPart", "The part that is being written.",
                                     kWrittenPartFields, "true"};
inline constexpr std::array kSourceFields{Field{.name = "part",
                                                .type = Type::object,
                                                .description = "The part.",
                                                .is_required = true,
                                                .is_nullable = true,
                                                .schema = &kWrittenPart},
                                          Field{.name = "step",
                                                .type = Type::integer,
                                                .description = "The task's step.",
                                                .is_required = true},
                                          Field{.name = "attempt",
                                                .type = Type::integer,
                                                .description = "The step's attempt.",
                                                .is_required = true}};
inline constexpr Schema kRestarted{"StoryRestart", "The text of a step begins again.",
                                   kSourceFields};
inline constexpr auto kWrittenTextFields =
    join(kSourceFields, std::array{Field{.name = "offset",
                                         .type = Type::integer,
                                         .description = "Where the text stands, in UTF-8 bytes.",
                                         .is_required = true},
                                   generated_text("text", "Text as it is written.")});
inline constexpr Schema kWrittenText{"StoryText", "Text as it is written.", kWrittenTextFields};
inline constexpr std::array kFindingFields{
    generated_text("rule", "The rule, such as repeats_previous."),
    generated_text("message", "The fault, in words."),
    Field{.name = "is_asked_again",
          .type = Type::boolean,
          .description = "Whether the text was asked for once more because of it."},
    optional_text("correction", "The correction that the model gets."),
    kPartIdField,
    kPartNumberField};
inline constexpr Schema kFinding{"StoryFinding", "A fault in a text.", kFindingFields, "true"};
// A change of the status is stored with its status alone; a snapshot for a new watcher has the
// rest.
inline constexpr std::array kStateFields{
    Field{.name = "task_id", .type = Type::uuid, .description = "The task."},
    Field{
        .name = "project_id", .type = Type::uuid, .description = "The story.", .is_nullable = true},
    Field{.name = "status",
          .description = "Where it is.",
          .is_required = true,
          .choices = kTaskStatuses},
    Field{.name = "progress", .type = Type::integer, .description = "In percent.", .maximum = 100},
    optional_text("message", "The current activity, in words."),
    optional_text("error", "Why the task failed or paused, in words.")};
inline constexpr Schema kState{"StoryState", "Where a task is.", kStateFields};
inline constexpr std::array kFailureFields{
    generated_text("code", "The stable code for programs."),
    generated_text("title", "The code in words."),
    optional_text("detail", "What the caller can do."),
    Field{.name = "status",
          .type = Type::integer,
          .description = "The HTTP status that it would have.",
          .is_required = true}};
inline constexpr Schema kFailure{"StoryFailure", "Why a task, or following it, failed.",
                                 kFailureFields, "true"};

inline constexpr std::array<std::string_view, 1> kProgressName{"progress"};
inline constexpr std::array<std::string_view, 1> kPartName{"part"};
inline constexpr std::array<std::string_view, 1> kTextName{"text"};
inline constexpr std::array<std::string_view, 1> kRestartName{"restart"};
inline constexpr std::array<std::string_view, 1> kFindingName{"finding"};
inline constexpr std::array<std::string_view, 1> kStatusName{"status"};
inline constexpr std::array<std::string_view, 1> kDoneName{"done"};
inline constexpr std::array<std::string_view, 1> kErrorName{"error"};
inline constexpr std::array kProgressEventFields{event_name(kProgressName), event_data(kProgress)};
inline constexpr Schema kProgressEvent{"StoryProgressEvent", "Progress.", kProgressEventFields};
inline constexpr std::array kPartEventFields{event_name(kPartName), event_data(kStoredPart)};
inline constexpr Schema kPartEvent{"StoryPartEvent", "A part is stored.", kPartEventFields};
inline constexpr std::array kTextEventFields{event_name(kTextName), event_data(kWrittenText)};
inline constexpr Schema kTextEvent{"StoryTextEvent", "Text.", kTextEventFields};
inline constexpr std::array kRestartEventFields{event_name(kRestartName), event_data(kRestarted)};
inline constexpr Schema kRestartEvent{"StoryRestartEvent", "A step's text begins again.",
                                      kRestartEventFields};
inline constexpr std::array kFindingEventFields{event_name(kFindingName), event_data(kFinding)};
inline constexpr Schema kFindingEvent{"StoryFindingEvent", "A finding.", kFindingEventFields};
inline constexpr std::array kStatusEventFields{event_name(kStatusName), event_data(kState)};
inline constexpr Schema kStatusEvent{"StoryStatusEvent", "A task's status.", kStatusEventFields};
inline constexpr std::array kDoneEventFields{event_name(kDoneName), event_data(kResult)};
inline constexpr Schema kDoneEvent{"StoryDoneEvent", "The end, with the answer.", kDoneEventFields};
inline constexpr std::array kErrorEventFields{event_name(kErrorName), event_data(kFailure)};
inline constexpr Schema kErrorEvent{"StoryErrorEvent", "The end, with a problem.",
                                    kErrorEventFields};
inline constexpr std::array<const Schema*, 8> kEvents{
    &kProgressEvent, &kPartEvent,   &kTextEvent, &kRestartEvent,
    &kFindingEvent,  &kStatusEvent, &kDoneEvent, &kErrorEvent};
inline constexpr Schema kEvent{
    "StoryEvent", "An event of a task: its name and its data.", {}, {}, kEvents};

inline constexpr std::string_view kTaskLocation = "/story/task/{task_id}/status";

}  // namespace fabula::api::story
