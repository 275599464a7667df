#include "shared/http/problem_response.hpp"

#include <utility>

#include "shared/http/allowance.hpp"
#include "shared/json/text.hpp"

namespace fabula::http {
namespace {

constexpr std::string_view kTypePrefix = "urn:fabula:problem:";
constexpr int kUnauthorized = 401;

std::string problem_body(const Problem& problem, std::string_view instance) {
  const auto& about = facts(problem.code);
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key("type").string(std::string(kTypePrefix).append(about.name));
  writer.key("title").string(about.title);
  writer.key("status").integer(about.status);
  if (!problem.detail.empty()) writer.key("detail").string(problem.detail);
  if (!instance.empty()) writer.key("instance").string(instance);
  writer.key("code").string(about.name);
  if (!problem.errors.empty()) {
    writer.key("errors").begin_array();
    for (const auto& error : problem.errors) {
      writer.begin_object();
      writer.key("path").string(error.path);
      writer.key("message").string(error.message);
      writer.end_object();
    }
    writer.end_array();
  }
  for (const auto& member : problem.members) writer.key(member.name).raw(member.json);
  writer.end_object();
  return body;
}

}  // namespace

Response problem_response(const Problem& problem, std::string_view instance) {
  Response response;
  response.head.status = facts(problem.code).status;
  auto& headers = response.head.headers;
  headers.set("content-type", "application/problem+json");
  headers.set("cache-control", "no-store");
  if (problem.retry_after_s > 0) {
    std::string seconds;
    json::append_integer(seconds, problem.retry_after_s);
    headers.set("retry-after", std::move(seconds));
  }
  if (problem.limit > 0) {
    set_allowance(headers, {problem.limit, problem.remaining, problem.retry_after_s});
  }
  if (response.head.status == kUnauthorized) {
    const bool has_credentials = problem.code != ErrorCode::missing_credentials;
    headers.set("www-authenticate", has_credentials ? "Bearer error=\"invalid_token\"" : "Bearer");
  }
  response.body = problem_body(problem, instance);
  return response;
}

}  // namespace fabula::http
