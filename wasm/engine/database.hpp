// Postgres over Supabase REST: one RPC is one transaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "shared/database/function.hpp"
#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Views of the call's settings.
struct DatabaseSettings {
  std::string_view rest_url;    // such as https://x.supabase.co/rest/v1, without a slash at the end
  std::string_view secret_key;  // opaque, or a service_role JWT of the older kind
};

// More than any of our database functions returns: the token budget limits a turn's history.
inline constexpr std::size_t kMaximumAnswerBytes = std::size_t{4} << 20;

// Calls the function with this body, as often as its declaration allows, and returns its JSON text.
// A refusal that the function raised becomes its code and message; any other failure is
// database_unavailable if a retry may help, else internal_error.
runtime::Task<Result<std::string>> call_with_body(runtime::Context& context,
                                                  DatabaseSettings settings,
                                                  const database::Declaration& function,
                                                  std::string body);

// Part of call_function: reads the function's answer.
template <class Request, class Answer>
runtime::Task<Result<Answer>> read_answer(runtime::Task<Result<std::string>> call,
                                          const database::Function<Request, Answer>& function) {
  std::string text = co_await std::move(call);
  co_return function.answer(std::move(text));
}

// Calls the function with typed values; `request` is serialized before this returns. Also
// internal_error when the answer does not match the function's declaration.
template <class Request, class Answer>
runtime::Task<Result<Answer>> call_function(runtime::Context& context, DatabaseSettings settings,
                                            const database::Function<Request, Answer>& function,
                                            const std::type_identity_t<Request>& request) {
  return read_answer(call_with_body(context, settings, function, function.body(request)), function);
}

}  // namespace fabula::engine
