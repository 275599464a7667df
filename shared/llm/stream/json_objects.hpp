// Cuts the objects out of a JSON text that comes in pieces cut anywhere: one object alone, or an
// array of them. It looks for their ends only; whether they are JSON is for who reads them.
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

  // The next object that is whole; the view is valid until the following call of next(). What
  // stands between objects is passed over.
  bool next(std::string_view& object);

  // An object was longer than allowed: no object comes any more.
  bool is_too_large() const { return is_too_large_; }

 private:
  std::size_t maximum_object_bytes_;
  std::string_view piece_;  // what is not read yet
  std::string object_;
  std::size_t depth_ = 0;
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool is_too_large_ = false;
};

}  // namespace fabula::llm
