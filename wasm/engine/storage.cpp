#include "wasm/engine/storage.hpp"

#include <utility>

#include "shared/http/head.hpp"
#include "shared/http/percent_encoding.hpp"
#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"
#include "wasm/engine/fetch.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::size_t kMaximumStorageAnswerBytes = std::size_t{64} << 10;
// The most bytes of a signed URL and the rest of its JSON.
constexpr std::size_t kMaximumSignatureBytes = 2 << 10;
constexpr std::string_view kStorageMediaType = "application/json";

struct StorageRequest {
  std::string_view method;
  std::string_view path;
  std::string_view body = {};
  std::string_view media_type = kStorageMediaType;
  std::size_t limit_bytes = kMaximumStorageAnswerBytes;
};

std::string object_path(const StoredFile& file) {
  std::string path = "object/" + http::percent_encode(file.bucket);
  text::Splitter parts(file.path, '/');
  while (const auto part = parts.next()) path.append("/").append(http::percent_encode(*part));
  return path;
}

Problem storage_unavailable(std::string cause) {
  return {ErrorCode::database_unavailable,
          "The Storage of this server cannot be used now. Try again in a moment.", cause};
}

Task<Result<Fetched>> ask_storage(Call& call, StorageRequest wanted) {
  const auto& settings = call.settings();
  http::RequestHead request{std::string(wanted.method), settings.supabase_url + "/storage/v1/", {}};
  request.url.append(wanted.path);
  request.headers.add("authorization", "Bearer " + settings.secret_key);
  request.headers.add("apikey", settings.secret_key);
  if (!wanted.body.empty()) {
    request.headers.add("content-type", std::string(wanted.media_type));
    request.headers.add("x-upsert", "true");
  }
  const std::string head = co_await http::serialize(request);
  auto answer = co_await fetch(call.context(), {.head = head,
                                                .body = wanted.body,
                                                .limit_bytes = wanted.limit_bytes,
                                                .deadlines = deadlines::kStorage});
  if (!answer && answer.error() == FetchFault::too_large) {
    co_return problem(ErrorCode::body_too_large,
                      "The file in Storage is larger than this server can read.");
  }
  if (!answer) co_return tl::unexpected(storage_unavailable("Storage cannot be reached"));
  co_return std::move(*answer);
}

bool is_ok(const Fetched& answer) { return answer.status >= 200 && answer.status < 300; }

// Storage answers with 404, or with 400 and its own status in the body.
bool is_missing(const Fetched& answer) {
  if (answer.status == 404) return true;
  if (answer.status != 400) return false;
  const auto body = json::parse(answer.body);
  if (!body) return false;
  return json::string_at(*body, "statusCode") == "404" ||
         json::string_at(*body, "error") == "not_found";
}

Problem refused_by_storage(const Fetched& answer) {
  return storage_unavailable("Storage answers " + text::integer_text(answer.status) + ": " +
                             answer.body.substr(0, 200));
}

// Two requests at once may both try to create it: success means that it exists.
Task<Result<void>> make_bucket(Call& call, std::string_view name) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("id").string(name).key("name").string(name);
  writer.key("public").boolean(false).end_object();
  co_await ask_storage(call, {.method = "POST", .path = "bucket", .body = body});
  co_return {};
}

// Supabase's is below /storage/v1 and named signedURL; the embedded one's is complete.
std::string signed_url(const Call& call, const json::Document& entry) {
  const auto below = json::string_at(entry, "signedURL").value_or("");
  const auto whole = json::string_at(entry, "signedUrl").value_or("");
  const auto& origin = call.settings().supabase_url;
  if (!below.empty()) return (origin + "/storage/v1").append(below);
  return whole.empty() ? std::string() : std::string(origin).append(whole);
}

// "" when the file is not there.
Task<Result<std::string>> sign_file(Call& call, StoredFile file, std::int64_t lifetime_seconds) {
  std::string path = object_path(file);
  path.insert(std::string_view("object/").size(), "sign/");
  std::string body;
  json::Writer(body).begin_object().key("expiresIn").integer(lifetime_seconds).end_object();
  const Fetched answer = co_await ask_storage(call, {.method = "POST", .path = path, .body = body});
  if (is_missing(answer)) co_return std::string();
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  const auto entry = json::parse(answer.body);
  co_return entry ? signed_url(call, *entry) : std::string();
}

}  // namespace

Task<Result<void>> write_file(Call& call, StoredFile file, std::string_view media_type,
                              std::string_view bytes) {
  const auto path = object_path(file);
  const StorageRequest request{
      .method = "POST", .path = path, .body = bytes, .media_type = media_type};
  Fetched answer = co_await ask_storage(call, request);
  if (is_missing(answer)) {
    co_await make_bucket(call, file.bucket);
    answer = co_await ask_storage(call, request);
  }
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return {};
}

Task<Result<void>> delete_file(Call& call, StoredFile file) {
  // By name in the body, which every Storage supports.
  const std::string path = "object/" + http::percent_encode(file.bucket);
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("prefixes").begin_array().string(file.path).end_array().end_object();
  const Fetched answer =
      co_await ask_storage(call, {.method = "DELETE", .path = path, .body = body});
  if (!is_ok(answer) && !is_missing(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return {};
}

Task<Result<std::string>> read_file(Call& call, StoredFile file, std::size_t limit_bytes) {
  const auto path = object_path(file);
  Fetched answer =
      co_await ask_storage(call, {.method = "GET", .path = path, .limit_bytes = limit_bytes});
  if (is_missing(answer)) co_return problem(ErrorCode::not_found, "There is no such file.");
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  co_return std::move(answer.body);
}

Task<Result<std::vector<std::string>>> sign_files(Call& call, std::string_view bucket,
                                                  std::span<const std::string> paths,
                                                  std::int64_t lifetime_seconds) {
  std::vector<std::string> urls(paths.size());
  if (paths.empty()) co_return urls;
  const std::string path = "object/sign/" + http::percent_encode(bucket);
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("expiresIn").integer(lifetime_seconds).key("paths").begin_array();
  for (const auto& one : paths) writer.string(one);
  writer.end_array().end_object();
  const Fetched answer = co_await ask_storage(
      call, {.method = "POST",
             .path = path,
             .body = body,
             .limit_bytes = kMaximumStorageAnswerBytes + paths.size() * kMaximumSignatureBytes});
  if (is_missing(answer)) {
    // The embedded Storage signs only one file at a time.
    for (std::size_t place = 0; place < paths.size(); ++place) {
      urls[place] = co_await sign_file(call, {bucket, paths[place]}, lifetime_seconds);
    }
    co_return urls;
  }
  if (!is_ok(answer)) co_return tl::unexpected(refused_by_storage(answer));
  const auto entries = json::parse(answer.body);
  if (!entries || !entries->is_array() || entries->size() != paths.size()) {
    co_return tl::unexpected(storage_unavailable("Storage has not signed what it was asked for"));
  }
  std::size_t place = 0;
  for (const auto& entry : *entries) urls[place++] = signed_url(call, entry);
  co_return urls;
}

}  // namespace fabula::engine
