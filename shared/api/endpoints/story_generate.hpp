// Endpoints of the story function that ask a model: each begins a task, and waits for it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/story_answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

// A text of 1 MiB, escaped, and the other fields.
inline constexpr std::uint32_t kMaximumStoryBodyBytes = 4 * 1024 * 1024;
inline constexpr std::int64_t kMaximumStoryBytes = 1024 * 1024;
inline constexpr std::int64_t kMaximumOutlineBytes = 128 * 1024;
inline constexpr std::uint32_t kMaximumOutlineBodyBytes = 1024 * 1024;

inline constexpr Field kGivenOutlineField{
    .name = "outline",
    .type = Type::text_or_array,
    .description =
        "The outline, as an array of scenes or as a text. Without it the story's own; "
        "one that has none gets one first.",
    .maximum = kMaximumScenes,
    .maximum_bytes = kMaximumOutlineBytes,
    .schema = &kScenePlan};

inline constexpr std::array kRequestFields{kProjectField, kFreshField};

inline constexpr auto kPremiseRequestFields = join(kSettingsFields, kRequestFields);
inline constexpr Schema kPremiseRequest{"StoryRequest", "The story to write.",
                                        kPremiseRequestFields};

inline constexpr auto kOutlineRequestFields =
    join(kPremiseRequestFields, std::array{kPremiseField});
inline constexpr Schema kOutlineRequest{"StoryOutlineRequest", "The story to plan.",
                                        kOutlineRequestFields};

inline constexpr auto kStartRequestFields =
    join(kOutlineRequestFields, std::array{kGivenOutlineField});
inline constexpr Schema kStartRequest{"StoryStartRequest", "The story to begin.",
                                      kStartRequestFields};

inline constexpr auto kRefineRequestFields =
    join(kStartRequestFields, std::array{Field{.name = "feedback",
                                               .description = "What to change, in your words.",
                                               .is_required = true,
                                               .maximum = kMaximumFeedbackCharacters,
                                               .is_not_blank = true}});
inline constexpr Schema kRefineRequest{"StoryRefineRequest", "The outline to change.",
                                       kRefineRequestFields};

inline constexpr auto kContinueRequestFields =
    join(kStartRequestFields,
         std::array{Field{.name = "story_text",
                          .description = "The story so far, for a story that is not stored here.",
                          .maximum_bytes = kMaximumStoryBytes}});
inline constexpr Schema kContinueRequest{"StoryContinueRequest", "The story to go on with.",
                                         kContinueRequestFields};

inline constexpr std::array kIdeaRequestFields{
    Field{.name = "idea",
          .description = "The idea, in your words.",
          .is_required = true,
          .maximum = kMaximumIdeaCharacters,
          .is_not_blank = true},
    kLanguageField,
    kFreshField,
};
inline constexpr Schema kIdeaRequest{"StoryIdeaRequest", "An idea.", kIdeaRequestFields};

inline constexpr std::array kGenerateRefusals{
    ErrorCode::not_found,      ErrorCode::story_in_progress, ErrorCode::no_provider,
    ErrorCode::provider_error, ErrorCode::provider_timeout,  ErrorCode::provider_refused_request};

inline constexpr std::string_view kWorkDescription =
    "The answer waits for the task for up to a minute and works on it; if it is not done by then, "
    "it is 202 with the task, which goes on and loses nothing: GET /story/task/{task_id}/result "
    "has its result. With `Accept: text/event-stream` the task is followed to its end. Events: "
    "`progress` {progress, message}; `part` {kind, part_id, number, title, length}, when a part is "
    "stored; `text` {part, text, offset, step, attempt}, as it is written; `restart`, when the "
    "text "
    "of a step begins again; `finding`, what was found wrong with a text; `status`; then `done` "
    "with the JSON answer, or `error` with a problem. A client that leaves stops nothing: "
    "GET /story/task/{task_id}/events resumes after the last event's id. The same request again "
    "has the same answer (`cached`), unless `fresh` asks anew.";

inline constexpr std::string_view kPremiseExample =
    R"({"persona":"Award-Winning Science Fiction Author",)"
    R"("story_setting":"A futuristic city in 2150",)"
    R"("character_input":"John, a brave explorer","plot_elements":"The hero's journey",)"
    R"("writing_style":"Formal","story_tone":"Suspenseful",)"
    R"("narrative_pov":"Third Person Limited","audience_age_group":"Adults",)"
    R"("content_rating":"PG-13","ending_preference":"Happy"})";

