// Declares how C++ calls the database's functions. Each is declared once, in its area's header in
// this folder: name, request, answer, and whether it may be called again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/result/result.hpp"

namespace fabula::database {

// Repeats a call that the database could not answer (database_unavailable). Refusals are final.
struct RetryPolicy {
  int attempts = 1;
  std::uint32_t first_pause_ms =
      0;  // before the second attempt; each further pause is twice as long
};

// For calls that may do harm when repeated, or whose callers retry themselves.
inline constexpr RetryPolicy kNever{};
// For reads and idempotent writes: a broken connection is usually back at once.
inline constexpr RetryPolicy kOnceMore{.attempts = 2, .first_pause_ms = 200};

struct Declaration {
  std::string_view name;
  RetryPolicy retry;
};

// The body of a call: named arguments in PostgREST's format.
inline std::string body_of(std::string_view request_json) {
  return std::string(R"({"request":)").append(request_json).append("}");
}

// A function with its request and answer as C++ types.
template <class Request, class Answer>
struct Function : Declaration {
  // Appends the request as a JSON object.
  void (*write)(std::string& out, const Request& request);
  // Nothing when the answer does not have the promised form. The answer may keep the text.
  std::optional<Answer> (*read)(std::string text);

  std::string request(const Request& what) const {
    std::string text;
    write(text, what);
    return text;
  }

  // The same as body_of(request(what)), without the extra copy.
  std::string body(const Request& what) const {
    std::string text = R"({"request":)";
    write(text, what);
    return text.append("}");
  }

  // internal_error for an answer that does not have the promised form.
  Result<Answer> answer(std::string text) const {
    auto value = read(std::move(text));
    if (!value) return unexpected_answer(name);
    return *std::move(value);
  }
};

// For functions without arguments, and for functions without an answer.
struct NoRequest {};
inline void write_nothing(std::string& out, const NoRequest&) { out.append("{}"); }
struct NoAnswer {};
inline std::optional<NoAnswer> read_nothing(std::string) { return NoAnswer{}; }

// An answer that is passed on as the response; envelopes are read in shared/api/envelope.hpp.
inline std::optional<std::string> keep_envelope(std::string text) { return text; }

}  // namespace fabula::database
