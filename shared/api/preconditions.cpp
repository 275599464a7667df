#include "shared/api/preconditions.hpp"

#include "shared/text/ascii.hpp"

namespace fabula::api {

Result<void> check_preconditions(const Operation& operation, const http::Headers& headers) {
  if (operation.method == "GET") return {};
  if (headers.find("if-none-match")) {
    return problem(ErrorCode::precondition_failed,
                   "If-None-Match is for reading: send a change without it, or with If-Match and "
                   "the ETag that you have.");
  }
  const auto if_match = headers.find("if-match");
  if (if_match && !operation.takes_if_match && text::trim(*if_match) != "*") {
    return problem(ErrorCode::precondition_failed,
                   "There is no ETag to compare with here: send this without If-Match.");
  }
  return {};
}

}  // namespace fabula::api