constexpr Answer work_answer(const Schema& schema, std::string_view description) {
  return {.kind = AnswerKind::work,
          .schema = &schema,
          .description = description,
          .pending = &kTask,
          .event = &kEvent,
          .location = kTaskLocation};
}

inline constexpr Operation kImproveIdea{
    .id = "improve_story_idea",
    .method = "POST",
    .pattern = "/story/ideas",
    .summary = "Three better versions of an idea",
    .access = Access::caller_or_new_guest,
    .body = &kIdeaRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kIdeas, "The versions."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example = R"({"idea":"A lighthouse keeper finds a door in the sea."})"};

inline constexpr Operation kSetUp{
    .id = "set_up_story",
    .method = "POST",
    .pattern = "/story/setup",
    .summary = "All settings of a story from an idea",
    .access = Access::caller_or_new_guest,
    .body = &kIdeaRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kSetup, "The settings."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example = R"({"idea":"A lighthouse keeper finds a door in the sea."})"};

inline constexpr Operation kGeneratePremise{.id = "generate_premise",
                                            .method = "POST",
                                            .pattern = "/story/generate-premise",
                                            .summary = "Write a premise",
                                            .access = Access::caller_or_new_guest,
                                            .body = &kPremiseRequest,
                                            .maximum_body_bytes = kMaximumOutlineBodyBytes,
                                            .takes_idempotency_key = true,
                                            .answer = work_answer(kPremise, "The premise."),
                                            .spends = true,
                                            .refusals = kGenerateRefusals,
                                            .description = kWorkDescription,
                                            .body_example = kPremiseExample};

inline constexpr Operation kGenerateOutline{
    .id = "generate_outline",
    .method = "POST",
    .pattern = "/story/generate-outline",
    .summary = "Plan the scenes of a story",
    .access = Access::caller_or_new_guest,
    .body = &kOutlineRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kOutline, "The outline: 5 to 10 scenes."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example = R"({"premise":"A keeper finds a door in the sea."})"};

inline constexpr Operation kRefineOutline{
    .id = "refine_outline",
    .method = "POST",
    .pattern = "/story/refine-outline",
    .summary = "Change an outline as you say",
    .access = Access::caller_or_new_guest,
    .body = &kRefineRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kOutline, "The new outline."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example =
        R"({"premise":"A keeper finds a door in the sea.","feedback":"Let Mara open it sooner."})"};

inline constexpr Operation kGenerateStart{
    .id = "generate_start",
    .method = "POST",
    .pattern = "/story/generate-start",
    .summary = "Write the first scene of a story",
    .access = Access::caller_or_new_guest,
    .body = &kStartRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kStart, "The beginning."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example = R"({"premise":"A keeper finds a door in the sea."})"};

inline constexpr Operation kContinue{
    .id = "continue_story",
    .method = "POST",
    .pattern = "/story/continue",
    .summary = "Write the next scene of a story",
    .access = Access::caller_or_new_guest,
    .body = &kContinueRequest,
    .maximum_body_bytes = kMaximumStoryBodyBytes,
    .takes_idempotency_key = true,
    .answer = work_answer(kContinuation, "The text that follows."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription,
    .body_example = R"({"story_text":"The door stood in the sea, and it was open.","fresh":true})"};

inline constexpr auto kAcceptedFields = join(
    std::array{
        Field{.name = "status_url",
              .type = Type::url,
              .description = "The address that tells the task's progress.",
              .is_required = true},
        Field{.name = "status",
              .description = "Where it is.",
              .is_required = true,
              .choices = kTaskStatuses},
        generated_text("message", "The current activity, in words."),
    },
    kGeneratedFields);
inline constexpr Schema kAccepted{"StoryTaskAccepted", "A task that has begun.", kAcceptedFields};

inline constexpr Operation kGenerateFull{
    .id = "generate_full_story",
    .method = "POST",
    .pattern = "/story/generate-full",
    .summary = "Write a whole story",
    .access = Access::caller_or_new_guest,
    .body = &kStartRequest,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 202,
               .schema = &kAccepted,
               .description = "It will be written.",
               .location = kTaskLocation},
    .spends = true,
    .refusals = kGenerateRefusals,
    .description =
        "Premise, outline and scenes are written step by step until the length is met, whoever "
        "watches. GET /story/task/{task_id}/status tells the progress, .../result what there is of "
        "the story, .../events both as they grow.",
    .body_example = kPremiseExample};

}  // namespace fabula::api::story
