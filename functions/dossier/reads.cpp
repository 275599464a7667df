#include "functions/dossier/reads.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "functions/dossier/request.hpp"
#include "shared/api/envelope.hpp"
#include "shared/dossier/fold/questions.hpp"
#include "shared/dossier/read/diff.hpp"
#include "shared/dossier/read/history.hpp"
#include "shared/dossier/read/provenance.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/dossier_log.hpp"

namespace fabula::dossier_function {

using engine::Call;
using engine::DossierLog;
using engine::Match;
using runtime::Task;

namespace {

// Sends a page of the array that `tell` makes of the dossier.
Task<Result<void>> send_list(Call& call, const Match& match, std::string (*tell)(dossier::Dossier&),
                             bool is_newest_first = false) {
  const Request request = co_await read_request(call, match);
  DossierLog log = co_await engine::read_dossier_log(call, &request.principal, request.project_id);
  json::Document items = co_await json::parse(tell(log.dossier));
  if (auto* array = items.get_ptr<json::Document::array_t*>(); array && is_newest_first) {
    std::reverse(array->begin(), array->end());
  }
  co_await send_page(call, request, items);
  co_return {};
}

// Whether both are the same id; either may be shortened.
bool names(std::string_view id, std::string_view reference) {
  return !reference.empty() && (id.starts_with(reference) || reference.starts_with(id));
}

}  // namespace

Task<Result<void>> read(Call& call, const Match& match) {
  const Request request = co_await read_request(call, match);
  co_await send_dossier(call, request.principal, request.project_id);
  co_return {};
}

Task<Result<void>> list_facts(Call& call, const Match& match) {
  const Request request = co_await read_request(call, match);
  DossierLog log = co_await engine::read_dossier_log(call, &request.principal, request.project_id);
  json::Document items = co_await json::parse(dossier::provenance_json(log.dossier));
  const auto wanted = json::string_at(request.query, "target");
  if (auto* array = items.get_ptr<json::Document::array_t*>(); array && wanted) {
    std::string target(*wanted);
    // A reference to any mention of a thing names the thing.
    if (const auto reference = dossier::parse_reference(target)) {
      if (const auto* entity = log.dossier.entity(*reference))
        target = dossier::reference_text(entity->id);
    }
    std::erase_if(*array, [&target](const json::Document& fact) {
      return !names(json::string_at(fact, "target").value_or(""), target);
    });
  }
  co_await send_page(call, request, items);
  co_return {};
}

Task<Result<void>> list_changes(Call& call, const Match& match) {
  return send_list(call, match, &dossier::history_json, true);
}

Task<Result<void>> list_proposals(Call& call, const Match& match) {
  return send_list(call, match, &dossier::proposals_json);
}

Task<Result<void>> list_questions(Call& call, const Match& match) {
  return send_list(call, match, &dossier::questions_json);
}

Task<Result<void>> read_difference(Call& call, const Match& match) {
  const Request request = co_await read_request(call, match);
  const auto to = json::integer_at(request.query, "to");
  const auto from = json::integer_at(request.query, "from");
  // The second dossier contains all entries of the first.
  const auto* principal = &request.principal;
  DossierLog log =
      co_await engine::read_dossier_log(call, principal, request.project_id, from.value_or(0));
  const auto first = from.value_or(log.log_start);
  const std::string before = dossier::snapshot_json(log.dossier);
  if (to && *to < first) {
    // A reversed range: the first version is the later one.
    log = co_await engine::read_dossier_log(call, principal, request.project_id, *to);
  } else {
    co_await engine::read_on(call, principal, log, to);
  }
  const std::string after = dossier::snapshot_json(log.dossier);
  const auto last = to.value_or(log.head);
  co_await check_version(log, last);

  const json::Document from_document = co_await json::parse(before);
  const json::Document to_document = co_await json::parse(after);
  std::string envelope = "{\"body\":{\"from\":";
  json::append_integer(envelope, first);
  envelope.append(",\"to\":");
  json::append_integer(envelope, last);
  envelope.append(",\"changes\":")
      .append(dossier::diff_json(from_document, to_document))
      .append("}}");
  auto response = co_await api::response_of_envelope(envelope, std::nullopt);
  co_await call.send(std::move(response));
  co_return {};
}

}  // namespace fabula::dossier_function
