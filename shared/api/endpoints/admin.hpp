// The endpoints of the admin function: for the operator, with the secret key.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/usage_sums.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::admin {

inline constexpr std::array<std::string_view, 3> kAccountKinds{"user", "guest", "external"};
inline constexpr std::array<std::string_view, 4> kGroupings{"user", "kind", "model", "day"};

inline constexpr std::int64_t kDayCharacters = 10;

constexpr Field moment_or_null(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Type::timestamp,
          .description = description,
          .is_required = true,
          .is_nullable = true};
}

inline constexpr std::array kAccountFields{
    Field{.name = "user_id", .type = Type::uuid, .description = "Its id.", .is_required = true},
    Field{.name = "kind",
          .description = "A user of Supabase Auth, a guest, or a user of another issuer.",
          .is_required = true,
          .choices = kAccountKinds},
    Field{.name = "issuer",
          .description = "The issuer of its tokens; null: a guest.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "plan", .description = "Its plan.", .is_required = true},
    kCreatedAt,
    Field{.name = "last_seen_at",
          .type = Type::timestamp,
          .description = "The time of its last use.",
          .is_required = true},
    moment_or_null("suspended_at", "Since when it is suspended."),
    moment_or_null("deleted_at", "Since when it is deleted, and is being erased."),
};
inline constexpr Schema kAccount{"Account", "An account as the operator sees it.", kAccountFields};

inline constexpr std::array kListFields{limit_field("50"), kOffsetField};
inline constexpr Schema kListQuery{"AdminQuery", "", kListFields};

inline constexpr std::array kAccountChangeFields{
    Field{.name = "is_suspended",
          .type = Type::boolean,
          .description = "True: its tokens are refused from now on, its replies and its jobs end, "
                         "and it is signed out. False: it may go on.",
          .is_required = true}};
inline constexpr Schema kAccountChange{"AccountChange", "Whether it is suspended.",
                                       kAccountChangeFields};

inline constexpr std::array kJobFailureFields{
    Field{.name = "step",
          .type = Type::integer,
          .description = "The step's number.",
          .is_required = true},
    Field{.name = "code", .description = "The stable code for programs.", .is_required = true},
    Field{.name = "message", .description = "The reason, in words.", .is_required = true}};
inline constexpr Schema kJobFailure{"JobFailure", "Why a step of a job has failed.",
                                    kJobFailureFields};

inline constexpr std::array kFailedJobFields{
    Field{.name = "job_id", .type = Type::uuid, .description = "The job.", .is_required = true},
    Field{.name = "kind", .description = "What it does.", .is_required = true},
    Field{
        .name = "user_id", .type = Type::uuid, .description = "Whose it is.", .is_required = true},
    kCreatedAt,
    moment_or_null("finished_at", "When it was given up; null: it is tried again."),
    Field{.name = "attempts",
          .type = Type::integer,
          .description = "How often its steps were begun.",
          .is_required = true},
    Field{.name = "lost_attempts",
          .type = Type::integer,
          .description = "How many of them ended without a word: the worker trapped, or took too "
                         "long. A step is given up after three.",
          .is_required = true},
    Field{.name = "failures",
          .type = Type::array,
          .description = "Why its steps have failed.",
          .is_required = true,
          .schema = &kJobFailure}};
inline constexpr Schema kFailedJob{"FailedJob", "A job that was given up.", kFailedJobFields};

inline constexpr std::array kUsageQueryFields{
    Field{.name = "by",
          .description =
              "What is added up: the calls of a user, of a kind of work, of a model, or of a "
              "day in UTC.",
          .choices = kGroupings,
          .default_json = R"("day")"},
    Field{.name = "first_day",
          .description = "The first day in UTC, such as 2026-11-01; without it 29 days ago.",
          .maximum = kDayCharacters},
    Field{.name = "last_day",
          .description = "The last day in UTC; without it today.",
          .maximum = kDayCharacters},
    limit_field("50"), kOffsetField};
inline constexpr Schema kUsageQuery{"UsageQuery", "", kUsageQueryFields};

inline constexpr std::int64_t kLargestBotId = (std::int64_t{1} << 53) - 1;

inline constexpr std::array kRotationFields{
    Field{.name = "after_bot_id",
          .type = Type::integer,
          .description = "Where an earlier call has stopped: its answer's after_bot_id.",
          .minimum = 0,
          .maximum = kLargestBotId,
          .default_json = "0"}};
inline constexpr Schema kRotation{"Rotation", "Where to begin.", kRotationFields};

inline constexpr std::array kRotatedFields{
    Field{.name = "rewritten",
          .type = Type::integer,
          .description = "Keys that this call has encrypted with the newest encryption key.",
          .is_required = true},
    Field{.name = "unreadable",
          .type = Type::integer,
          .description = "Keys that this call could not decrypt, and has left as they are: their "
                         "encryption key is not set any more, or they are damaged.",
          .is_required = true},
    Field{.name = "left",
          .type = Type::integer,
          .description = "Keys that are not encrypted with the newest encryption key now, of all "
                         "bots; 0: the encryption key before is not needed any more.",
          .is_required = true},
    Field{.name = "after_bot_id",
          .type = Type::integer,
          .description = "Where to go on with another call. Null: all bots have been visited.",
          .is_required = true,
          .is_nullable = true}};
inline constexpr Schema kRotated{"Rotated", "What a call of the rotation has done.",
                                 kRotatedFields};

inline constexpr std::array kRotateRefusals{ErrorCode::no_encryption_key};

inline constexpr Operation kHealth{.id = "admin_health",
                                   .method = "GET",
                                   .pattern = "/admin/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "admin_ready",
                                  .method = "GET",
                                  .pattern = "/admin/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kReadUsage{
    .id = "read_usage_of_all",
    .method = "GET",
    .pattern = "/admin/usage",
    .summary = "What everybody has used, by user, kind, model or day",
    .access = Access::operator_only,
    .query = &kUsageQuery,
    .answer = {.kind = AnswerKind::list,
               .schema = &kUsageSum,
               .description = "The most tokens first; days in their order."}};

inline constexpr Operation kListAccounts{
    .id = "list_accounts",
    .method = "GET",
    .pattern = "/admin/accounts",
    .summary = "All users and guests, the newest first",
    .access = Access::operator_only,
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kAccount, .description = "A page of them."}};

