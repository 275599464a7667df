// How the C++ calls a function of the database. Each is declared once, in the header of its area
// beside this one: its name, what it is asked and answers, and when it may be asked again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/result/result.hpp"

namespace fabula::database {

// What is done when the database cannot answer now (database_unavailable). Refusals are final.
struct RetryPolicy {
  int attempts = 1;
  std::uint32_t first_pause_ms =
      0;  // before the second attempt; each further pause is twice as long
  std::uint32_t timeout_ms = 15'000;  // of each attempt; the database's own is shorter
};

// A second call could do harm, or whoever calls tries again in its own time.
inline constexpr RetryPolicy kNever{};
// A read, or what changes nothing twice: a connection that broke is soon there again.
inline constexpr RetryPolicy kOnceMore{.attempts = 2, .first_pause_ms = 200};

struct Declaration {
  std::string_view name;
  RetryPolicy retry;
};

// The body of a call: named arguments, as PostgREST takes them.
inline std::string body_of(std::string_view request_json) {
  return std::string(R"({"request":)").append(request_json).append("}");
}

// A function of which Request and Answer are what they are in C++.
template <class Request, class Answer>
struct Function : Declaration {
  // Appends the request as a JSON object.
  void (*write)(std::string& out, const Request& request);
  // Nothing when the answer's text is not what the function promises. It may be kept.
  std::optional<Answer> (*read)(std::string text);

  std::string request(const Request& what) const {
    std::string text;
    write(text, what);
    return text;
  }

  // The same as body_of(request(what)), with one copy less.
  std::string body(const Request& what) const {
    std::string text = R"({"request":)";
    write(text, what);
    return text.append("}");
  }

  // internal_error for an answer that is not what the function promises.
  Result<Answer> answer(std::string text) const {
    auto value = read(std::move(text));
    if (!value) return unexpected_answer(name);
    return *std::move(value);
  }
};

// Of a function that need not be told anything, and of one whose answer says nothing.
struct NoRequest {};
inline void write_nothing(std::string& out, const NoRequest&) { out.append("{}"); }
struct NoAnswer {};
inline std::optional<NoAnswer> read_nothing(std::string) { return NoAnswer{}; }

// An answer that becomes a response as it is, and is looked at there (shared/api/envelope.hpp).
inline std::optional<std::string> keep_envelope(std::string text) { return text; }

}  // namespace fabula::database
