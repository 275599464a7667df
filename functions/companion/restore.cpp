#include "functions/companion/restore.hpp"

#include <string>
#include <utility>

#include "functions/companion/incoming.hpp"
#include "shared/database/snapshot.hpp"
#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/json/nul.hpp"
#include "shared/json/raw_object.hpp"
#include "shared/text/utf8_repair.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/snapshots.hpp"

namespace fabula::companion_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// The copy without text that the database cannot store, which may come from another service. Empty
// when there is no copy, or it is no JSON object: its rows may still exist. It is not parsed into a
// document, because a copy may be large.
Task<Result<std::string>> stored_snapshot(Call& call, std::string_view conversation_id) {
  auto text = co_await runtime::attempt(engine::read_snapshot(call, conversation_id));
  if (!text && text.error().code == ErrorCode::not_found) co_return std::string();
  if (!text) co_return tl::unexpected(std::move(text.error()));
  std::string repaired;
  text::append_repaired(repaired, *text);
  text->clear();
  text->shrink_to_fit();
  repaired = json::without_nul(json::replace_lone_surrogates(repaired));
  co_return json::RawObject::read(repaired, {}) ? std::move(repaired) : std::string();
}

}  // namespace

Task<Result<void>> restore(Call& call, const Match& match) {
  const Incoming incoming = co_await read_incoming(call, match);
  const json::Document checked = co_await json::parse(incoming.checked);
  const auto conversation_id = json::string_at(checked, "conversation_id").value_or("");
  const std::string snapshot = co_await stored_snapshot(call, conversation_id);
  const std::string answer = co_await engine::call_function(
      call.context(), call.database(), database::kRestoreConversation,
      {incoming.caller.principal, conversation_id, snapshot});
  co_await engine::send_envelope(call, answer);
  co_return {};
}

}  // namespace fabula::companion_function
