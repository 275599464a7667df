// Sums of the ledger of model calls, which users and the operator read alike.
#pragma once

#include <array>

#include "shared/api/operation.hpp"

namespace fabula::api {

inline constexpr std::array kUsageSumFields{
    Field{.name = "name",
          .description = "The user's id, the kind of work, the model as provider:model, or the day "
                         "in UTC; null: users who are deleted, or a model that was not reported.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "calls",
          .type = Type::integer,
          .description = "Requests to models.",
          .is_required = true},
    Field{.name = "input_tokens",
          .type = Type::integer,
          .description = "As far as providers report them.",
          .is_required = true},
    Field{.name = "output_tokens",
          .type = Type::integer,
          .description = "Reported, or else estimated.",
          .is_required = true},
    Field{.name = "cost_usd",
          .type = Type::number,
          .description = "As far as providers report it.",
          .is_required = true,
          .is_nullable = true}};
inline constexpr Schema kUsageSum{"UsageSum", "What was used.", kUsageSumFields};

}  // namespace fabula::api
