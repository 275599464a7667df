#include "shared/llm/stream/failure.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "shared/llm/stream/failure_class.hpp"
#include "shared/llm/stream/provider_message.hpp"
#include "shared/llm/stream/retry_wait.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::llm {
namespace {

constexpr std::size_t kMaximumIdentifierBytes = 64;

// For problems that we detect, not the provider.
std::string_view detail_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::provider_unauthorized:
      return detail_of(FailureClass::wrong_key);
    case ErrorCode::provider_rate_limited:
      return detail_of(FailureClass::rate_limited);
    case ErrorCode::provider_refused_request:
      return detail_of(FailureClass::refused);
    case ErrorCode::provider_malformed:
      return "The model's answer could not be read. Try again.";
    case ErrorCode::provider_incomplete:
      return "The model's answer ended before it was complete. Try again.";
    case ErrorCode::provider_timeout:
      return "The model took too long to answer. Try again.";
    default:
      return detail_of(FailureClass::failed);
  }
}

constexpr std::array<std::string_view, 4> kKindMembers = {"code", "type", "status", "error_type"};

// A status as a number or as digits in a text, when it is one.
std::optional<int> status_in(const json::Document& error) {
  for (const auto member : kKindMembers) {
    auto status = json::integer_at(error, member);
    if (const auto digits = json::string_at(error, member)) {
      status = text::parse_integer(*digits);
    }
    if (status && *status >= 400 && *status < 600) return static_cast<int>(*status);
  }
  return std::nullopt;
}

// Words such as `rate_limit_exceeded` and `Throttling.RateQuota`, and short numbers such as `1113`:
// keys are longer, and have both letters and digits.
bool is_identifier(std::string_view word) {
  constexpr std::size_t kMaximumDigits = 6;
  const bool is_number = std::all_of(word.begin(), word.end(), text::is_digit);
  if (word.empty() || is_number) return !word.empty() && word.size() <= kMaximumDigits;
  return word.size() <= kMaximumIdentifierBytes &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return text::is_upper(c) || text::is_lower(c) || c == '_' || c == '.';
         });
}

// The kind of the error, in the provider's own identifiers and numbers.
std::string kinds_of(const json::Document& error) {
  std::string kinds;
  const auto add = [&kinds](std::string_view word) {
    if (!kinds.empty()) kinds += ' ';
    kinds += word;
  };
  for (const auto member : kKindMembers) {
    const auto word = json::string_at(error, member).value_or("");
    if (is_identifier(word)) add(word);
    if (const auto number = json::integer_at(error, member)) add(text::integer_text(*number));
  }
  if (const auto* details = json::find(error, "details"); details && details->is_array()) {
    for (const auto& detail : *details) {
      const auto reason = json::string_at(detail, "reason").value_or("");
      if (is_identifier(reason)) add(reason);
    }
  }
  return kinds.empty() ? "an error without a kind" : kinds;
}

// Rounds up: nobody should retry sooner than the provider asks.
int whole_seconds(std::int64_t wait_ms) { return static_cast<int>((wait_ms + 999) / 1000); }

// The text of an error that is not JSON, unless it is a page of markup.
json::Document plain_error(std::string_view body) {
  constexpr std::size_t kMostBytes = 400;
  const auto text = text::trim(body);
  constexpr std::string_view kMarkup = "<{[";
  if (text.empty() || kMarkup.find(text.front()) != kMarkup.npos) return {};
  std::string words;
  text::append_repaired(words, text.substr(0, kMostBytes));
  return words;
}

Problem problem_of(std::optional<int> status, const json::Document& error, std::string cause,
                   std::int64_t now_ms = 0) {
  auto message = message_in(error);
  const auto failure = classify_failure(status, error, message);
  Problem problem(code_of(failure), detail_of(failure), cause);
  problem.provider_message = std::move(message);
  problem.retry_after_s = whole_seconds(wait_in_error_ms(error, problem.provider_message, now_ms));
  return problem;
}

}  // namespace

Problem provider_problem(ErrorCode code, std::string_view cause) {
  return Problem(code, detail_for(code), cause);
}

Problem classify_reported_error(const json::Document& error) {
  return problem_of(status_in(error), error, kinds_of(error));
}

const json::Document* reported_error(const json::Document& object) {
  const auto* error = json::find(object, "error");
  if (!error || error->is_null()) return nullptr;
  if (const auto* flag = error->get_ptr<const bool*>(); flag && !*flag) return nullptr;
  if (error->is_number() && error->get<double>() == 0) return nullptr;
  if (const auto* text = error->get_ptr<const std::string*>(); text && text->empty())
    return nullptr;
  return error;
}

std::optional<Problem> problem_in_chunk(std::string_view json, bool is_error) {
  const auto document = json::parse(json, json::LoneSurrogates::allowed).value_or(json::Document());
  const auto* error = reported_error(document);
  if (!error && !is_error) return std::nullopt;
  return classify_reported_error(error ? *error : document);
}

Problem classify_http_failure(const FailedAnswer& answer) {
  std::string cause = "HTTP " + text::integer_text(answer.status);
  auto document = json::parse(answer.body_prefix);
  // In streams that are no event streams, Google's errors are in an array.
  const bool is_listed = document && document->is_array() && !document->empty();
  json::Document error = !document ? plain_error(answer.body_prefix)
                                   : std::move(is_listed ? document->front() : *document);
  // If `error` is only a text, the other members beside it have the details.
  if (const auto* inner = json::find(error, "error"); inner && inner->is_object()) {
    error = json::Document(*inner);
  }
  if (document) cause += ": " + kinds_of(error);
  Problem problem = problem_of(answer.status, error, std::move(cause), answer.now_ms);
  const auto wait_ms = std::max(wait_in_header_ms(answer.retry_after, answer.now_ms),
                                wait_in_milliseconds_ms(answer.retry_after_ms));
  if (wait_ms > 0) problem.retry_after_s = whole_seconds(wait_ms);
  return problem;
}

}  // namespace fabula::llm
