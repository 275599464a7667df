#include "functions/story/export.hpp"

#include <string>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/database/story.hpp"
#include "shared/http/media_type.hpp"
#include "shared/story/book.hpp"
#include "shared/story/export/export.hpp"
#include "shared/story/export/file_name.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::story_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> export_story(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), headers);
  const json::Document path = co_await api::path_ids(match.captures);
  const std::string checked = co_await api::check_query(call.url(), *match.route.operation->query);
  const json::Document query = co_await json::parse(checked);
  const auto project_id = json::string_at(path, "project_id").value_or("");
  const json::Document stored = co_await engine::call_function(
      call.context(), call.database(), database::kReadStoryExport, {caller.principal, project_id});
  const story::Book book = co_await story::read_book(stored);
  story::ExportedFile file =
      co_await story::export_book(book, json::string_at(query, "format").value_or("md"));
  co_await http::require_acceptable(headers.find("accept"), file.media_type);
  http::Response response;
  response.head.headers.add("content-type", std::string(file.media_type));
  response.head.headers.add("content-disposition", story::content_disposition(file.file_name));
  response.head.headers.add("cache-control", "no-store");
  response.head.headers.add("x-content-type-options", "nosniff");
  response.body = std::move(file.bytes);
  co_await call.send(std::move(response));
  co_return {};
}

}  // namespace fabula::story_function
