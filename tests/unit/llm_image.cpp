#include <doctest/doctest.h>

#include <map>
#include <string>

#include "shared/json/document.hpp"
#include "shared/llm/answer/image.hpp"
#include "shared/text/base64url.hpp"

using namespace fabula;
using namespace std::string_view_literals;

namespace {

const std::string kPng = std::string("\x89PNG\r\n\x1a\n") + "the rest";
const std::string kJpeg = "\xff\xd8\xff\xe0 the rest";
const std::string kWebp(std::string("RIFF") + "1234" + "WEBPVP8 the rest");

struct Environment final : llm::Settings {
  std::map<std::string, std::string, std::less<>> values{{"OPENAI_API_KEY", "sk-1"},
                                                         {"GEMINI_API_KEY", "g-1"},
                                                         {"HF_TOKEN", "hf_1"},
                                                         {"DEEPSEEK_API_KEY", "d"}};
  std::optional<std::string> find(std::string_view name) const override {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  }
};

Result<llm::Endpoint> model(std::string_view entry) {
  auto route = llm::parse_route(entry, "MODEL_IMAGE");
  REQUIRE(route);
  return llm::resolve_image_model(route->front(), Environment(), false);
}

llm::Provider provider(std::string_view name) { return *llm::find_provider(name); }

ErrorCode code_of_fault(std::string_view name, std::string answer) {
  const auto image = llm::read_image(provider(name), std::move(answer));
  REQUIRE_FALSE(image);
  return image.error().code;
}

}  // namespace

TEST_CASE("what a picture is, by its bytes") {
  CHECK(llm::image_media_type(kPng) == "image/png");
  CHECK(llm::image_media_type(kJpeg) == "image/jpeg");
  CHECK(llm::image_media_type(kWebp) == "image/webp");
  for (const std::string_view other :
       {""sv, "\x89PN"sv, "RIFF"sv, "RIFF1234WAVE"sv, "<svg/>"sv, "GIF89a"sv}) {
    CHECK(llm::image_media_type(other).empty());
  }
}

TEST_CASE("each provider's address and body of a request for a picture") {
  const auto openai = *model("openai:gpt-image-1");
  CHECK(openai.url == "https://api.openai.com/v1/images/generations");
  CHECK(openai.headers.find("authorization") == "Bearer sk-1");
  CHECK(*json::parse(llm::image_request(openai, "A \"lamp\"")) ==
        *json::parse(R"({"model":"gpt-image-1","prompt":"A \"lamp\"","n":1,"size":"1024x1024",)"
                     R"("output_format":"jpeg"})"));
  const auto older = *model("openai:dall-e-3");
  CHECK(json::string_at(*json::parse(llm::image_request(older, "x")), "response_format") ==
        "b64_json");

  const auto gemini = *model("gemini:gemini-2.5-flash-image");
  CHECK(gemini.url ==
        "https://generativelanguage.googleapis.com/v1beta/models/"
        "gemini-2.5-flash-image:generateContent");
  CHECK(gemini.headers.find("x-goog-api-key") == "g-1");
  CHECK(*json::parse(llm::image_request(gemini, "A lamp")) ==
        *json::parse(R"({"contents":[{"role":"user","parts":[{"text":"A lamp"}]}],)"
                     R"("generationConfig":{"responseModalities":["TEXT","IMAGE"]}})"));

  const auto hf = *model("hf:black-forest-labs/FLUX.1-schnell");
  CHECK(hf.url ==
        "https://router.huggingface.co/hf-inference/models/black-forest-labs/FLUX.1-schnell");
  CHECK(hf.headers.find("accept") == "image/png");
  CHECK(llm::image_request(hf, "A lamp") == R"({"inputs":"A lamp"})");

  const auto unknown = model("deepseek:draws");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::no_provider);
}

TEST_CASE("pictures are read from each provider's answer, with its usage") {
  const auto openai = llm::read_image(
      provider("openai"), R"({"created":1,"data":[{"b64_json":")" + text::encode_base64(kPng) +
                              R"("}],"usage":{"input_tokens":9,"output_tokens":272}})");
  REQUIRE(openai);
  CHECK(openai->bytes == kPng);
  CHECK(openai->media_type == "image/png");
  CHECK(openai->usage->output_tokens == 272);

  const auto gemini = llm::read_image(
      provider("gemini"),
      R"({"candidates":[{"content":{"parts":[{"text":"Here"},{"inlineData":{"mimeType":"image/png",)"
      R"("data":")" +
          text::encode_base64(kJpeg) +
          R"("}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,)"
          R"("candidatesTokenCount":1290}})");
  REQUIRE(gemini);
  CHECK(gemini->bytes == kJpeg);
  CHECK(gemini->media_type == "image/jpeg");
  CHECK(gemini->usage->input_tokens == 5);

  const auto hf = llm::read_image(provider("hf"), kWebp);
  REQUIRE(hf);
  CHECK(hf->bytes == kWebp);
  CHECK_FALSE(hf->usage);
}

TEST_CASE("an answer without a picture is told by code") {
  for (const char* answer :
       {"", "{", "[]", "{}", R"({"data":[]})", R"({"data":[{"url":"https://x"}]})",
        R"({"data":[{"b64_json":"not base64!"}]})", R"({"data":[{"b64_json":"PHN2Zy8+"}]})",
        R"({"data":7})", "<html>"}) {
    CAPTURE(answer);
    CHECK(code_of_fault("openai", answer) == ErrorCode::provider_malformed);
  }
  CHECK(code_of_fault("gemini", R"({"candidates":[{"content":{"parts":[{"text":"No."}]},)"
                                R"("finishReason":"STOP"}]})") == ErrorCode::provider_malformed);
  for (const char* answer : {R"({"candidates":[{"finishReason":"IMAGE_SAFETY"}]})",
                             R"({"promptFeedback":{"blockReason":"SAFETY"}})"}) {
    CHECK(code_of_fault("gemini", answer) == ErrorCode::provider_refused_request);
  }
}
