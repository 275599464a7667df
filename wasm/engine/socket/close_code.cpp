#include "wasm/engine/socket/close_code.hpp"

namespace fabula::engine::close_code {

std::uint32_t of(const Problem& problem) {
  constexpr int kLowestServerError = 500;
  const auto& code = facts(problem.code);
  if (problem.code == ErrorCode::interrupted) return kServiceRestart;
  if (problem.code == ErrorCode::rate_limited || problem.code == ErrorCode::database_unavailable ||
      problem.code == ErrorCode::turn_in_progress) {
    return kTryAgainLater;
  }
  return code.status < kLowestServerError ? kPolicyViolation : kInternalError;
}

bool ends_identity(const Problem& problem) {
  return problem.code == ErrorCode::invalid_token || problem.code == ErrorCode::token_expired ||
         problem.code == ErrorCode::missing_credentials;
}

}  // namespace fabula::engine::close_code
