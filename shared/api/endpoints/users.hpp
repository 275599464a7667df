// The endpoints of the users function. Supabase Auth signs people up and in.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/export.hpp"
#include "shared/api/endpoints/plans.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::users {

// RFC 5321: 64 for the mailbox, the @, 255 for the domain.
inline constexpr std::int64_t kMaximumEmailCharacters = 320;
inline constexpr std::int64_t kMaximumUrlCharacters = 2048;

inline constexpr std::array<std::string_view, 3> kPrincipalKinds{"user", "guest", "external"};

inline constexpr std::array kSaveFields{
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = "The caller's own id; any other id is refused."},
    Field{.name = "email",
          .type = Type::email,
          .description = "Null removes it.",
          .is_nullable = true,
          .maximum = kMaximumEmailCharacters},
    Field{.name = "display_name",
          .description = "Null removes it.",
          .is_nullable = true,
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    Field{.name = "avatar_url",
          .type = Type::url,
          .description = "Null removes it.",
          .is_nullable = true,
          .maximum = kMaximumUrlCharacters},
};
inline constexpr Schema kSave{"ProfileUpdate", "Changes of a profile.", kSaveFields};

inline constexpr std::array kProfileFields{
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = "The caller's id.",
          .is_required = true},
    Field{.name = "kind",
          .description = "The kind of account.",
          .is_required = true,
          .choices = kPrincipalKinds},
    Field{.name = "email",
          .description = "The email address, if it is known.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "display_name",
          .description = "The caller's display name.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "avatar_url",
          .description = "A picture of the caller.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "created_at",
          .type = Type::timestamp,
          .description = "The time when it was first saved; null before.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "updated_at",
          .type = Type::timestamp,
          .description = "The time of the last change; null before it was saved.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kProfile{"Profile", "The caller's profile.", kProfileFields};

inline constexpr std::array kSaveRefusals{ErrorCode::forbidden};

inline constexpr Operation kSaveProfile{.id = "save_profile",
                                        .method = "POST",
                                        .pattern = "/users",
                                        .summary = "Create or change the caller's profile",
                                        .body = &kSave,
                                        .answer = {.schema = &kProfile,
                                                   .description = "The profile as it is now.",
                                                   .may_create = true,
                                                   .location = "/users/me"},
                                        .refusals = kSaveRefusals,
                                        .body_example = R"({"display_name":"Ada"})"};

inline constexpr Operation kHealth{.id = "users_health",
                                   .method = "GET",
                                   .pattern = "/users/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "users_ready",
                                  .method = "GET",
                                  .pattern = "/users/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kReadProfile{
    .id = "read_profile",
    .method = "GET",
    .pattern = "/users/me",
    .summary = "The caller's profile",
    .answer = {.schema = &kProfile, .description = "The profile.", .has_etag = true}};

inline constexpr std::array<std::string_view, 2> kDeletionStates{"pending", "erased"};

inline constexpr std::array kDeletionFields{
    Field{.name = "deletion_id",
          .type = Type::uuid,
          .description = "The deletion. Only this answer has it, and it names nobody.",
          .is_required = true},
    Field{.name = "status",
          .description = "pending while something is left, then erased.",
          .is_required = true,
          .choices = kDeletionStates},
    Field{.name = "message", .description = "The same, in words.", .is_required = true},
    Field{.name = "deleted_at",
          .type = Type::timestamp,
          .description =
              "Since when the account's tokens are refused, and nothing of it is readable.",
          .is_required = true},
    Field{.name = "erase_by",
          .type = Type::timestamp,
          .description = "When everything is erased at the latest.",
          .is_required = true},
    Field{.name = "erased_at",
          .type = Type::timestamp,
          .description = "When the last row was erased; null before. Files in Storage are deleted "
                         "within minutes after it.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kDeletion{"AccountDeletion", "The deletion of an account.",
                                  kDeletionFields};

inline constexpr Operation kDeleteAccount{
    .id = "delete_account",
    .method = "DELETE",
    .pattern = "/users/me",
    .summary = "Delete the caller's account and everything in it",
    .answer = {.status = 202,
               .schema = &kDeletion,
               .description = "The account is deleted, and its contents are being erased. Its "
                              "Location can be read without a token, until a week after it.",
               .location = "/users/deletions/{deletion_id}"},
    .description =
        "From now on all tokens of the account are refused with 401, and nobody can read "
        "anything of it. Its contents are erased in the background, a small account at "
        "once. A repeated call has the same answer."};

inline constexpr Operation kReadDeletion{
    .id = "read_deletion",
    .method = "GET",
    .pattern = "/users/deletions/{deletion_id}",
    .summary = "How far the deletion of an account is",
    .access = Access::anyone,
    .answer = {.schema = &kDeletion, .description = "The deletion."},
    .refusals = kReadyRefusals,
    .description =
        "Needs no token, because those of the account are refused: whoever has the "
        "address from the deletion's answer may ask."};

inline constexpr std::array kGuestFields{
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = "The guest's id.",
          .is_required = true},
    Field{.name = "guest_token",
          .description = "The bearer by which the guest calls every function. It is shown once.",
          .is_required = true},
    Field{.name = "expires_at",
          .type = Type::timestamp,
          .description = "When the guest ends, if it does nothing until then.",
          .is_required = true},
};
inline constexpr Schema kGuest{"NewGuest", "A new guest.", kGuestFields};

inline constexpr Operation kCreateGuest{.id = "create_guest",
                                        .method = "POST",
                                        .pattern = "/users/guest",
                                        .summary = "Make a new guest, for all functions",
                                        .access = Access::caller_or_new_guest,
                                        .takes_idempotency_key = true,
                                        .makes_guest = true,
                                        .answer = {.status = 201,
                                                   .schema = &kGuest,
                                                   .description = "The guest.",
                                                   .location = "/users/me"},
                                        .spends = true};

inline constexpr std::array kOperations{kSaveProfile, kHealth,        kReady,        kReadProfile,
                                        kCreateGuest, kDeleteAccount, kReadDeletion, kExportAccount,
                                        kReadUsage,   kListPlans,     kSavePlan,     kDeletePlan,
                                        kSetPlan};

}  // namespace fabula::api::users
