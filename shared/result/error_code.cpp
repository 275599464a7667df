#include "shared/result/error_code.hpp"

#include <array>
#include <cstddef>

namespace fabula {
namespace {

constexpr std::array kTable = {
    ErrorCodeFacts{ErrorCode::malformed_json, "malformed_json", "Malformed JSON", 400, false},
    ErrorCodeFacts{ErrorCode::json_too_deep, "json_too_deep", "JSON nested too deep", 400, false},
    ErrorCodeFacts{ErrorCode::invalid_utf8, "invalid_utf8", "Invalid UTF-8", 400, false},
    ErrorCodeFacts{ErrorCode::invalid_id, "invalid_id", "Invalid id", 400, false},
    ErrorCodeFacts{ErrorCode::missing_credentials, "missing_credentials", "Missing credentials",
                   401, false},
    ErrorCodeFacts{ErrorCode::invalid_token, "invalid_token", "Invalid token", 401, false},
    ErrorCodeFacts{ErrorCode::token_expired, "token_expired", "Token expired", 401, false},
    ErrorCodeFacts{ErrorCode::forbidden, "forbidden", "Forbidden", 403, false},
    ErrorCodeFacts{ErrorCode::account_suspended, "account_suspended", "Account suspended", 403,
                   false},
    ErrorCodeFacts{ErrorCode::not_found, "not_found", "Not found", 404, false},
    ErrorCodeFacts{ErrorCode::method_not_allowed, "method_not_allowed", "Method not allowed", 405,
                   false},
    ErrorCodeFacts{ErrorCode::not_acceptable, "not_acceptable", "Not acceptable", 406, false},
    ErrorCodeFacts{ErrorCode::request_timeout, "request_timeout", "Request timeout", 408, true},
    ErrorCodeFacts{ErrorCode::turn_in_progress, "turn_in_progress", "Turn in progress", 409, true},
    ErrorCodeFacts{ErrorCode::stream_exists, "stream_exists", "Stream exists", 409, false},
    ErrorCodeFacts{ErrorCode::import_in_progress, "import_in_progress", "Import in progress", 409,
                   true},
    ErrorCodeFacts{ErrorCode::story_in_progress, "story_in_progress", "Story in progress", 409,
                   true},
    ErrorCodeFacts{ErrorCode::precondition_failed, "precondition_failed", "Precondition failed",
                   412, false},
    ErrorCodeFacts{ErrorCode::body_too_large, "body_too_large", "Body too large", 413, false},
    ErrorCodeFacts{ErrorCode::unsupported_media_type, "unsupported_media_type",
                   "Unsupported media type", 415, false},
    ErrorCodeFacts{ErrorCode::invalid_request, "invalid_request", "Invalid request", 422, false},
    ErrorCodeFacts{ErrorCode::idempotency_key_reused, "idempotency_key_reused",
                   "Idempotency key reused", 422, false},
    ErrorCodeFacts{ErrorCode::upgrade_required, "upgrade_required", "Upgrade required", 426, false},
    ErrorCodeFacts{ErrorCode::rate_limited, "rate_limited", "Rate limited", 429, true},
    ErrorCodeFacts{ErrorCode::plan_exceeded, "plan_exceeded", "Plan exceeded", 429, false},
    ErrorCodeFacts{ErrorCode::internal_error, "internal_error", "Internal error", 500, true},
    ErrorCodeFacts{ErrorCode::provider_error, "provider_error", "Provider error", 502, true},
    ErrorCodeFacts{ErrorCode::provider_unauthorized, "provider_unauthorized",
                   "Provider refused the key", 502, false},
    ErrorCodeFacts{ErrorCode::provider_rate_limited, "provider_rate_limited",
                   "Provider rate limited", 502, true},
    ErrorCodeFacts{ErrorCode::provider_refused_request, "provider_refused_request",
                   "Provider refused the request", 502, false},
    ErrorCodeFacts{ErrorCode::provider_malformed, "provider_malformed",
                   "Provider answer unreadable", 502, true},
    ErrorCodeFacts{ErrorCode::provider_incomplete, "provider_incomplete",
                   "Provider answer incomplete", 502, true},
    ErrorCodeFacts{ErrorCode::no_provider, "no_provider", "No provider", 503, false},
    ErrorCodeFacts{ErrorCode::no_encryption_key, "no_encryption_key", "No encryption key", 503,
                   false},
    ErrorCodeFacts{ErrorCode::capacity_exceeded, "capacity_exceeded", "Capacity exceeded", 503,
                   true},
    ErrorCodeFacts{ErrorCode::database_unavailable, "database_unavailable", "Database unavailable",
                   503, true},
    ErrorCodeFacts{ErrorCode::provider_timeout, "provider_timeout", "Provider timeout", 504, true},
    ErrorCodeFacts{ErrorCode::interrupted, "interrupted", "Interrupted", 503, true},
    ErrorCodeFacts{ErrorCode::time_limit, "time_limit", "Time limit", 504, true},
};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return kTable.back().code == ErrorCode::time_limit;
}
static_assert(table_is_in_order(), "kTable lists every ErrorCode, in the order of the enum");

}  // namespace

const ErrorCodeFacts& facts(ErrorCode code) { return kTable[static_cast<std::size_t>(code)]; }

std::optional<ErrorCode> error_code_named(std::string_view name) {
  for (const auto& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

}  // namespace fabula
