#include "functions/dossier/changes.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "functions/dossier/request.hpp"
#include "shared/database/project.hpp"
#include "shared/dossier/edit/edit.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::dossier_function {

using dossier::Dossier;
using dossier::EditContext;
using engine::Call;
using engine::DossierLog;
using engine::Match;
using runtime::Task;

namespace {

// Makes the entries of a request. `other` is the dossier at the version that the request names, if
// any.
using Edit = dossier::Rows (*)(Dossier& dossier, Dossier& other, const Request& request,
                               const EditContext& context);

constexpr std::string_view kSnapshot = "snapshot_json";

std::string new_uuid(Call& call) {
  std::array<std::uint8_t, 16> random{};
  runtime::fill_random(call.context(), random);
  return text::make_uuid_v4(random);
}

// A member of the body or an id of the path; "" when it is missing.
std::string_view member(const json::Document& object, std::string_view key) {
  return json::string_at(object, key).value_or("");
}

// The request's snapshot, which is required or was added by us.
const json::Document& snapshot_of(const Request& request) {
  return *json::find(request.body, kSnapshot);
}

std::vector<std::string> texts(const json::Document* array) {
  std::vector<std::string> all;
  if (!array) return all;
  for (const auto& item : *array) {
    if (const auto* text = item.get_ptr<const std::string*>()) all.push_back(*text);
  }
  return all;
}

// Adds the edit's entries to the project's log.
Task<Result<void>> change_log(Call& call, const Request& request, std::string_view project_id,
                              std::string_view if_match, Edit edit) {
  const auto* principal = &request.principal;
  DossierLog log = co_await engine::read_dossier_log(call, principal, project_id);
  DossierLog other;
  if (const auto version = json::integer_at(request.path, "version")) {
    co_await check_version(log, *version);
    other = co_await engine::read_dossier_log(call, principal, project_id, *version);
  }
  if (!if_match.empty() && if_match != text::integer_text(log.head)) {
    co_return problem(ErrorCode::precondition_failed,
                      "It has changed since you read it: read it again and decide anew.");
  }
  const std::string operation = new_uuid(call);
  const EditContext context{
      .project_id = project_id, .operation = operation, .at = runtime::now_ms(call.context())};
  const std::vector<dossier::EntryRow> rows =
      co_await edit(log.dossier, other.dossier, request, context);
  // With If-Match the version is checked even if there are no rows.
  if (!rows.empty() || !if_match.empty()) {
    co_await engine::commit_to_dossier(call, principal, log, rows, if_match);
  }
  co_return {};
}

Task<Result<void>> change(Call& call, const Match& match, Edit edit) {
  const Request request = co_await read_request(call, match);
  co_await change_log(call, request, request.project_id, request.if_match, edit);
  co_await send_dossier(call, request.principal, request.project_id);
  co_return {};
}

dossier::Rows replace_edit(Dossier& dossier, Dossier&, const Request& request,
                           const EditContext& context) {
  return dossier::replace(dossier, snapshot_of(request), context);
}

// Creates the project for a dossier that begins without one.
Task<Result<std::string>> create_project(Call& call, const Match& match, const Request& request) {
  auto name = member(request.body, "name");
  if (name.empty()) name = member(snapshot_of(request), "title");
  constexpr std::string_view kUntitled = "Untitled";
  constexpr std::size_t kMaximumNameBytes = 200;
  if (text::is_blank(name) || name.size() > kMaximumNameBytes) {
    if (member(request.body, "name").empty()) name = kUntitled;
  }
  const std::string asked = database::kCreateProject.request({request.principal, name});
  std::string answer =
      co_await engine::call_once(call, match, request.body, database::kCreateProject, asked);
  database::CreatedProject project = co_await database::kCreateProject.answer(std::move(answer));
  co_return std::move(project.project_id);
}

// Fills the dossier of a project that a request with an Idempotency-Key has made, unless an earlier
// or concurrent one has.
Task<Result<void>> fill_once(Call& call, const Request& request, std::string_view project_id) {
  const auto log = co_await engine::read_dossier_log(call, &request.principal, project_id);
  if (log.dossier.entries().empty()) {
    const auto filled = co_await runtime::attempt(
        change_log(call, request, project_id, text::integer_text(log.head), &replace_edit));
    if (!filled && filled.error().code != ErrorCode::precondition_failed) {
      co_return tl::unexpected(filled.error());
    }
  }
  co_await send_dossier(call, request.principal, project_id, 201);
  co_return {};
}

}  // namespace

