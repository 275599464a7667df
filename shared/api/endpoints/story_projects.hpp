// Endpoints of the story function for the stored parts of a story: settings, premise, outline,
// scenes, and the versions of each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/story_generate.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::int64_t kMaximumSceneBytes = 256 * 1024;
inline constexpr std::uint32_t kMaximumSceneBodyBytes = 2 * 1024 * 1024;

inline constexpr std::array kReadFields{Field{.name = "with_text",
                                              .type = Type::boolean,
                                              .description = "Whether the scenes' texts are told.",
                                              .default_json = "false"}};
inline constexpr Schema kReadQuery{"StoryQuery", "", kReadFields};

inline constexpr std::array kVersionListFields{limit_field("20"), kOffsetField};
inline constexpr Schema kVersionsQuery{"StoryVersionsQuery", "", kVersionListFields};

inline constexpr std::array kChangeFields{
    Field{.name = "title",
          .description = "The story's title.",
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    Field{.name = "language",
          .description = "The language to write in from now on.",
          .maximum = kMaximumLanguageCharacters,
          .is_not_blank = true},
    kTargetWordsField,
};
inline constexpr Schema kChange{"StoryChange", "New settings of a story.", kChangeFields};

inline constexpr std::array kPremiseWriteFields{Field{.name = "text",
                                                      .description = "The premise.",
                                                      .is_required = true,
                                                      .maximum_bytes = kMaximumPremiseBytes,
                                                      .is_not_blank = true}};
inline constexpr Schema kPremiseWrite{"PremiseUpdate", "A premise in your words.",
                                      kPremiseWriteFields};

inline constexpr std::array kOutlineWriteFields{Field{.name = "scenes",
                                                      .type = Type::array,
                                                      .description = "The scenes, in their order.",
                                                      .is_required = true,
                                                      .minimum = 1,
                                                      .maximum = kMaximumScenes,
                                                      .schema = &kScenePlan}};
inline constexpr Schema kOutlineWrite{"OutlineUpdate", "An outline of your own.",
                                      kOutlineWriteFields};

inline constexpr std::array kTextFields{
    Field{.name = "text",
          .description = "The scene's text; it becomes a version, and no model replaces it.",
          .maximum_bytes = kMaximumSceneBytes,
          .is_not_blank = true}};
inline constexpr auto kSceneWriteFields = join(kPlanFields, kTextFields);
inline constexpr Schema kSceneWrite{"SceneUpdate", "A scene's new plan or text.",
                                    kSceneWriteFields};

inline constexpr Field kAfterSceneField{
    .name = "after_scene_id",
    .type = Type::uuid,
    .description = "The scene that it follows; null: it is the first.",
    .is_nullable = true};
inline constexpr auto kInsertFields = join(kPlanFields, std::array{kAfterSceneField});
inline constexpr Schema kInsert{"NewScene", "A scene to insert; without `after_scene_id` the last.",
                                kInsertFields};
inline constexpr std::array kMoveFields{Field{.name = "after_scene_id",
                                              .type = Type::uuid,
                                              .description = "The scene that it is to follow; "
                                                             "null: it is to be the first.",
                                              .is_required = true,
                                              .is_nullable = true}};
inline constexpr Schema kMove{"SceneMove", "A scene's new place.", kMoveFields};

inline constexpr std::array kRegenerateFields{
    Field{.name = "feedback",
          .description = "The changes that you want, in your words.",
          .maximum = kMaximumFeedbackCharacters}};
inline constexpr Schema kRegenerate{"SceneRegeneration", "How to write a scene again.",
                                    kRegenerateFields};

constexpr Field stored_integer(std::string_view name, std::string_view description) {
  return {.name = name, .type = Type::integer, .description = description, .is_required = true};
}
constexpr Field stored_flag(std::string_view name, std::string_view description) {
  return {.name = name, .type = Type::boolean, .description = description, .is_required = true};
}
constexpr Field nullable(Field field) {
  field.is_required = true;
  field.is_nullable = true;
  return field;
}

inline constexpr Field kVersionField =
    stored_integer("version", "Its newest version, which is its ETag too.");
inline constexpr Field kLockedField = stored_flag("is_locked", "Whether no model may change it.");
inline constexpr Field kEditedField =
    stored_flag("is_edited", "Whether a person has written or chosen it: no model replaces it.");
inline constexpr Field kTextVersionField =
    nullable(stored_integer("text_version", "The version of its text that counts."));
inline constexpr Field kPlanVersionField =
    nullable(stored_integer("plan_version", "The version of its plan that counts."));

inline constexpr std::array<std::string_view, 4> kSceneStates{"planned", "writing", "written",
                                                              "deleted"};
inline constexpr std::array kSceneFactFields{
    Field{.name = "scene_id", .type = Type::uuid, .description = "The scene.", .is_required = true},
    nullable(stored_integer("number", "Its place in the story, from 1; null: it is deleted.")),
    nullable(stored_integer("chapter", "The chapter that it is in, from 1.")),
    Field{.name = "state",
          .description = "Where it is.",
          .is_required = true,
          .choices = kSceneStates},
    stored_integer("length", "Its length, in the story's unit."),
    kVersionField,
    kPlanVersionField,
    kTextVersionField,
    kLockedField,
    kEditedField,
    Field{.name = "text", .description = "Its text.", .is_nullable = true},
    kUpdatedAt,
};
inline constexpr auto kSceneFields = join(kSceneFactFields, kPlanFields);
inline constexpr Schema kScene{"Scene", "A scene of a story.", kSceneFields};

inline constexpr auto kSceneTextFields =
    join(std::array{Field{.name = "scene",
                          .type = Type::object,
                          .description = "The scene.",
                          .is_required = true,
                          .schema = &kScene},
                    generated_text("text", "Its new text."),
                    stored_integer("version", "The version that the new text is."),
                    stored_flag("is_current",
                                "False when you had edited or locked the scene: then the new text "
                                "is a version to choose.")},
         kGeneratedFields);
inline constexpr Schema kSceneText{"SceneText", "A scene that was written again.",
                                   kSceneTextFields};

inline constexpr std::array kPartFields{kVersionField, kLockedField, kEditedField, kUpdatedAt};
inline constexpr auto kStoredPremiseFields =
    join(kPartFields, std::array{generated_text("text", "The premise."), kTextVersionField});
inline constexpr Schema kStoredPremise{"StoredPremise", "A premise as it is stored.",
                                       kStoredPremiseFields};
inline constexpr auto kOutlineStateFields = join(kPartFields, std::array{kPlanVersionField});
inline constexpr Schema kOutlineState{"OutlineState", "The state of an outline.",
                                      kOutlineStateFields};
inline constexpr auto kStoredOutlineFields =
    join(kOutlineStateFields, std::array{Field{.name = "scenes",
                                               .type = Type::array,
                                               .description = "The scenes in their order.",
                                               .is_required = true,
                                               .schema = &kScenePlan}});
inline constexpr Schema kStoredOutline{"StoredOutline", "An outline as it is stored.",
                                       kStoredOutlineFields};

inline constexpr std::array kChapterFields{
    stored_integer("number", "Its place, from 1."),
    generated_text("title", "Its title; empty: the story has no chapters."),
    generated_text("description", "What happens in it."),
    Field{.name = "key_events",
          .type = Type::array,
          .description = "What must happen in it.",
          .is_required = true,
          .item = Type::text},
    stored_flag("is_outlined", "Whether its scenes are planned."),
    nullable({.name = "recap", .description = "What has happened in it."}),
};
inline constexpr Schema kChapter{"Chapter", "A chapter of a story.", kChapterFields};

inline constexpr auto kStoredSettingsFields =
    join(kSettingsFields,
         std::array{optional_text("unit", "The unit of its length: words or characters.")});
inline constexpr Schema kStoredSettings{"StoredStorySettings", "How a story is written.",
                                        kStoredSettingsFields, "true"};

inline constexpr std::array kStorySummaryFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project.",
          .is_required = true},
    Field{.name = "title", .description = "The story's title.", .is_required = true},
    Field{.name = "settings",
          .type = Type::object,
          .description = "How it is written.",
          .is_required = true,
          .schema = &kStoredSettings},
    stored_integer("length", "The length of what is written, in the unit of its settings."),
    stored_integer("scene_count", "How many scenes it has."),
    stored_integer("scenes_written", "How many of them are written."),
    stored_integer("chapter_count", "How many chapters it has."),
    nullable({.name = "task_id", .type = Type::uuid, .description = "The task that works on it."}),
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kStorySummary{"StorySummary", "A story's settings and size.",
                                      kStorySummaryFields};

