#include "shared/api/location.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/api/endpoints/groups.hpp"

using namespace fabula;

namespace {

constexpr std::string_view kServer = "https://x.supabase.co/functions/v1";

http::Response completed(int status, std::string_view pattern, std::string_view body,
                         const std::vector<http::Capture>& captures = {}) {
  http::Response response;
  response.head.status = status;
  response.body = body;
  api::complete_location(response, pattern, captures, kServer);
  return response;
}

std::string location(const http::Response& response) {
  return std::string(response.head.headers.find("location").value_or(""));
}

}  // namespace

TEST_CASE("what is created is found where its answer and its path say") {
  CHECK(location(completed(201, "/projects/{project_id}", R"({"project_id":"p-1"})")) ==
        "https://x.supabase.co/functions/v1/projects/p-1");
  CHECK(location(completed(201, "/stream/v1/bots/{bot_id}", R"({"bot_id":17})")) ==
        "https://x.supabase.co/functions/v1/stream/v1/bots/17");
  CHECK(location(completed(201, "/users/plans/{plan_name}", "{}", {{"plan_name", "a b"}})) ==
        "https://x.supabase.co/functions/v1/users/plans/a%20b");
  CHECK(location(completed(202, "/a/{one}/b/{two}", R"({"two":"2","one":null})",
                           {{"one", "1"}, {"two", "3"}})) ==
        "https://x.supabase.co/functions/v1/a/1/b/2");
  CHECK(location(completed(201, "/users/me", "{}")) ==
        "https://x.supabase.co/functions/v1/users/me");
}

TEST_CASE("other answers, and those that name nothing, have no location") {
  CHECK(location(completed(200, "/users/me", "{}")).empty());
  CHECK(location(completed(404, "/users/me", "{}")).empty());
  CHECK(location(completed(201, "", "{}")).empty());
  CHECK(location(completed(201, "/projects/{project_id}", R"({"id":"p-1"})")).empty());
  CHECK(location(completed(201, "/projects/{project_id}", "no JSON")).empty());
}

TEST_CASE("a path that an answer gives as status_url becomes an address") {
  const auto response = completed(202, "/t/{task_id}/status",
                                  R"({"task_id":"7", "status_url" : "/t/7/status","a":[1]})");
  CHECK(
      response.body ==
      R"({"task_id":"7", "status_url" : "https://x.supabase.co/functions/v1/t/7/status","a":[1]})");
  CHECK(location(response) == "https://x.supabase.co/functions/v1/t/7/status");
  const std::string_view whole = R"({"task_id":"7","status_url":"https://y.example/t/7"})";
  CHECK(completed(202, "/t/{task_id}/status", whole).body == whole);
  const std::string_view odd = R"({"task_id":"7","status_url":{"a":"/t"}})";
  CHECK(completed(202, "/t/{task_id}/status", odd).body == odd);
}

TEST_CASE("every operation that may create or begin something says where that is") {
  for (const auto& group : api::kGroups) {
    for (const auto& operation : group.operations) {
      CAPTURE(operation.id);
      const auto& answer = operation.answer;
      const bool needs_one =
          answer.status == 201 || answer.status == 202 || answer.may_create || answer.pending;
      CHECK(needs_one == !answer.location.empty());
    }
  }
}
