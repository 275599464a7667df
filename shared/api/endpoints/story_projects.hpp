// Endpoints of the story function for what is stored of a story: settings, premise, outline,
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
          .description = "What to do otherwise, in your words.",
          .maximum = kMaximumFeedbackCharacters}};
inline constexpr Schema kRegenerate{"SceneRegeneration", "How to write a scene again.",
                                    kRegenerateFields};

inline constexpr std::array<std::string_view, 4> kSceneStates{"planned", "writing", "written",
                                                              "deleted"};
inline constexpr auto kSceneFields =
    join(join(std::array{Field{.name = "scene_id",
                               .type = Type::uuid,
                               .description = "The scene.",
                               .is_required = true},
                         Field{.name = "chapter",
                               .type = Type::integer,
                               .description = "The chapter that it is in, from 1.",
                               .is_required = true,
                               .minimum = 1},
                         Field{.name = "state",
                               .description = "Where it is.",
                               .is_required = true,
                               .choices = kSceneStates},
                         Field{.name = "length",
                               .type = Type::integer,
                               .description = "Its length, in the story's unit.",
                               .is_required = true},
                         Field{.name = "version",
                               .type = Type::integer,
                               .description = "The version of its text; 0: it has none.",
                               .is_required = true},
                         Field{.name = "is_locked",
                               .type = Type::boolean,
                               .description = "Whether no model may change it.",
                               .is_required = true},
                         Field{.name = "text", .description = "Its text.", .is_nullable = true}},
              kNumberFields),
         kPlanFields);
inline constexpr Schema kScene{"Scene", "A scene of a story.", kSceneFields};

inline constexpr std::array kStoryPartFields{
    Field{.name = "text", .description = "The text.", .is_required = true},
    Field{.name = "version",
          .type = Type::integer,
          .description = "Its version.",
          .is_required = true},
    Field{.name = "is_locked",
          .type = Type::boolean,
          .description = "Whether no model may change it.",
          .is_required = true},
};
inline constexpr Schema kStoryPart{"StoryPart", "A premise.", kStoryPartFields};

inline constexpr std::array kStoryFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project.",
          .is_required = true},
    Field{.name = "title", .description = "The story's title.", .is_required = true},
    Field{.name = "settings",
          .type = Type::object,
          .description = "How it is written.",
          .is_required = true,
          .schema = &kSettings},
    Field{.name = "premise",
          .type = Type::object,
          .description = "The premise.",
          .is_required = true,
          .is_nullable = true,
          .schema = &kStoryPart},
    Field{.name = "scenes",
          .type = Type::array,
          .description = "The outline: the scenes in their order.",
          .is_required = true,
          .schema = &kScene},
    Field{.name = "length",
          .type = Type::integer,
          .description = "The length of what is written, in the story's unit.",
          .is_required = true},
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "Whether it has come to its end.",
          .is_required = true},
    kUpdatedAt,
};
inline constexpr Schema kStory{"Story", "A story as it is stored.", kStoryFields};

