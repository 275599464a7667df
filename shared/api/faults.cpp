#include "shared/api/faults.hpp"

#include <utility>

namespace fabula::api {

void Faults::add(std::string_view path, std::string message, FaultKind kind) {
  if (kind == FaultKind::value) are_only_ids_wrong_ = false;
  if (errors_.size() < kMaximumTold) errors_.push_back({std::string(path), std::move(message)});
}

Problem Faults::problem(std::string_view part) && {
  Problem problem;
  problem.code = are_only_ids_wrong_ ? ErrorCode::invalid_id : ErrorCode::invalid_request;
  problem.detail = "The ";
  problem.detail += part;
  problem.detail += " has faults; `errors` names each field and what it takes";
  problem.detail += errors_.size() < kMaximumTold ? "." : ", the first 20 of them.";
  problem.errors = std::move(errors_);
  return problem;
}

}  // namespace fabula::api
