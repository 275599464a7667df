// Errors are values: Result<T> holds a T or the Problem that kept it from being made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "shared/result/error_code.hpp"

namespace fabula {

// One fault of an input: `path` names the field as in `attachments[0].url`, "" is the whole body.
struct FieldError {
  std::string path;
  std::string message;
};

// A member that only answers of some refusals have, such as what is left of a plan.
struct ProblemMember {
  std::string name;
  std::string json;  // the value, as JSON text
};

// Why something could not be done, in words that tell the caller what to do. `detail` reaches
// clients: never put a key, a stack, SQL or a foreign service's own text into it; those go to
// `cause`, which is only logged. Its special members are not inline: every Result has them on its
// error path, and that path should cost bytes once.
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
  std::vector<ProblemMember> members;  // for the caller, beside the detail
  int retry_after_s = 0;               // 0: not known
  // A model's provider's own words (llm/stream/provider_message.hpp): never told, and logged only
  // after what they quote has been cut out.
  std::string provider_message;
  std::int64_t max_requests = 0;  // of a rate limit that refuses: how many it allows at once
};

template <class T>
using Result = tl::expected<T, Problem>;

// `return problem(ErrorCode::not_found, "...")` from any function that returns a Result.
tl::unexpected<Problem> problem(ErrorCode code, std::string_view detail,
                                std::string_view cause = {});

}  // namespace fabula
