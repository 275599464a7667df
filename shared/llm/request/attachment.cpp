#include "shared/llm/request/attachment.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "shared/http/url.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

struct ImageType {
  std::string_view ending;
  std::string_view media_type;
};

constexpr std::string_view kJpeg = "image/jpeg";
constexpr std::string_view kGif = "image/gif";
// The types that OpenAI and Anthropic accept; Gemini accepts all but GIF.
constexpr std::array kImageTypes = {
    ImageType{".jpg", kJpeg},         ImageType{".jpeg", kJpeg}, ImageType{".png", "image/png"},
    ImageType{".webp", "image/webp"}, ImageType{".gif", kGif},
};

// Old names that browsers and servers still use.
struct OtherName {
  std::string_view name;
  std::string_view media_type;
};
constexpr std::array kOtherNames = {
    OtherName{"image/jpg", kJpeg},
    OtherName{"image/pjpeg", kJpeg},
    OtherName{"image/x-png", "image/png"},
};

std::string_view registered_name(std::string_view media_type) {
  for (const auto& type : kImageTypes) {
    if (text::equal_ignoring_case(media_type, type.media_type)) return type.media_type;
  }
  for (const auto& other : kOtherNames) {
    if (text::equal_ignoring_case(media_type, other.name)) return other.media_type;
  }
  return media_type;
}

bool is_taken(std::string_view media_type, WireFormat format) {
  if (format == WireFormat::gemini && media_type == kGif) return false;
  return std::any_of(kImageTypes.begin(), kImageTypes.end(),
                     [&](const ImageType& type) { return type.media_type == media_type; });
}

// "" when the model accepts it.
std::string fault_of(const Endpoint& model, const Attachment& attachment,
                     std::string_view setting) {
  if (attachment.kind == Attachment::Kind::text) return {};
  const std::string name = std::string(model.provider->name) + ":" + model.model;
  if (!model.takes_images) {
    return "The model of this task, " + name +
           ", sees no images. Leave it out, or name a model that does in " + std::string(setting) +
           " (in FABULA_VISION_MODELS too, if it is not known to).";
  }
  if (attachment.kind == Attachment::Kind::image_url &&
      !is_fetched_by_provider(model, attachment.content)) {
    return "The model of this task, " + name + ", opens no such URL.";
  }
  if (is_taken(image_media_type(attachment), model.provider->format)) return {};
  return model.provider->format == WireFormat::gemini
             ? "The image must be image/jpeg, image/png or image/webp."
             : "The image must be image/jpeg, image/png, image/webp or image/gif.";
}

}  // namespace

std::string_view image_media_type(const Attachment& image) {
  if (!image.media_type.empty()) return registered_name(image.media_type);
  if (image.kind != Attachment::Kind::image_url) return kJpeg;
  const std::string_view content = image.content;
  const auto path = content.substr(0, content.find_first_of("?#"));
  for (const auto& type : kImageTypes) {
    if (path.size() > type.ending.size() &&
        text::equal_ignoring_case(path.substr(path.size() - type.ending.size()), type.ending)) {
      return type.media_type;
    }
  }
  return kJpeg;
}

bool is_fetched_by_provider(const Endpoint& model, std::string_view url) {
  const auto parsed = http::parse_url(url);
  return model.fetches_images && parsed && parsed->scheme == "https" &&
         !http::is_loopback(parsed->host) && !http::is_ip_literal(parsed->host);
}

Result<void> check_attachments(const Endpoint& model, std::span<const Attachment> attachments,
                               std::string_view setting) {
  std::vector<FieldError> errors;
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    auto fault = fault_of(model, attachments[i], setting);
    if (fault.empty()) continue;
    errors.push_back({"attachments[" + text::integer_text(static_cast<std::int64_t>(i)) + "]",
                      std::move(fault)});
  }
  if (errors.empty()) return {};
  auto refusal = problem(ErrorCode::invalid_request,
                         "The attachments cannot be sent to the model. See `errors`.");
  refusal.value().errors = std::move(errors);
  return refusal;
}

}  // namespace fabula::llm
