#include "functions/companion/memories.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/api/check.hpp"
#include "shared/database/memory.hpp"
#include "shared/http/media_type.hpp"
#include "shared/memory/edit.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::companion_function {
namespace {

using engine::Call;
using engine::Caller;
using engine::Match;
using runtime::Task;

// The most attempts if other writers interfere.
constexpr int kMaximumRounds = 8;
// The database's limit.
constexpr std::size_t kMaximumLogEntries = 3000;

struct MemoryRequest {
  Caller caller;
  json::Document body;
  std::string character_id;
  std::string memory_id;
};

Task<Result<MemoryRequest>> read_memory_request(Call& call, const Match& match) {
  const auto& operation = *match.route.operation;
  co_await http::require_acceptable(call.head().headers.find("accept"), "application/json");
  MemoryRequest request;
  request.caller = co_await engine::identify_for(call, operation);
  if (operation.body) {
    const json::Document sent = co_await engine::read_json(call, operation);
    const std::string checked = co_await api::check_body(sent, *operation.body);
    request.body = co_await json::parse(checked);
  }
  if (operation.query) co_await api::check_query(call.url(), *operation.query);
  co_await engine::name_user(call, request.caller, request.body);
  const json::Document ids = co_await api::path_ids(match.captures);
  request.character_id = json::string_at(ids, "companion_id").value_or("");
  request.memory_id = json::string_at(ids, "memory_id").value_or("");
  co_return std::move(request);
}

// Makes the entries of a request from the current memories.
using Edit = memory::Rows (*)(const memory::Folded& folded, const MemoryRequest& request,
                              const memory::EditContext& context);

Task<Result<void>> commit(Call& call, MemoryRequest& request, Edit edit) {
  std::array<std::uint8_t, 16> random{};
  runtime::fill_random(call.context(), random);
  const std::string operation = text::make_uuid_v4(random);
  for (int round = 1; round <= kMaximumRounds; ++round) {
    memory::Log log =
        co_await engine::call_function(call.context(), call.database(), database::kReadMemoryLog,
                                       {request.caller.principal, request.character_id});
    const std::int64_t at =
        std::max(runtime::now_ms(call.context()), memory::last_act_at(log.entries) + 1);
    const memory::EditContext context{
        .memory_log_id = log.memory_log_id, .operation = operation, .at = at};
    const auto rows = co_await edit(memory::fold(log.entries), request, context);
    if (rows.empty()) co_return {};
    if (log.entries.size() + rows.size() > kMaximumLogEntries) {
      co_return problem(ErrorCode::body_too_large,
                        "This companion has no room for more: have it forget something first.");
    }
    auto entries = log.entries;
    for (const auto& row : rows) entries.push_back({row, false});
    const memory::Folded folded = memory::fold(entries);
    const bool is_stored =
        co_await engine::call_function(call.context(), call.database(), database::kCommitMemories,
                                       {request.caller.principal, log, rows, folded});
    if (!is_stored) continue;
    // New messages have their ids at this point.
    for (const auto& memory : folded.memories) {
      const auto& ids = memory.entries;
      if (std::find(ids.begin(), ids.end(), rows.front().id) != ids.end()) {
        request.memory_id = memory.id;
      }
    }
    co_return {};
  }
  co_return problem(ErrorCode::database_unavailable,
                    "The memory is being changed all the time: try again.", "lost every race");
}

Task<Result<void>> send_memory(Call& call, const MemoryRequest& request, int status) {
  const std::string envelope = co_await engine::call_function(
      call.context(), call.database(), database::kReadMemory,
      {request.caller.principal, request.character_id, request.memory_id, status});
  co_await engine::send_envelope(call, envelope);
  co_return {};
}

std::optional<std::string_view> text_of(const MemoryRequest& request, std::string_view key) {
  return json::string_at(request.body, key);
}

}  // namespace

Task<Result<void>> add_memory(Call& call, const Match& match) {
  MemoryRequest request = co_await read_memory_request(call, match);
  co_await commit(
      call, request,
      +[](const memory::Folded& folded, const MemoryRequest& wanted,
          const memory::EditContext& context) -> memory::Rows {
        return memory::add(folded, text_of(wanted, "type").value_or("user_fact"),
                           text_of(wanted, "text").value_or(""),
                           json::boolean_at(wanted.body, "is_pinned").value_or(false), context);
      });
  co_await send_memory(call, request, 201);
  co_return {};
}

Task<Result<void>> change_memory(Call& call, const Match& match) {
  MemoryRequest request = co_await read_memory_request(call, match);
  co_await commit(
      call, request,
      +[](const memory::Folded& folded, const MemoryRequest& wanted,
          const memory::EditContext& context) -> memory::Rows {
        return memory::change(folded, wanted.memory_id,
                              {.type = text_of(wanted, "type"),
                               .text = text_of(wanted, "text"),
                               .is_pinned = json::boolean_at(wanted.body, "is_pinned")},
                              context);
      });
  co_await send_memory(call, request, 200);
  co_return {};
}

Task<Result<void>> forget_memory(Call& call, const Match& match) {
  MemoryRequest request = co_await read_memory_request(call, match);
  co_await commit(
      call, request,
      +[](const memory::Folded& folded, const MemoryRequest& wanted,
          const memory::EditContext& context) -> memory::Rows {
        return memory::forget(folded, wanted.memory_id, context);
      });
  co_await engine::send_envelope(call, R"({"body":{"message":"It is forgotten."}})");
  co_return {};
}

}  // namespace fabula::companion_function