inline constexpr auto kStoryFields =
    join(kStorySummaryFields,
         std::array{nullable({.name = "premise",
                              .type = Type::object,
                              .description = "The premise.",
                              .schema = &kStoredPremise}),
                    nullable({.name = "outline",
                              .type = Type::object,
                              .description = "The state of the outline; `scenes` are its scenes.",
                              .schema = &kOutlineState}),
                    Field{.name = "chapters",
                          .type = Type::array,
                          .description = "The chapters in their order.",
                          .is_required = true,
                          .schema = &kChapter},
                    Field{.name = "scenes",
                          .type = Type::array,
                          .description = "The scenes in their order.",
                          .is_required = true,
                          .schema = &kScene},
                    Field{.name = "deleted_scenes",
                          .type = Type::array,
                          .description = "Scenes that can be restored.",
                          .is_required = true,
                          .schema = &kScene}});
inline constexpr Schema kStory{"Story", "A story as it is stored.", kStoryFields};

inline constexpr auto kVersionPlanFields =
    join(kScenePlanFields, std::array{Field{.name = "scenes",
                                            .type = Type::array,
                                            .description = "For an outline: its scenes.",
                                            .schema = &kScenePlan},
                                      optional_text("text", "For a premise: its text.")});
inline constexpr Schema kVersionPlan{"VersionPlan", "The plan of a version.", kVersionPlanFields,
                                     "true"};