inline constexpr std::array<std::string_view, 2> kWriters{"model", "person"};
inline constexpr std::array kVersionFields{
    Field{.name = "version",
          .type = Type::integer,
          .description = "Its number.",
          .is_required = true},
    Field{.name = "is_current",
          .type = Type::boolean,
          .description = "Whether it is the one that counts.",
          .is_required = true},
    Field{.name = "source",
          .description = "Who has written it.",
          .is_required = true,
          .choices = kWriters},
    Field{.name = "text",
          .type = Type::text,
          .description = "Its text; of an outline there is `scenes`.",
          .is_nullable = true},
    Field{.name = "scenes",
          .type = Type::array,
          .description = "Its scenes, if it is an outline's.",
          .is_nullable = true,
          .schema = &kScenePlan},
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
constexpr Operation select_version(std::string_view id, std::string_view pattern) {
  return {.id = id,
          .method = "POST",
          .pattern = pattern,
          .summary = "Let this version count",
          .answer = {.description = "The part as it is now."}};
}
constexpr Operation set_lock(std::string_view id, std::string_view pattern,
                             std::string_view summary) {
  return {.id = id,
          .method = "POST",
          .pattern = pattern,
          .summary = summary,
          .answer = {.description = "The part as it is now."}};
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
    .answer = {.schema = &kStory, .description = "The story as it is now."},
    .body_example = R"({"title":"The Door in the Sea"})"};

inline constexpr Operation kWritePremise{
    .id = "write_premise",
    .method = "PUT",
    .pattern = "/story/projects/{project_id}/premise",
    .summary = "Write the premise yourself; no model replaces it",
    .body = &kPremiseWrite,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_if_match = true,
    .answer = {.description = "The premise."},
    .body_example = R"({"text":"A keeper finds a door in the sea."})"};

inline constexpr Operation kWriteOutline{
    .id = "write_outline",
    .method = "PUT",
    .pattern = "/story/projects/{project_id}/outline",
    .summary = "Write the outline yourself; no model replaces it",
    .body = &kOutlineWrite,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .takes_if_match = true,
    .answer = {.description = "The outline."},
    .body_example =
        R"({"scenes":[{"number":1,"title":"The Light","description":"Mara lights the lamp."}]})"};

inline constexpr Operation kInsertScene{
    .id = "insert_scene",
    .method = "POST",
    .pattern = "/story/projects/{project_id}/scenes",
    .summary = "Insert a scene into the outline",
    .body = &kInsert,
    .maximum_body_bytes = kMaximumOutlineBodyBytes,
    .answer = {.status = 201, .schema = &kScene, .description = "The new scene."},
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
    .body_example = R"({"text":"The lamp went out."})"};

inline constexpr Operation kDeleteScene =
    change_scene("delete_scene", "DELETE", "/story/projects/{project_id}/scenes/{scene_id}",
                 "Take a scene out of the story; it can be restored");
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
    .refusals = kGenerateRefusals,
    .description = kWorkDescription};

inline constexpr Operation kLockScene =
    set_lock("lock_scene", "/story/projects/{project_id}/scenes/{scene_id}/lock", kLockSummary);
inline constexpr Operation kUnlockScene = set_lock(
    "unlock_scene", "/story/projects/{project_id}/scenes/{scene_id}/unlock", kUnlockSummary);
inline constexpr Operation kLockPremise =
    set_lock("lock_premise", "/story/projects/{project_id}/premise/lock", kLockSummary);
inline constexpr Operation kUnlockPremise =
    set_lock("unlock_premise", "/story/projects/{project_id}/premise/unlock", kUnlockSummary);
inline constexpr Operation kLockOutline =
    set_lock("lock_outline", "/story/projects/{project_id}/outline/lock", kLockSummary);
inline constexpr Operation kUnlockOutline =
    set_lock("unlock_outline", "/story/projects/{project_id}/outline/unlock", kUnlockSummary);

inline constexpr Operation kListSceneVersions =
    list_versions("list_scene_versions", "/story/projects/{project_id}/scenes/{scene_id}/versions");
inline constexpr Operation kListPremiseVersions =
    list_versions("list_premise_versions", "/story/projects/{project_id}/premise/versions");
inline constexpr Operation kListOutlineVersions =
    list_versions("list_outline_versions", "/story/projects/{project_id}/outline/versions");
inline constexpr Operation kSelectSceneVersion =
    select_version("select_scene_version",
                   "/story/projects/{project_id}/scenes/{scene_id}/versions/{version}/select");
inline constexpr Operation kSelectPremiseVersion = select_version(
    "select_premise_version", "/story/projects/{project_id}/premise/versions/{version}/select");
inline constexpr Operation kSelectOutlineVersion = select_version(
    "select_outline_version", "/story/projects/{project_id}/outline/versions/{version}/select");

}  // namespace fabula::api::story
