// The steps that all dossier endpoints share: reading the request and sending the answer.
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
  std::string if_match;    // "": any version
};

// Checks the request against the route's declaration before doing anything else.
runtime::Task<Result<Request>> read_request(engine::Call& call, const engine::Match& match);

// Sends the project's dossier. A snapshot that is behind its log is first brought up to date.
runtime::Task<Result<void>> send_dossier(engine::Call& call, const auth::Principal& principal,
                                         std::string_view project_id, int status = 200);

// not_found unless the log covers the version.
Result<void> check_version(const engine::DossierLog& log, std::int64_t version);

// Answers with the page of `items`, an array, that the request's query selects.
runtime::Task<Result<void>> send_page(engine::Call& call, const Request& request,
                                      const json::Document& items);

}  // namespace fabula::dossier_function
