#include "shared/api/refusals.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace fabula::api {
namespace {

bool has_ids(const Schema* schema) {
  return schema && std::any_of(schema->fields.begin(), schema->fields.end(),
                               [](const Field& field) { return field.type == Type::uuid; });
}

}  // namespace

std::vector<ErrorCode> refusals_of(const Operation& operation) {
  // Any URL may be malformed and any function may fail.
  std::vector codes{ErrorCode::invalid_utf8, ErrorCode::invalid_request, ErrorCode::internal_error};
  const auto add = [&codes](bool holds, std::initializer_list<ErrorCode> more) {
    if (holds) codes.insert(codes.end(), more);
  };
  const bool has_path_id = operation.pattern.find("_id}") != std::string_view::npos;
  add(operation.access != Access::anyone,
      {ErrorCode::invalid_token, ErrorCode::token_expired, ErrorCode::not_acceptable,
       ErrorCode::database_unavailable});
  // The operator can suspend whoever calls.
  add(operation.access == Access::caller || operation.access == Access::caller_or_new_guest,
      {ErrorCode::account_suspended});
  add(operation.spends,
      {ErrorCode::rate_limited, ErrorCode::plan_exceeded, ErrorCode::capacity_exceeded});
  add(operation.stores_text, {ErrorCode::plan_exceeded});
  // A server may serve no guests.
  add(operation.spends, {ErrorCode::missing_credentials});
  add(operation.access == Access::caller || operation.access == Access::operator_only,
      {ErrorCode::missing_credentials});
  add(has_path_id, {ErrorCode::not_found});
  add(has_path_id || has_ids(operation.body) || has_ids(operation.query) ||
          operation.takes_user_id_header,
      {ErrorCode::invalid_id});
  add(operation.body != nullptr,
      {ErrorCode::malformed_json, ErrorCode::json_too_deep, ErrorCode::request_timeout,
       ErrorCode::body_too_large, ErrorCode::unsupported_media_type});
  add(operation.acts_for_users, {ErrorCode::forbidden});
  add(operation.method != "GET", {ErrorCode::precondition_failed});
  add(operation.takes_idempotency_key, {ErrorCode::idempotency_key_reused});
  codes.insert(codes.end(), operation.refusals.begin(), operation.refusals.end());
  sort_codes(codes);
  return codes;
}

void sort_codes(std::vector<ErrorCode>& codes) {
  const auto order = [](ErrorCode code) { return std::pair(facts(code).status, code); };
  std::sort(codes.begin(), codes.end(),
            [&](ErrorCode a, ErrorCode b) { return order(a) < order(b); });
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
}

}  // namespace fabula::api