Task<Result<void>> create_dossier(Call& call, const Match& match) {
  Request request = co_await read_request(call, match);
  if (!json::find(request.body, kSnapshot)) {
    request.body[std::string(kSnapshot)] = json::Document::object();
  }
  std::string project_id(member(request.body, "project_id"));
  std::string if_match;
  if (project_id.empty()) {
    // Checks the request before anything is created.
    Dossier none;
    const std::string operation = new_uuid(call);
    const auto rows = dossier::replace(none, snapshot_of(request),
                                       {.project_id = request.project_id, .operation = operation});
    if (!rows) co_return tl::unexpected(rows.error());
    project_id = co_await create_project(call, match, request);
    const std::string key = co_await engine::idempotency_key(call);
    if (!key.empty()) {
      co_return co_await runtime::attempt(fill_once(call, request, project_id));
    }
  } else {
    const auto log = co_await engine::read_dossier_log(call, &request.principal, project_id);
    if (!log.dossier.entries().empty()) {
      co_return problem(ErrorCode::precondition_failed,
                        "This project's dossier is not empty: replace it with PUT, or add to it "
                        "with PATCH.");
    }
    if_match = text::integer_text(log.head);
  }
  co_await change_log(call, request, project_id, if_match, &replace_edit);
  co_await send_dossier(call, request.principal, project_id, 201);
  co_return {};
}

Task<Result<void>> replace_dossier(Call& call, const Match& match) {
  return change(call, match, &replace_edit);
}

Task<Result<void>> merge_dossier(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::merge(dossier, snapshot_of(request), context);
      });
}

Task<Result<void>> restore_version(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier& other, const Request&, const EditContext& context) {
        return dossier::restore(dossier, other, context);
      });
}

Task<Result<void>> undo_change(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::undo(dossier, member(request.body, "change"), context);
      });
}

Task<Result<void>> redo_change(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::redo(dossier, member(request.body, "change"), context);
      });
}

Task<Result<void>> remove_entry(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::remove(dossier, member(request.path, "entry_id"), context);
      });
}

Task<Result<void>> decide_proposals(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::decide(dossier, texts(json::find(request.body, "accept")),
                               texts(json::find(request.body, "reject")), context);
      });
}

Task<Result<void>> accept_proposal(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::accept(dossier, member(request.path, "proposal_id"), context);
      });
}

Task<Result<void>> reject_proposal(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::reject(dossier, member(request.path, "proposal_id"), context);
      });
}

Task<Result<void>> split_character(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        std::vector<std::vector<std::string>> parts;
        if (const auto* sent = json::find(request.body, "parts")) {
          for (const auto& part : *sent) {
            parts.push_back(texts(json::find(part, "mentions")));
          }
        }
        return dossier::split(dossier, member(request.path, "character_id"), parts, context);
      });
}

Task<Result<void>> merge_characters(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::merge_characters(dossier, texts(json::find(request.body, "ids")),
                                         json::boolean_at(request.body, "same").value_or(true),
                                         context);
      });
}

Task<Result<void>> lock_field(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::lock(dossier, member(request.body, "id"), member(request.body, "field"),
                             context);
      });
}

Task<Result<void>> unlock_field(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::unlock(dossier, member(request.body, "id"), member(request.body, "field"),
                               context);
      });
}

Task<Result<void>> resolve_question(Call& call, const Match& match) {
  return change(
      call, match,
      +[](Dossier& dossier, Dossier&, const Request& request, const EditContext& context) {
        return dossier::resolve(
            dossier, member(request.path, "question_id"),
            {.choose = member(request.body, "choose"), .dismiss = member(request.body, "dismiss")},
            context);
      });
}

}  // namespace fabula::dossier_function
