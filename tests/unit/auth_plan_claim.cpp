#include "shared/auth/plan_claim.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;
using auth::claimed_plan;
using auth::plan_claim_fault;

TEST_CASE("a plan is read at the path of its claim") {
  const std::string payload =
      R"({"app_metadata":{"plan":"pro","billing":{"plan":"basic"},"a.b":"free"},)"
      R"("https://app.example/plan":"writers","plan":"top"})";
  CHECK(claimed_plan(payload, "app_metadata.plan", true) == "pro");
  CHECK(claimed_plan(payload, "app_metadata.billing.plan", true) == "basic");
  CHECK(claimed_plan(payload, "app_metadata.a.b", true) == "free");
  CHECK(claimed_plan(payload, "https://app.example/plan", false) == "writers");
  CHECK(claimed_plan(payload, "plan", false) == "top");
}

TEST_CASE("of Supabase's tokens only app_metadata counts") {
  const std::string payload = R"({"plan":"pro","public_metadata":{"plan":"pro"}})";
  CHECK(claimed_plan(payload, "plan", true).empty());
  CHECK(claimed_plan(payload, "public_metadata.plan", true).empty());
  CHECK(claimed_plan(payload, "public_metadata.plan", false) == "pro");
}

TEST_CASE("a claim that cannot be a plan's name is like none") {
  for (const std::string value :
       {R"("")", "null", "5", "true", "[]", R"(["pro"])", R"({"name":"pro"})", R"("a\u0000b")",
        R"("größer")", R"("two words")"}) {
    CAPTURE(value);
    const std::string payload = R"({"app_metadata":{"plan":)" + value + "}}";
    CHECK(claimed_plan(payload, "app_metadata.plan", true).empty());
  }
  const std::string longest(64, 'a');
  for (const auto& name : {longest, longest + "a"}) {
    CHECK(claimed_plan(R"({"app_metadata":{"plan":")" + name + R"("}})", "app_metadata.plan",
                       true) == (name == longest ? longest : ""));
  }
  CHECK(claimed_plan(R"({"app_metadata":"pro"})", "app_metadata.plan", true).empty());
  CHECK(claimed_plan("{}", "app_metadata.plan", true).empty());
  CHECK(claimed_plan(R"({"":"pro","plan":"pro"})", "", false).empty());
}

TEST_CASE("a path that users could write, or that no token is read at, is a fault") {
  CHECK(plan_claim_fault("", false).empty());
  CHECK(plan_claim_fault("app_metadata.plan", false).empty());
  CHECK(plan_claim_fault("plan", true).empty());
  for (const auto* path : {"user_metadata.plan", "user_metadata", "unsafe_metadata.plan"}) {
    CAPTURE(path);
    CHECK(plan_claim_fault(path, true).find("users write themselves") != std::string_view::npos);
  }
  for (const auto* path : {"plan", "app_metadata", "App_metadata.plan", "role"}) {
    CAPTURE(path);
    CHECK(plan_claim_fault(path, false).find("must begin with app_metadata.") !=
          std::string_view::npos);
  }
  for (const auto& path : {std::string("app_metadata."), std::string(".plan"),
                           "app_metadata." + std::string(256, 'a')}) {
    CHECK(plan_claim_fault(path, true).find("must be a path") != std::string_view::npos);
  }
}
