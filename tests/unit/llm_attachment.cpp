#include "shared/llm/attachment.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace fabula;

namespace {

using Kind = llm::Attachment::Kind;

llm::Endpoint seeing(std::string_view provider) {
  llm::Endpoint model;
  model.provider = llm::find_provider(provider);
  REQUIRE(model.provider);
  model.takes_images = true;
  model.fetches_images = true;
  return model;
}

// "" when it is taken, else the path and what is said of it.
std::string fault(const llm::Endpoint& model, const llm::Attachment& attachment) {
  const std::array attachments = {llm::Attachment{.content = "text"}, attachment};
  const auto checked = llm::check_attachments(model, attachments);
  if (checked) return {};
  CHECK(checked.error().code == ErrorCode::invalid_request);
  REQUIRE(checked.error().errors.size() == 1);
  return checked.error().errors[0].path + " " + checked.error().errors[0].message;
}

llm::Attachment by_url(std::string_view url) { return {.kind = Kind::image_url, .content = url}; }

llm::Attachment bytes(std::string_view base64, std::string_view media_type = "image/png") {
  return {.kind = Kind::image_base64, .content = base64, .media_type = media_type};
}

}  // namespace

TEST_CASE("images that a model takes pass, texts always") {
  const auto model = seeing("openai");
  CHECK(fault(model, by_url("https://x.example/a.png")).empty());
  CHECK(fault(model, bytes("AAAA")).empty());
  CHECK(fault(model, bytes("AAA=")).empty());
  CHECK(fault(model, bytes("AA==", "image/gif")).empty());
  CHECK(fault({}, {.content = "text"}).empty());
}

TEST_CASE("images for a model that does not see are refused") {
  auto model = seeing("local");
  model.takes_images = false;
  CHECK(fault(model, by_url("https://x.example/a.png")).find("attachments[1].url is an image") ==
        0);
  CHECK(fault(model, bytes("AAAA")).find("attachments[1].data is an image") == 0);
  model.takes_images = true;
  model.fetches_images = false;
  CHECK(fault(model, by_url("https://x.example/a.png")).find("Send the image") !=
        std::string::npos);
  CHECK(fault(model, bytes("AAAA")).empty());
}

TEST_CASE("URLs must be of the public web") {
  for (const std::string_view bad :
       {"", "http://x.example/a.png", "data:image/png;base64,AAAA", "https://localhost/a.png",
        "https://127.0.0.1/a.png", "https://10.0.0.1/a.png", "https://[::1]/a.png",
        "https://user@x.example/", "gs://a/b", "file:///etc/passwd"}) {
    CAPTURE(bad);
    CHECK(fault(seeing("openai"), by_url(bad)).find("attachments[1].url must be an https") == 0);
  }
}

TEST_CASE("bytes must be base64 of a known type") {
  for (const std::string_view bad : {"", "AAA", "AA-_", "A===", "====", "AA=A", "AAAA\n"}) {
    CAPTURE(bad);
    CHECK(fault(seeing("openai"), bytes(bad)) ==
          "attachments[1].data must be the image in base64.");
  }
  CHECK(fault(seeing("openai"), bytes("AAAA", "image/svg+xml")).find("attachments[1].media_type") ==
        0);
  CHECK(fault(seeing("anthropic"), bytes("AAAA", "image/gif")).empty());
  CHECK(fault(seeing("gemini"), bytes("AAAA", "image/gif")).find("image/webp.") !=
        std::string::npos);
}

TEST_CASE("a URL's ending tells the type") {
  CHECK(llm::image_media_type(by_url("https://x/a.webp#b")) == "image/webp");
  CHECK(llm::image_media_type(by_url("https://x/a.JPEG?b=.png")) == "image/jpeg");
  CHECK(llm::image_media_type(by_url("https://x/")) == "image/jpeg");
  CHECK(llm::image_media_type(bytes("AAAA", "image/gif")) == "image/gif");
}
