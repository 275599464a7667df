// The endpoints of plans, which the users function serves: a caller's usage in this month, and the
// operator's plans.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/usage_sums.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"

namespace fabula::api::users {

inline constexpr std::int64_t kLargestLimit = (std::int64_t{1} << 53) - 1;

inline constexpr std::array kAmountFields{
    Field{.name = "calls",
          .type = Type::integer,
          .description = "Requests to models.",
          .is_required = true},
    Field{.name = "tokens",
          .type = Type::integer,
          .description = "Input and output tokens of models.",
          .is_required = true},
    Field{.name = "images",
          .type = Type::integer,
          .description = "Pictures that were made.",
          .is_required = true},
};
inline constexpr Schema kAmount{"PlanAmount", "An amount of what plans count.", kAmountFields};

inline constexpr std::array kLimitFields{
    Field{.name = "calls",
          .type = Type::integer,
          .description = "Requests to models; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "tokens",
          .type = Type::integer,
          .description = "Input and output tokens of models; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "images",
          .type = Type::integer,
          .description = "Pictures; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kLimit{"PlanLimit", "The limits of a plan for a month.", kLimitFields};

inline constexpr std::array kStoredFields{
    Field{.name = "bytes",
          .type = Type::integer,
          .description = "The UTF-8 bytes of the caller's conversations, dossiers, imports, "
                         "characters, bots, projects and stories.",
          .is_required = true},
    Field{.name = "limit_bytes",
          .type = Type::integer,
          .description = "The plan's room for them; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kStored{"PlanStored", "The text that is stored now.", kStoredFields};

inline constexpr std::array kUsageFields{
    Field{.name = "plan", .description = "The name of the plan.", .is_required = true},
    Field{
        .name = "month", .description = "The month in UTC, such as 2026-11.", .is_required = true},
    Field{.name = "usage",
          .type = Type::object,
          .description = "The usage in this month.",
          .is_required = true,
          .schema = &kAmount},
    Field{
        .name = "reserved",
        .type = Type::object,
        .description = "The reservations of running work. They count as used until the work ends.",
        .is_required = true,
        .schema = &kAmount},
    Field{.name = "limit",
          .type = Type::object,
          .description = "The plan's limits for a month.",
          .is_required = true,
          .schema = &kLimit},
    Field{.name = "resets_at",
          .type = Type::timestamp,
          .description = "When the next month begins, with nothing used.",
          .is_required = true},
    Field{.name = "stored",
          .type = Type::object,
          .description = "The text that is stored now, whatever the month.",
          .is_required = true,
          .schema = &kStored},
};
inline constexpr Schema kUsage{"PlanUsage", "The usage of a plan in this month.", kUsageFields};

constexpr Field usage_sums(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Type::array,
          .description = description,
          .is_required = true,
          .schema = &kUsageSum};
}

constexpr auto month_usage_fields() {
  std::array<Field, kUsageFields.size() + 3> fields{};
  auto end = std::copy(kUsageFields.begin(), kUsageFields.end(), fields.begin());
  *end++ = usage_sums("by_kind",
                      "What conversations, jobs, stories and pictures have used, the most tokens "
                      "first. It is from the ledger of calls, which has their kinds: `chat`, "
                      "`relay`, `companion`, `realtime`, `dossier_extraction`, `dossier_import`, "
                      "`story`, `story_illustrations` and others.");
  *end++ = usage_sums("by_model", "At most 100 models, the most tokens first.");
  *end++ = usage_sums("by_day", "The days in UTC, in their order.");
  return fields;
}
inline constexpr auto kMonthUsageFields = month_usage_fields();
inline constexpr Schema kMonthUsage{"MonthUsage", "The usage of a month.", kMonthUsageFields};

inline constexpr std::array kMonthQueryFields{
    Field{.name = "month",
          .type = Type::month,
          .description = "The month in UTC, such as 2026-11; without it this month. The ledger of "
                         "calls is kept for 400 days."}};
inline constexpr Schema kMonthQuery{"MonthQuery", "", kMonthQueryFields};

inline constexpr Operation kReadUsage{
    .id = "read_usage",
    .method = "GET",
    .pattern = "/users/me/usage",
    .summary = "The caller's usage of their plan in a month, by kind, model and day",
    .query = &kMonthQuery,
    .answer = {.schema = &kMonthUsage, .description = "The usage, and the plan's limits."}};

inline constexpr std::array kPlanFields{
    Field{.name = "name", .description = "The plan's name.", .is_required = true},
    Field{.name = "calls_a_month",
          .type = Type::integer,
          .description = "Requests to models; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "tokens_a_month",
          .type = Type::integer,
          .description = "Input and output tokens of models; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "images_a_month",
          .type = Type::integer,
          .description = "Pictures; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "stored_bytes",
          .type = Type::integer,
          .description = "Bytes of text that may be stored at a time; null: without a limit.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "is_default",
          .type = Type::boolean,
          .description = "Whether everybody has it to whom the operator has given none.",
          .is_required = true},
};
inline constexpr Schema kPlan{"Plan", "The limits for people in a month.", kPlanFields};

inline constexpr std::array kSavePlanFields{
    Field{.name = "calls_a_month",
          .type = Type::integer,
          .description = "Requests to models; null: without a limit.",
          .is_required = true,
          .is_nullable = true,
          .maximum = kLargestLimit},
    Field{.name = "tokens_a_month",
          .type = Type::integer,
          .description = "Input and output tokens of models; null: without a limit.",
          .is_required = true,
          .is_nullable = true,
          .maximum = kLargestLimit},
    Field{.name = "images_a_month",
          .type = Type::integer,
          .description = "Pictures; null: without a limit.",
          .is_required = true,
          .is_nullable = true,
          .maximum = kLargestLimit},
    Field{.name = "stored_bytes",
          .type = Type::integer,
          .description = "Bytes of text that may be stored at a time; null: without a limit. "
                         "Absent: as it is, in a new plan without a limit.",
          .is_nullable = true,
          .maximum = kLargestLimit},
    Field{.name = "is_default",
          .type = Type::boolean,
          .description = "True makes it the default plan instead of the one that was it."},
};
inline constexpr Schema kSavePlanBody{"PlanChange", "A plan's limits.", kSavePlanFields};

inline constexpr std::array kUnknownPlan{ErrorCode::not_found};

inline constexpr Operation kListPlans{
    .id = "list_plans",
    .method = "GET",
    .pattern = "/users/plans",
    .summary = "All plans, for the operator",
    .access = Access::operator_only,
    .answer = {.kind = AnswerKind::list, .schema = &kPlan, .description = "The plans, by name."}};

inline constexpr Operation kSavePlan{
    .id = "save_plan",
    .method = "PUT",
    .pattern = "/users/plans/{plan_name}",
    .summary = "Make or change a plan, for the operator",
    .access = Access::operator_only,
    .body = &kSavePlanBody,
    .answer = {.schema = &kPlan,
               .description = "The plan as it is now.",
               .may_create = true,
               .location = "/users/plans/{plan_name}"},
    .description =
        "A name has 1 to 32 small letters, digits, `_` and `-`, and begins with a "
        "letter. A change holds at once for everybody who has the plan.",
    .body_example = R"({"calls_a_month":1000,"tokens_a_month":5000000,"images_a_month":null})"};

inline constexpr Operation kDeletePlan{
    .id = "delete_plan",
    .method = "DELETE",
    .pattern = "/users/plans/{plan_name}",
    .summary = "Delete a plan that nobody has and that is not the default, for the operator",
    .access = Access::operator_only,
    .answer = {.schema = &kDone, .description = "It is deleted."},
    .refusals = kUnknownPlan};

inline constexpr std::array kSetPlanFields{
    Field{.name = "plan",
          .type = Type::token,
          .description = "The plan's name; null: the default plan.",
          .is_required = true,
          .is_nullable = true,
          .minimum = 1,
          .maximum = kMaximumPlanNameCharacters},
};
inline constexpr Schema kSetPlanBody{"PlanChoice", "Which plan somebody has.", kSetPlanFields};

inline constexpr Operation kSetPlan{
    .id = "set_plan",
    .method = "PUT",
    .pattern = "/users/plans/of/{user_id}",
    .summary = "Give a user or a guest a plan, for the operator",
    .access = Access::operator_only,
    .body = &kSetPlanBody,
    .answer = {.schema = &kUsage, .description = "Their usage of it in this month."},
    .refusals = kUnknownPlan,
    .description = "A user who has not called yet is made.",
    .body_example = R"({"plan":"pro"})"};

}  // namespace fabula::api::users