inline constexpr std::array<std::string_view, 2> kWriters{"model", "person"};
inline constexpr std::array<std::string_view, 2> kAspects{"plan", "text"};
inline constexpr std::array kVersionFields{
    stored_integer("version", "Its number."),
    Field{.name = "aspect",
          .description = "Whether it is a plan or a text.",
          .is_required = true,
          .choices = kAspects},
    Field{.name = "made_by",
          .description = "Who has written it.",
          .is_required = true,
          .choices = kWriters},
    stored_flag("is_current", "Whether it is the one that counts."),
    stored_flag("is_rejected", "Whether it was asked for once more, because of its `findings`."),
    Field{.name = "findings",
          .type = Type::array,
          .description = "Its faults.",
          .is_required = true,
          .schema = &kFinding},
    stored_integer("length", "Its length."),
    nullable({.name = "model", .description = "The model that wrote it."}),
    nullable({.name = "prompt", .description = "The prompt's name and version."}),
    nullable({.name = "task_id", .type = Type::uuid, .description = "The task that made it."}),
    nullable({.name = "text", .description = "Its text."}),
    Field{.name = "plan",
          .type = Type::object,
          .description = "Its plan; of an outline `scenes`.",
          .schema = &kVersionPlan},
    kCreatedAt,
};
inline constexpr Schema kPartVersion{"StoryVersion", "A version of a part of a story.",
                                     kVersionFields};

// The three parts that have versions and locks.
constexpr Operation list_versions(std::string_view id, std::string_view pattern) {
  return {.id = id,
          .method = "GET",
          .pattern = pattern,
          .summary = "All versions, the newest first",
          .query = &kVersionsQuery,
          .answer = {
              .kind = AnswerKind::list, .schema = &kPartVersion, .description = "A page of them."}};
}
constexpr Operation select_version(std::string_view id, std::string_view pattern,
                                   const Schema& part) {
  return {.id = id,
          .method = "POST",
          .pattern = pattern,
          .summary = "Let this version count",
          .answer = {.schema = &part, .description = "The part as it is now."}};
}
constexpr Operation set_lock(std::string_view id, std::string_view pattern,
                             std::string_view summary, const Schema& part) {
  return {.id = id,
          .method = "POST",
          .pattern = pattern,
          .summary = summary,
          .answer = {.schema = &part, .description = "The part as it is now."}};
}
constexpr Operation change_scene(std::string_view id, std::string_view method,
                                 std::string_view pattern, std::string_view summary) {
  return {.id = id,
          .method = method,
          .pattern = pattern,
          .summary = summary,
          .answer = {.schema = &kScene, .description = "The scene as it is now."}};
}

inline constexpr std::string_view kLockSummary = "Let no model change it";
inline constexpr std::string_view kUnlockSummary = "Let models change it again";

inline constexpr Operation kReadStory{
    .id = "read_story",
    .method = "GET",
    .pattern = "/story/projects/{project_id}",
    .summary = "A story: its settings, premise and outline",
    .query = &kReadQuery,
    .answer = {.schema = &kStory, .description = "The story.", .has_etag = true}};

inline constexpr Operation kUpdateStory{
    .id = "update_story",
    .method = "PATCH",
    .pattern = "/story/projects/{project_id}",
    .summary = "Change a story's title, language or length",
    .body = &kChange,
    .takes_if_match = true,
    .answer = {.schema = &kStorySummary, .description = "The story as it is now."},
    .body_example = R"({"title":"The Door in the Sea"})"};

inline constexpr Operation kWritePremise{
    .id = "write_premise",
    .method = "PUT",
    .pattern = "/story/projects/{project_id}/premise",
    .summary = "Write the premise yourself; no model replaces it",
    .body = &kPremiseWrite,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kStoredPremise, .description = "The premise."},
    .stores_text = true,
    .body_example = R"({"text":"A keeper finds a door in the sea."})"};

inline constexpr Operation kWriteOutline{
    .id = "write_outline",
    .method = "PUT",
    .pattern = "/story/projects/{project_id}/outline",
    .summary = "Write the outline yourself; no model replaces it",
    .body = &kOutlineWrite,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kStoredOutline, .description = "The outline."},
    .stores_text = true,
    .body_example =
        R"({"scenes":[{"number":1,"title":"The Light","description":"Mara lights the lamp."}]})"};

