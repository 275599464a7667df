// What the endpoints of the dossier have in common: who asks, about which project, and with what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/http/head.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::dossier_function {

struct Request {
  auth::Principal principal;
  std::string project_id;  // of the path, else ""
  json::Document path;     // the ids of the path
  json::Document query;    // the declared parameters; null when the route has none
  json::Document body;     // the declared members; null when the route has none
  std::string if_match;    // ""; any version
};

// Refuses what is not as the route is declared, before anything is looked at.
runtime::Task<Result<Request>> read_request(engine::Call& call, const engine::Match& match);

// Answers with the project's dossier, whose snapshot is brought up to date first if it is behind
// its log.
runtime::Task<Result<void>> send_dossier(engine::Call& call, const auth::Principal& principal,
                                         std::string_view project_id, int status = 200);

// not_found unless the log goes back to the version and has come to it.
Result<void> check_version(const engine::DossierLog& log, std::int64_t version);

// Answers with the page of `items`, an array, that the request's query asks for.
runtime::Task<Result<void>> send_page(engine::Call& call, const Request& request,
                                      const json::Document& items);

}  // namespace fabula::dossier_function
