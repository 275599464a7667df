// Calls of SQL functions in PostgREST's format: writes requests and interprets error answers.
#pragma once

#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::database {

// `POST <rest_url>/rpc/<function>` as a request head of wasm/abi/abi.json. An opaque secret key
// goes into `apikey` alone; a JWT of the older kind is also the bearer token.
Result<std::string> rpc_head(std::string_view rest_url, std::string_view secret_key,
                             std::string_view function);

// The Problem for a non-2xx answer. A function refuses with SQLSTATE PTnnn, its message for the
// caller and our code in `details`; `hint` has the seconds to wait, or JSON `{"retry_after_s",
// "members"}` with further members for the caller. Any other answer is a fault of the database,
// whose message goes to the log alone.
Problem problem_of_answer(int status, std::string_view body);

// For an answer of `function` without the promised form: internal_error, with the name as cause.
tl::unexpected<Problem> unexpected_answer(std::string_view function);

}  // namespace fabula::database
