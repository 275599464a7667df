#include "shared/chat/request.hpp"

#include <string_view>
#include <utility>

#include "shared/text/blank.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::chat {
namespace {

// Collects what is wrong with a body while its fields are read.
class Faults {
 public:
  void add(std::string_view path, std::string_view message) {
    errors_.push_back({std::string(path), std::string(message)});
    only_ids_are_wrong_ = false;
  }
  void add_id(std::string_view path) {
    errors_.push_back({std::string(path), "Send a UUID, as the response's metadata gave it."});
  }
  bool empty() const { return errors_.empty(); }
  Problem problem() && {
    Problem problem;
    problem.code = only_ids_are_wrong_ ? ErrorCode::invalid_id : ErrorCode::invalid_request;
    problem.detail = "The body has faults; `errors` names each field and what it takes.";
    problem.errors = std::move(errors_);
    return problem;
  }

 private:
  std::vector<FieldError> errors_;
  bool only_ids_are_wrong_ = true;
};

// The member's string; nothing when it is absent, null or, which is a fault, no string.
std::optional<std::string_view> read_string(const json::Document& body, std::string_view key,
                                            Faults& faults) {
  const auto* value = json::find(body, key);
  if (!value || value->is_null()) return std::nullopt;
  const auto text = json::string_at(body, key);
  if (!text) faults.add(key, "Send a string.");
  return text;
}

std::string read_text(const json::Document& body, Faults& faults) {
  constexpr std::string_view kPath = "text";
  const auto* value = json::find(body, kPath);
  if (!value || value->is_null()) {
    faults.add(kPath, "This field is required: the user's message as a string.");
    return {};
  }
  const auto text = read_string(body, kPath, faults);
  if (!text) return {};
  if (text::is_blank(*text)) {
    faults.add(kPath, "Send a message that is not blank.");
  } else if (text->size() > kMaximumTextBytes) {
    faults.add(kPath, "Send at most 200000 bytes of UTF-8.");
  } else if (text->find('\0') != std::string_view::npos) {
    faults.add(kPath, "Send text without the character U+0000, which cannot be stored.");
  }
  return std::string(*text);
}

std::optional<std::string> read_id(const json::Document& body, std::string_view key,
                                   Faults& faults) {
  const auto text = read_string(body, key, faults);
  if (!text) return std::nullopt;
  auto id = text::normalize_uuid(*text);
  if (!id) faults.add_id(key);
  return id;
}

}  // namespace

Result<ChatRequest> parse_request(const json::Document& body) {
  Faults faults;
  ChatRequest request;
  if (!body.is_object()) {
    faults.add("", "Send a JSON object.");
    return tl::unexpected(std::move(faults).problem());
  }
  request.text = read_text(body, faults);
  request.session_id = read_id(body, "session_id", faults);
  request.project_id = read_id(body, "project_id", faults);
  request.user_id = read_id(body, "user_id", faults);
  const auto protocol = read_string(body, "protocol", faults);
  if (protocol && *protocol != "fabula") {
    faults.add("protocol", "Send \"fabula\", the only protocol known here, or leave it out.");
  }
  if (!faults.empty()) return tl::unexpected(std::move(faults).problem());
  return request;
}

}  // namespace fabula::chat
