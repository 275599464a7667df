#include "shared/llm/request/attachment.hpp"

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

// "" when it is accepted, else the path and the message about it.
std::string fault(const llm::Endpoint& model, const llm::Attachment& attachment) {
  const std::array attachments = {llm::Attachment{.content = "text"}, attachment};
  const auto checked = llm::check_attachments(model, attachments, "MODEL_SCENE");
  if (checked) return {};
  CHECK(checked.error().code == ErrorCode::invalid_request);
  REQUIRE(checked.error().errors.size() == 1);
  return checked.error().errors[0].path + " " + checked.error().errors[0].message;
}

llm::Attachment by_url(std::string_view url) {
  return {.kind = Kind::image_url, .content = std::string(url)};
}

llm::Attachment bytes(const std::string& media_type) {
  return {.kind = Kind::image_base64, .content = "AAAA", .media_type = media_type};
}

}  // namespace

TEST_CASE("images that a model takes pass, texts always") {
  const auto model = seeing("openai");
  CHECK(fault(model, by_url("https://x.example/a.png")).empty());
  CHECK(fault(model, bytes("image/png")).empty());
  CHECK(fault(model, bytes("image/gif")).empty());
  CHECK(fault({}, {.content = "text"}).empty());
}

TEST_CASE("images for a model that does not see are refused, and the model and its setting named") {
  auto model = seeing("local");
  model.model = "blind";
  model.takes_images = false;
  for (const auto& image : {by_url("https://x.example/a.png"), bytes("image/png")}) {
    const auto told = fault(model, image);
    CAPTURE(told);
    CHECK(told.find("attachments[1] The model of this task, local:blind, sees no images.") == 0);
    CHECK(told.find("MODEL_SCENE") != std::string::npos);
  }
  model.takes_images = true;
  model.fetches_images = false;
  CHECK(fault(model, by_url("https://x.example/a.png")).find("opens no such URL") !=
        std::string::npos);
  CHECK(fault(model, bytes("image/png")).empty());
}

TEST_CASE("providers fetch from the public web alone") {
  for (const std::string_view bad :
       {"", "http://x.example/a.png", "data:image/png;base64,AAAA", "https://localhost/a.png",
        "https://127.0.0.1/a.png", "https://10.0.0.1/a.png", "https://[::1]/a.png",
        "https://user@x.example/", "gs://a/b", "file:///etc/passwd"}) {
    CAPTURE(bad);
    CHECK_FALSE(llm::is_fetched_by_provider(seeing("openai"), bad));
    CHECK(fault(seeing("openai"), by_url(bad)).find("opens no such URL") != std::string::npos);
  }
}

TEST_CASE("bytes must be of a known type") {
  CHECK(fault(seeing("openai"), bytes("image/svg+xml")).find("image/webp or image/gif") !=
        std::string::npos);
  CHECK(fault(seeing("anthropic"), bytes("image/gif")).empty());
  CHECK(fault(seeing("gemini"), bytes("image/gif")).find("or image/webp.") != std::string::npos);
}

TEST_CASE("a URL's ending tells the type") {
  CHECK(llm::image_media_type(by_url("https://x/a.webp#b")) == "image/webp");
  CHECK(llm::image_media_type(by_url("https://x/a.JPEG?b=.png")) == "image/jpeg");
  CHECK(llm::image_media_type(by_url("https://x/")) == "image/jpeg");
  CHECK(llm::image_media_type(bytes("image/gif")) == "image/gif");
}
