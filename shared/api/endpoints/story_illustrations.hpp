// Endpoints of the story function for pictures of scenes.
#pragma once

#include <array>
#include <cstdint>

#include "shared/api/endpoints/story_answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::int64_t kMaximumStyleCharacters = 500;
inline constexpr std::uint32_t kMaximumIllustrationBodyBytes = 64 * 1024;

inline constexpr std::array kIllustrateFields{
    Field{
        .name = "project_id", .type = Type::uuid, .description = "The story.", .is_required = true},
    Field{.name = "scene_ids",
          .type = Type::array,
          .description = "The scenes to draw, also again; without it all scenes that have an "
                         "`image_prompt` and no picture.",
          .minimum = 1,
          .maximum = kMaximumScenes,
          .item = Type::uuid},
    Field{.name = "style",
          .description = "How to draw all of them, in your words: a woodcut, watercolours.",
          .maximum = kMaximumStyleCharacters,
          .is_not_blank = true}};
inline constexpr Schema kIllustrate{"IllustrationsRequest", "The pictures to draw.",
                                    kIllustrateFields};

inline constexpr std::array kDrawingFields{
    Field{.name = "task_id", .type = Type::uuid, .description = "The task.", .is_required = true},
    Field{
        .name = "project_id", .type = Type::uuid, .description = "The story.", .is_required = true},
    Field{.name = "status",
          .description = "Where it is.",
          .is_required = true,
          .choices = kTaskStatuses},
    Field{.name = "message", .description = "The current activity, in words.", .is_required = true},
    Field{.name = "status_url",
          .type = Type::url,
          .description = "The address of its progress.",
          .is_required = true}};
inline constexpr Schema kDrawing{"IllustrationsTask", "A task that draws pictures.",
                                 kDrawingFields};

inline constexpr std::array kIllustrationFields{
    Field{.name = "scene_id", .type = Type::uuid, .description = "The scene.", .is_required = true},
    Field{.name = "number",
          .type = Type::integer,
          .description = "The scene's place in the story, from 1.",
          .is_required = true},
    Field{.name = "title", .description = "The scene's title.", .is_required = true},
    Field{.name = "image_prompt",
          .description = "The words that it was drawn by.",
          .is_required = true},
    Field{.name = "media_type",
          .description = "image/png, image/jpeg or image/webp.",
          .is_required = true},
    Field{.name = "url",
          .description = "Where whoever has this address can read it; empty when the file is gone.",
          .is_required = true},
    Field{.name = "expires_at",
          .type = Type::timestamp,
          .description = "Until when the address is good: for an hour.",
          .is_required = true},
    kCreatedAt};
inline constexpr Schema kIllustration{"Illustration", "A picture of a scene.", kIllustrationFields};

inline constexpr std::array kIllustrateRefusals{ErrorCode::not_found, ErrorCode::no_provider,
                                                ErrorCode::story_in_progress};

inline constexpr Operation kBeginIllustrations{
    .id = "illustrate_story",
    .method = "POST",
    .pattern = "/story/illustrations",
    .summary = "Draw a picture of each scene",
    .body = &kIllustrate,
    .maximum_body_bytes = kMaximumIllustrationBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 202,
               .schema = &kDrawing,
               .description = "They will be drawn.",
               .location = kTaskLocation},
    .spends = true,
    .refusals = kIllustrateRefusals,
    .description =
        "Each picture is an image and a call of your plan. The task is read, followed and "
        "cancelled as those that write; a picture that cannot be drawn keeps no other "
        "from being drawn. A picture has at most 4.5 MiB."};

inline constexpr Operation kListIllustrations{
    .id = "list_illustrations",
    .method = "GET",
    .pattern = "/story/illustrations/{project_id}",
    .summary = "The pictures of a story",
    .answer = {.kind = AnswerKind::list,
               .schema = &kIllustration,
               .description = "The pictures, in the order of their scenes."}};

inline constexpr Operation kDeleteIllustration{
    .id = "delete_illustration",
    .method = "DELETE",
    .pattern = "/story/illustrations/{project_id}/{scene_id}",
    .summary = "Delete a scene's picture",
    .answer = {.schema = &kDone, .description = "It is deleted."}};

}  // namespace fabula::api::story
