#include "wasm/engine/acting.hpp"

#include <utility>

#include "shared/text/uuid.hpp"
#include "wasm/engine/operator_access.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

Result<std::string> user_id_header(const http::Headers& headers) {
  const auto header = headers.find("x-user-id");
  if (!header) return {};
  auto id = text::normalize_uuid(*header);
  if (!id) return problem(ErrorCode::invalid_id, "The header x-user-id is not a UUID.");
  return *std::move(id);
}

Result<std::string> user_id_in_query(const http::Url& url) {
  const auto named = url.query_value("user_id");
  if (!named || named->empty()) return {};
  auto id = text::normalize_uuid(*named);
  if (!id) return problem(ErrorCode::invalid_id, "user_id is not a UUID.");
  return *std::move(id);
}

void act_for(Call& call, Caller& caller, std::string user_id) {
  caller.principal.subject = std::move(user_id);
  call.log().acting_for = caller.principal.subject;
}

}  // namespace

Task<Result<Caller>> identify_for(Call& call, const api::Operation& operation) {
  const auto& headers = call.head().headers;
  const bool is_server = operation.acts_for_users && has_secret_key(call);
  Caller caller;
  caller.principal.kind = auth::Principal::Kind::named;
  if (!is_server && operation.access == api::Access::caller) {
    caller = co_await identify_known(call.context(), call.settings(), headers);
  } else if (!is_server) {
    caller = co_await identify(call.context(), call.settings(), headers);
    if (!caller.new_guest_token.empty()) call.note_new_guest();
  }
  if (!operation.acts_for_users) co_return caller;
  std::string named = co_await user_id_header(headers);
  if (named.empty()) named = co_await user_id_in_query(call.url());
  if (named.empty()) co_return caller;
  if (is_server) {
    act_for(call, caller, std::move(named));
  } else {
    co_await check_claimed_user(named, caller);
  }
  co_return caller;
}

Result<void> name_user(Call& call, Caller& caller, const json::Document& body) {
  if (caller.principal.kind != auth::Principal::Kind::named) return {};
  if (!caller.principal.subject.empty()) return {};
  const auto named = json::string_at(body, "user_id");
  auto id = named ? text::normalize_uuid(*named) : std::nullopt;
  if (id) {
    act_for(call, caller, *std::move(id));
    return {};
  }
  return problem(ErrorCode::invalid_token,
                 "The secret key is no user. Name whom you call for as user_id, or in the header "
                 "x-user-id.");
}

Result<std::string> claimed_user(const Call& call, const Caller& caller) {
  auto id = user_id_header(call.head().headers);
  if (!id) return id;
  if (auto checked = check_claimed_user(*id, caller); !checked) {
    return tl::unexpected(std::move(checked.error()));
  }
  return id;
}

Result<void> check_claimed_user(std::string_view claimed, const Caller& caller) {
  if (claimed.empty() || caller.may_be(claimed)) return {};
  return problem(ErrorCode::forbidden,
                 "The user id names somebody else than the token. Leave it out, or send the token "
                 "of that user.");
}

}  // namespace fabula::engine