inline constexpr Operation kReadAccount{
    .id = "read_account",
    .method = "GET",
    .pattern = "/admin/accounts/{user_id}",
    .summary = "One account",
    .access = Access::operator_only,
    .answer = {.schema = &kAccount, .description = "The account."}};

inline constexpr Operation kChangeAccount{
    .id = "change_account",
    .method = "PATCH",
    .pattern = "/admin/accounts/{user_id}",
    .summary = "Suspend an account, or reinstate it",
    .access = Access::operator_only,
    .body = &kAccountChange,
    .answer = {.schema = &kAccount, .description = "The account as it is now."},
    .body_example = R"({"is_suspended":true})"};

inline constexpr Operation kListErasures{
    .id = "list_erasures",
    .method = "GET",
    .pattern = "/admin/erasures",
    .summary = "Deleted accounts that are not erased yet, the oldest first",
    .access = Access::operator_only,
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kAccount, .description = "A page of them."}};

inline constexpr Operation kListFailedJobs{
    .id = "list_failed_jobs",
    .method = "GET",
    .pattern = "/admin/jobs/failed",
    .summary = "Jobs that were given up, the newest first",
    .access = Access::operator_only,
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kFailedJob, .description = "A page of them."}};

inline constexpr Operation kRetryJob{.id = "retry_failed_job",
                                     .method = "POST",
                                     .pattern = "/admin/jobs/{job_id}/retry",
                                     .summary = "Try the failed steps of a job again",
                                     .access = Access::operator_only,
                                     .answer = {.status = 202,
                                                .schema = &kFailedJob,
                                                .description = "The job, which goes on.",
                                                .location = "/admin/jobs/failed"}};

inline constexpr Operation kRotateEncryption{
    .id = "rotate_encryption",
    .method = "POST",
    .pattern = "/admin/encryption/rotate",
    .summary = "Encrypt bots' keys with the newest encryption key",
    .access = Access::operator_only,
    .body = &kRotation,
    .is_body_optional = true,
    .answer = {.schema = &kRotated, .description = "How far it has come."},
    .refusals = kRotateRefusals,
    .description =
        "Each call rewrites at most some thousand keys, also those that earlier versions "
        "have stored without encryption. A key that its owner changes meanwhile is not "
        "overwritten. Call it again, with after_bot_id, until that is null."};

inline constexpr std::array kOperations{
    kHealth,        kReady,        kReadUsage,      kListAccounts, kReadAccount,
    kChangeAccount, kListErasures, kListFailedJobs, kRetryJob,     kRotateEncryption};

}  // namespace fabula::api::admin
