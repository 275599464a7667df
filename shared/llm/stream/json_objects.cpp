#include "shared/llm/stream/json_objects.hpp"

namespace fabula::llm {

bool JsonObjects::next(std::string_view& object) {
  if (depth_ == 0) object_.clear();
  while (!piece_.empty()) {
    const char c = piece_.front();
    piece_.remove_prefix(1);
    if (depth_ == 0 && c != '{') continue;
    if (object_.size() == maximum_object_bytes_) {
      is_too_large_ = true;
      piece_ = {};
      return false;
    }
    object_.push_back(c);
    if (is_in_string_) {
      is_in_string_ = is_escaped_ || c != '"';
      is_escaped_ = !is_escaped_ && c == '\\';
    } else if (c == '"') {
      is_in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      object = object_;
      return true;
    }
  }
  return false;
}

}  // namespace fabula::llm
