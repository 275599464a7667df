// Errors are values: Result<T> holds a T, or the Problem that prevented it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "shared/result/error_code.hpp"

namespace fabula {

// One fault of an input: `path` names the field, such as `attachments[0].url`; "" is the whole
// body.
struct FieldError {
  std::string path;
  std::string message;
};

// A member that only some refusals have, such as the remainder of a plan.
struct ProblemMember {
  std::string name;
  std::string json;  // the value, as JSON text
};

// Why something failed, in words that tell the caller what to do. `detail` reaches clients: never
// put a key, a stack, SQL or a foreign service's own text into it; those go to `cause`, which is
// only logged. Its special members are not inline: every Result has them on its error path, and
// that path should cost bytes once.
struct Problem {
  Problem();
  Problem(ErrorCode error_code, std::string_view detail_for_caller, std::string_view cause_for_log);
  Problem(const Problem&);
  Problem(Problem&&) noexcept;
  Problem& operator=(const Problem&);
  Problem& operator=(Problem&&) noexcept;
  ~Problem();

  ErrorCode code = ErrorCode::internal_error;
  std::string detail;
  std::string cause;
  std::vector<FieldError> errors;
  std::vector<ProblemMember> members;  // for the caller, besides the detail
  int retry_after_s = 0;               // 0: unknown
  // The model provider's own message (llm/stream/provider_message.hpp): never sent to clients, and
  // logged only without its quotations.
  std::string provider_message;
  // The limit that is reached, and how much of it is left, for the headers RateLimit-*; 0: none.
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
};

template <class T>
using Result = tl::expected<T, Problem>;

// Use `return problem(ErrorCode::not_found, "...")` in any function that returns a Result.
tl::unexpected<Problem> problem(ErrorCode code, std::string_view detail,
                                std::string_view cause = {});

}  // namespace fabula