inline constexpr Operation kInsertScene{
    .id = "insert_scene",
    .method = "POST",
    .pattern = "/story/projects/{project_id}/scenes",
    .summary = "Insert a scene into the outline",
    .body = &kInsert,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kScene,
               .description = "The new scene.",
               .location = "/story/projects/{project_id}/scenes/{scene_id}"},
    .stores_text = true,
    .body_example = R"({"title":"The Storm","description":"The lamp goes out."})"};

inline constexpr Operation kReadScene =
    change_scene("read_scene", "GET", "/story/projects/{project_id}/scenes/{scene_id}",
                 "A scene with its plan and its text");

inline constexpr Operation kWriteScene{
    .id = "write_scene",
    .method = "PATCH",
    .pattern = "/story/projects/{project_id}/scenes/{scene_id}",
    .summary = "Change a scene's plan or text yourself; no model replaces it",
    .body = &kSceneWrite,
    .maximum_body_bytes = kMaximumSceneBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kScene, .description = "The scene as it is now."},
    .stores_text = true,
    .body_example = R"({"text":"The lamp went out."})"};

inline constexpr Operation kDeleteScene{
    .id = "delete_scene",
    .method = "DELETE",
    .pattern = "/story/projects/{project_id}/scenes/{scene_id}",
    .summary = "Take a scene out of the story; it can be restored",
    .answer = {.schema = &kDone, .description = "It is deleted."}};

inline constexpr Operation kRestoreScene =
    change_scene("restore_scene", "POST", "/story/projects/{project_id}/scenes/{scene_id}/restore",
                 "Bring a deleted scene back");

inline constexpr Operation kMoveScene{
    .id = "move_scene",
    .method = "POST",
    .pattern = "/story/projects/{project_id}/scenes/{scene_id}/move",
    .summary = "Move a scene to another place",
    .body = &kMove,
    .answer = {.schema = &kScene, .description = "The scene as it is now."},
    .body_example = R"({"after_scene_id":null})"};

inline constexpr Operation kRegenerateScene{
    .id = "regenerate_scene",
    .method = "POST",
    .pattern = "/story/projects/{project_id}/scenes/{scene_id}/regenerate",
    .summary = "Write a scene again; its old text is kept as a version",
    .body = &kRegenerate,
    .is_body_optional = true,
    .takes_idempotency_key = true,
    .answer = work_answer(kSceneText, "The scene's new text."),
    .spends = true,
    .refusals = kGenerateRefusals,
    .description = kWorkDescription};

inline constexpr Operation kLockScene = set_lock(
    "lock_scene", "/story/projects/{project_id}/scenes/{scene_id}/lock", kLockSummary, kScene);
inline constexpr Operation kUnlockScene =
    set_lock("unlock_scene", "/story/projects/{project_id}/scenes/{scene_id}/unlock",
             kUnlockSummary, kScene);
inline constexpr Operation kLockPremise = set_lock(
    "lock_premise", "/story/projects/{project_id}/premise/lock", kLockSummary, kStoredPremise);
inline constexpr Operation kUnlockPremise =
    set_lock("unlock_premise", "/story/projects/{project_id}/premise/unlock", kUnlockSummary,
             kStoredPremise);
inline constexpr Operation kLockOutline = set_lock(
    "lock_outline", "/story/projects/{project_id}/outline/lock", kLockSummary, kStoredOutline);
inline constexpr Operation kUnlockOutline =
    set_lock("unlock_outline", "/story/projects/{project_id}/outline/unlock", kUnlockSummary,
             kStoredOutline);

inline constexpr Operation kListSceneVersions =
    list_versions("list_scene_versions", "/story/projects/{project_id}/scenes/{scene_id}/versions");
inline constexpr Operation kListPremiseVersions =
    list_versions("list_premise_versions", "/story/projects/{project_id}/premise/versions");
inline constexpr Operation kListOutlineVersions =
    list_versions("list_outline_versions", "/story/projects/{project_id}/outline/versions");
inline constexpr Operation kSelectSceneVersion = select_version(
    "select_scene_version",
    "/story/projects/{project_id}/scenes/{scene_id}/versions/{version}/select", kScene);
inline constexpr Operation kSelectPremiseVersion = select_version(
    "select_premise_version", "/story/projects/{project_id}/premise/versions/{version}/select",
    kStoredPremise);
inline constexpr Operation kSelectOutlineVersion = select_version(
    "select_outline_version", "/story/projects/{project_id}/outline/versions/{version}/select",
    kStoredOutline);

}  // namespace fabula::api::story
