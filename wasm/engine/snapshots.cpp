#include "wasm/engine/snapshots.hpp"

#include <cstddef>
#include <utility>

#include "shared/database/snapshot.hpp"
#include "shared/http/head.hpp"
#include "shared/http/percent_encoding.hpp"
#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/fetch.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// Ours have at most 3 MB (private.conversation_snapshot_work). An instance has memory for this text
// and the request that is made of it.
constexpr std::size_t kMaximumSnapshotBytes = std::size_t{6} << 20;
constexpr std::size_t kMaximumStorageAnswerBytes = std::size_t{64} << 10;
constexpr std::uint32_t kStorageTimeoutMs = 15'000;
// The number of orphans that one call deletes: platforms limit the subrequests of one request.
constexpr std::int64_t kMaximumOrphans = 20;

std::string bucket_of(Call& call) {
  return std::string(call.setting_values().text(settings::named("FABULA_STORAGE_BUCKET")));
}

std::string object_path(Call& call, std::string_view conversation_id) {
  return "object/" + http::percent_encode(bucket_of(call)) + "/" +
         http::percent_encode(conversation_id) + ".json";
}

Problem unavailable(std::string cause) {
  return {ErrorCode::database_unavailable,
          "The Storage of this server cannot be used now. Try again in a moment.", cause};
}

Task<Result<Fetched>> ask(Call& call, std::string_view method, std::string_view path,
                          std::string_view body, std::size_t limit_bytes) {
  const auto& settings = call.settings();
  http::RequestHead request{std::string(method), settings.supabase_url + "/storage/v1/", {}};
  request.url.append(path);
  request.headers.add("authorization", "Bearer " + settings.secret_key);
  request.headers.add("apikey", settings.secret_key);
  if (!body.empty()) {
    request.headers.add("content-type", "application/json");
    request.headers.add("x-upsert", "true");
  }
  const std::string head = co_await http::serialize(request);
  auto answer = co_await fetch(
      call.context(),
      {.head = head, .body = body, .limit_bytes = limit_bytes, .timeout_ms = kStorageTimeoutMs});
  if (!answer && answer.error() == FetchFault::too_large) {
    co_return problem(ErrorCode::body_too_large,
                      "The conversation's copy in Storage has more than 6 MiB and cannot be "
                      "restored. Shorten it.");
  }
  if (!answer) co_return tl::unexpected(unavailable("Storage cannot be reached"));
  co_return std::move(*answer);
}

bool is_ok(const Fetched& answer) { return answer.status >= 200 && answer.status < 300; }

// Storage says so with 404, or with 400 and its own status in the body.
bool is_missing(const Fetched& answer) {
  if (answer.status == 404) return true;
  if (answer.status != 400) return false;
  const auto body = json::parse(answer.body);
  if (!body) return false;
  return json::string_at(*body, "statusCode") == "404" ||
         json::string_at(*body, "error") == "not_found";
}

Problem refused_by_storage(const Fetched& answer) {
  return unavailable("Storage answers " + text::integer_text(answer.status) + ": " +
                     answer.body.substr(0, 200));
}

// Two at once may both want to make it: that it is there is what counts.
Task<Result<void>> make_bucket(Call& call) {
  std::string body;
  json::Writer writer(body);
  const auto name = bucket_of(call);
  writer.begin_object().key("id").string(name).key("name").string(name);
  writer.key("public").boolean(false).end_object();
  co_await ask(call, "POST", "bucket", body, kMaximumStorageAnswerBytes);
  co_return {};
}

}  // namespace

Task<Result<void>> write_snapshot(Call& call, std::string_view conversation_id,
                                  std::string_view json) {
  const auto path = object_path(call, conversation_id);
  Fetched answer = co_await ask(call, "POST", path, json, kMaximumStorageAnswerBytes);
  if (is_missing(answer)) {
    co_await make_bucket(call);
    answer = co_await ask(call, "POST", path, json, kMaximumStorageAnswerBytes);
  }
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return {};
}

Task<Result<void>> delete_snapshot(Call& call, std::string_view conversation_id) {
  // By name in the body: every Storage knows this way.
  const std::string path = "object/" + http::percent_encode(bucket_of(call));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("prefixes").begin_array();
  writer.string(std::string(conversation_id) + ".json").end_array().end_object();
  const Fetched answer = co_await ask(call, "DELETE", path, body, kMaximumStorageAnswerBytes);
  if (!is_ok(answer) && !is_missing(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return {};
}

Task<Result<std::string>> read_snapshot(Call& call, std::string_view conversation_id) {
  const auto path = object_path(call, conversation_id);
  Fetched answer = co_await ask(call, "GET", path, {}, kMaximumSnapshotBytes);
  if (is_missing(answer)) {
    co_return problem(ErrorCode::not_found,
                      "There is no such conversation, and no snapshot of it.");
  }
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return std::move(answer.body);
}

Task<Result<std::int64_t>> delete_orphaned_snapshots(Call& call) {
  const database::DeletedSnapshots orphans = co_await call_function(
      call.context(), call.database(), database::kTakeDeletedSnapshots, {kMaximumOrphans});
  database::DeletedSnapshots gone;
  for (const auto& id : orphans.ids) {
    if (co_await runtime::attempt(delete_snapshot(call, id))) gone.ids.push_back(id);
  }
  if (!gone.ids.empty()) {
    co_await call_function(call.context(), call.database(), database::kForgetDeletedSnapshots,
                           gone);
  }
  co_return static_cast<std::int64_t>(gone.ids.size());
}

}  // namespace fabula::engine
