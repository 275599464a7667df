#include "shared/llm/attachment.hpp"

#include <algorithm>
#include <array>
#include <string>

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
// What OpenAI and Anthropic take; Gemini takes all but GIF.
constexpr std::array kImageTypes = {
    ImageType{".jpg", kJpeg},         ImageType{".jpeg", kJpeg}, ImageType{".png", "image/png"},
    ImageType{".webp", "image/webp"}, ImageType{".gif", kGif},
};

bool is_taken(std::string_view media_type, WireFormat format) {
  if (format == WireFormat::gemini && media_type == kGif) return false;
  return std::any_of(kImageTypes.begin(), kImageTypes.end(),
                     [&](const ImageType& type) { return type.media_type == media_type; });
}

bool is_base64(std::string_view text) {
  const auto last = text.find_last_not_of('=');
  if (text.size() % 4 != 0 || last == std::string_view::npos || text.size() - last > 3) {
    return false;
  }
  const auto digits = text.substr(0, last + 1);
  return std::all_of(digits.begin(), digits.end(),
                     [](char c) { return text::is_alphanumeric(c) || c == '+' || c == '/'; });
}

bool is_elsewhere(std::string_view url) {
  const auto parsed = http::parse_url(url);
  return parsed && parsed->scheme == "https" && !http::is_loopback(parsed->host) &&
         !http::is_ip_literal(parsed->host);
}

struct Fault {
  std::string_view member;
  std::string_view message;  // "": none
};

Fault fault_of(const Endpoint& model, const Attachment& attachment) {
  const bool is_url = attachment.kind == Attachment::Kind::image_url;
  const std::string_view member = is_url ? ".url" : ".data";
  if (!model.takes_images) {
    return {member, "is an image, which the model of this task does not see. Leave it out."};
  }
  if (is_url && !model.fetches_images) {
    return {member, "is a URL, which the model of this task does not open. Send the image itself."};
  }
  if (is_url && !is_elsewhere(attachment.content)) {
    return {member, "must be an https URL with a host name."};
  }
  if (!is_url && !is_base64(attachment.content)) {
    return {member, "must be the image in base64."};
  }
  if (!is_taken(image_media_type(attachment), model.provider->format)) {
    return {".media_type", model.provider->format == WireFormat::gemini
                               ? "must be image/jpeg, image/png or image/webp."
                               : "must be image/jpeg, image/png, image/webp or image/gif."};
  }
  return {};
}

}  // namespace

std::string_view image_media_type(const Attachment& image) {
  if (!image.media_type.empty()) return image.media_type;
  if (image.kind != Attachment::Kind::image_url) return kJpeg;
  const auto path = image.content.substr(0, image.content.find_first_of("?#"));
  for (const auto& type : kImageTypes) {
    if (path.size() > type.ending.size() &&
        text::equal_ignoring_case(path.substr(path.size() - type.ending.size()), type.ending)) {
      return type.media_type;
    }
  }
  return kJpeg;
}

Result<void> check_attachments(const Endpoint& model, std::span<const Attachment> attachments) {
  std::vector<FieldError> errors;
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    if (attachments[i].kind == Attachment::Kind::text) continue;
    const auto fault = fault_of(model, attachments[i]);
    if (fault.message.empty()) continue;
    errors.push_back({"attachments[" + text::integer_text(static_cast<std::int64_t>(i)) + "]" +
                          std::string(fault.member),
                      std::string(fault.message)});
  }
  if (errors.empty()) return {};
  auto refusal = problem(ErrorCode::invalid_request,
                         "The attachments cannot be sent to the model. See `errors`.");
  refusal.value().errors = std::move(errors);
  return refusal;
}

}  // namespace fabula::llm
