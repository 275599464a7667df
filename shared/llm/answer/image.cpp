#include "shared/llm/answer/image.hpp"

#include <cstdint>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/text/base64url.hpp"

namespace fabula::llm {
namespace {

Problem without_picture(std::string_view cause) {
  return provider_problem(ErrorCode::provider_malformed, cause);
}

std::optional<Usage> image_usage(const json::Document* usage, std::string_view input,
                                 std::string_view output) {
  if (!usage) return std::nullopt;
  const auto read = json::integer_at(*usage, input);
  const auto written = json::integer_at(*usage, output);
  if (!read && !written) return std::nullopt;
  return Usage{.input_tokens = read.value_or(0), .output_tokens = written.value_or(0)};
}

Result<Image> image_of(std::string bytes, std::optional<Usage> usage) {
  const auto media_type = image_media_type(bytes);
  if (media_type.empty()) {
    return tl::unexpected(without_picture("bytes that are no PNG, JPEG or WebP"));
  }
  return Image{std::move(bytes), media_type, usage};
}

Result<Image> image_of_base64(std::string_view text, std::optional<Usage> usage) {
  auto bytes = text::decode_base64(text);
  if (!bytes) return tl::unexpected(without_picture("a picture that is no base64"));
  return image_of(*std::move(bytes), usage);
}

// The first element of an array member.
const json::Document* first_element(const json::Document& object, std::string_view key) {
  const auto* array = json::find(object, key);
  return array && array->is_array() && !array->empty() ? &array->front() : nullptr;
}

Result<Image> read_openai(const json::Document& answer) {
  const auto* picture = first_element(answer, "data");
  const auto base64 = picture ? json::string_at(*picture, "b64_json") : std::nullopt;
  if (!base64) return tl::unexpected(without_picture("an answer without b64_json"));
  return image_of_base64(*base64,
                         image_usage(json::find(answer, "usage"), "input_tokens", "output_tokens"));
}

Result<Image> read_gemini(const json::Document& answer) {
  const auto usage =
      image_usage(json::find(answer, "usageMetadata"), "promptTokenCount", "candidatesTokenCount");
  const auto* candidate = first_element(answer, "candidates");
  const auto* content = candidate ? json::find(*candidate, "content") : nullptr;
  const auto* parts = content ? json::find(*content, "parts") : nullptr;
  if (parts && parts->is_array()) {
    for (const auto& part : *parts) {
      const auto* data = json::find(part, "inlineData");
      const auto base64 = data ? json::string_at(*data, "data") : std::nullopt;
      if (base64) return image_of_base64(*base64, usage);
    }
  }
  const auto reason = candidate ? json::string_at(*candidate, "finishReason") : std::nullopt;
  if (!candidate || (reason && *reason != "STOP" && *reason != "MAX_TOKENS")) {
    return tl::unexpected(provider_problem(ErrorCode::provider_refused_request, "no picture"));
  }
  return tl::unexpected(without_picture("an answer without inlineData"));
}

}  // namespace

std::string_view image_media_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
  if (bytes.starts_with("RIFF"sv) && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP"sv) {
    return "image/webp";
  }
  return {};
}

std::string image_request(const Endpoint& endpoint, std::string_view prompt) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (endpoint.provider->format == WireFormat::gemini) {
    writer.key("contents").begin_array().begin_object().key("role").string("user");
    writer.key("parts").begin_array().begin_object().key("text").string(prompt);
    writer.end_object().end_array().end_object().end_array();
    writer.key("generationConfig").begin_object();
    writer.key("responseModalities").begin_array().string("TEXT").string("IMAGE").end_array();
    writer.end_object();
  } else if (endpoint.provider->name == "hf") {
    writer.key("inputs").string(prompt);
  } else {
    writer.key("model").string(endpoint.model).key("prompt").string(prompt);
    writer.key("n").integer(1).key("size").string("1024x1024");
    // GPT's image models always answer with base64 and refuse the older models' field for it.
    if (endpoint.model.find("gpt-image") != std::string::npos) {
      // A JPEG is much smaller than a PNG, and looks the same to readers.
      writer.key("output_format").string("jpeg");
    } else {
      writer.key("response_format").string("b64_json");
    }
  }
  writer.end_object();
  return body;
}

Result<Image> read_image(const Provider& provider, std::string answer) {
  // Hugging Face answers with the image's bytes, some of its servers with JSON around them.
  if (!image_media_type(answer).empty()) return image_of(std::move(answer), std::nullopt);
  const auto document = json::parse(answer);
  if (!document || !document->is_object()) {
    return tl::unexpected(without_picture("an answer that is no JSON object"));
  }
  // Base64 and its bytes are large, so the text is freed here.
  answer = std::string();
  if (const auto* error = reported_error(*document)) {
    return tl::unexpected(classify_reported_error(*error));
  }
  return provider.format == WireFormat::gemini ? read_gemini(*document) : read_openai(*document);
}

}  // namespace fabula::llm
