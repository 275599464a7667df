// Finds the objects in a JSON text that arrives in pieces cut anywhere: a single object, or an
// array of them. It only looks for their ends; the reader must check that they are JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/sse/decoder.hpp"

namespace fabula::llm {

// Usage:
//   objects.feed(piece);
//   std::string_view object;
//   while (objects.next(object)) { ... }
class JsonObjects {
 public:
  explicit JsonObjects(std::size_t maximum_object_bytes = sse::kMaximumEventBytes)
      : maximum_object_bytes_(maximum_object_bytes) {}

  // Takes the next piece, which must stay unchanged until next() has returned false.
  void feed(std::string_view piece) { piece_ = is_too_large_ ? std::string_view() : piece; }

  // The next whole object; the view is valid until the next call of next(). Text between objects is
  // skipped.
  bool next(std::string_view& object);

  // An object was longer than allowed: no further object is returned.
  bool is_too_large() const { return is_too_large_; }

 private:
  std::size_t maximum_object_bytes_;
  std::string_view piece_;  // the unread part
  std::string object_;
  std::size_t depth_ = 0;
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool is_too_large_ = false;
};

}  // namespace fabula::llm
