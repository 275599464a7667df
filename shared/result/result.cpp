#include "shared/result/result.hpp"

namespace fabula {

Problem::Problem() = default;
Problem::Problem(ErrorCode error_code, std::string_view detail_for_caller,
                 std::string_view cause_for_log)
    : code(error_code), detail(detail_for_caller), cause(cause_for_log) {}
Problem::Problem(const Problem&) = default;
Problem::Problem(Problem&&) noexcept = default;
Problem& Problem::operator=(const Problem&) = default;
Problem& Problem::operator=(Problem&&) noexcept = default;
Problem::~Problem() = default;

tl::unexpected<Problem> problem(ErrorCode code, std::string_view detail, std::string_view cause) {
  return tl::unexpected<Problem>(Problem(code, detail, cause));
}

}  // namespace fabula
