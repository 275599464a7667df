#include "functions/companion/characters.hpp"

#include <array>
#include <string>
#include <utility>

#include "functions/companion/incoming.hpp"
#include "shared/api/check.hpp"
#include "shared/api/endpoints/characters.hpp"
#include "shared/characters/card.hpp"
#include "shared/database/companion.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/engine/model_choice.hpp"

namespace fabula::companion_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

Result<void> check_model(Call& call, const json::Document& body) {
  const auto model = json::string_at(body, "model");
  if (!model || model->empty()) return {};
  auto chosen = engine::choose_model(call, *model);
  if (!chosen) return tl::unexpected(std::move(chosen.error()));
  return {};
}

// Checks the whole card, including undeclared members: text that cannot be stored is refused.
Result<void> check_whole_card(const json::Document& card) {
  static constexpr std::array kFields{api::Field{.name = "card", .type = api::Type::object}};
  static constexpr api::Schema kAnyCard{"", "", kFields};
  json::Document whole(json::Document::value_t::object);
  whole.emplace("card", card);
  auto checked = api::check_body(whole, kAnyCard);
  if (!checked) return tl::unexpected(std::move(checked.error()));
  return {};
}

Task<Result<void>> store(Call& call, const Match& match, const Incoming& incoming,
                         std::string_view body) {
  const std::string request = database::kSaveCharacter.request({incoming.caller.principal, body});
  const std::string answer =
      co_await engine::call_once(call, match, incoming.body, database::kSaveCharacter, request);
  co_await engine::send_envelope(call, answer);
  co_return {};
}

}  // namespace

Task<Result<void>> create_character(Call& call, const Match& match) {
  const Incoming incoming = co_await read_incoming(call, match);
  co_await check_model(call, incoming.body);
  co_await store(call, match, incoming, incoming.checked);
  co_return {};
}

Task<Result<void>> change_character(Call& call, const Match& match) {
  const Incoming incoming = co_await read_incoming(call, match);
  co_await check_model(call, incoming.body);
  co_await engine::answer_from_database(call, match, incoming.caller.principal, incoming.body);
  co_return {};
}

Task<Result<void>> import_character(Call& call, const Match& match) {
  const Incoming incoming = co_await read_incoming(call, match);
  co_await check_whole_card(incoming.body);
  co_await store(call, match, incoming, characters::character_of_card(incoming.body));
  co_return {};
}

Task<Result<void>> export_character(Call& call, const Match& match) {
  const Incoming incoming = co_await read_incoming(call, match);
  const json::Document ids = co_await api::path_ids(match.captures);
  const std::string checked = co_await api::check_query(call.url(), *match.route.operation->query);
  const json::Document query = co_await json::parse(checked);
  const auto character_id = json::string_at(ids, "companion_id").value_or("");
  const database::CharacterCard found =
      co_await engine::call_function(call.context(), call.database(), database::kReadCharacterCard,
                                     {incoming.caller.principal, character_id});
  const auto card = characters::card_of_character(found.character, found.card,
                                                  json::string_at(query, "spec").value_or(""));
  http::Response response;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  response.body = json::dump(card);
  co_await call.send(std::move(response));
  co_return {};
}

}  // namespace fabula::companion_function
