#include "shared/llm/route/upstream_hosts.hpp"

#include <doctest/doctest.h>

using namespace fabula;
using llm::check_upstream;

namespace {

constexpr std::string_view kAllowed =
    " models.example.com , Models.Example:8443,10.0.0.1,localhost";

bool is_allowed(std::string_view address, bool is_development = false) {
  return check_upstream(address, kAllowed, is_development).has_value();
}

}  // namespace

TEST_CASE("known providers and listed hosts are allowed, over https and at their port") {
  CHECK(is_allowed("https://api.openai.com/v1"));
  CHECK(is_allowed("https://API.OpenAI.com:443/v1"));
  CHECK(is_allowed("https://api.anthropic.com"));
  CHECK(is_allowed("https://models.example.com/anything/v1"));
  CHECK(is_allowed("https://models.example:8443/v1"));
}

TEST_CASE("everything else is refused, with words that say what to do") {
  for (const auto* address : {"http://api.openai.com/v1",
                              "https://api.openai.com:8443/v1",
                              "https://example.com/v1",
                              "https://api.openai.com.example.com/v1",
                              "https://evil-api.openai.com/v1",
                              "https://models.example.com:8443/v1",
                              "https://models.example/v1",
                              "https://sub.models.example.com/v1",
                              "https://models.example.com./v1",
                              "https://user@models.example.com/v1",
                              "https://models.example.com/v1?key=1",
                              "https://models.example.com/../v1",
                              "https://models.example.com\\@evil.example/",
                              "https://10.0.0.1/v1",
                              "https://0x0a.1/v1",
                              "https://[::1]/v1",
                              "https://localhost/v1",
                              "https://169.254.169.254/latest",
                              "ftp://models.example.com",
                              "models.example.com",
                              "",
                              "https://",
                              "file:///etc/passwd"}) {
    CAPTURE(address);
    const auto checked = check_upstream(address, kAllowed, false);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::invalid_request);
    CHECK(checked.error().detail.starts_with("access_path "));
  }
}

TEST_CASE("in development what is listed may be this machine, at any port") {
  CHECK(is_allowed("http://localhost:11434/v1", true));
  CHECK(is_allowed("http://10.0.0.1/v1", true));
  CHECK(is_allowed("http://models.example.com:81/v1", true));
  CHECK_FALSE(is_allowed("http://127.0.0.1:11434/v1", true));
  CHECK_FALSE(is_allowed("http://api.openai.com/v1", true));
  CHECK_FALSE(is_allowed("http://192.168.1.1/v1", true));
}
