// A tool call's arguments put together from values that come one by one, each with the JSON path
// (RFC 9535) of its place: Gemini's `partialArgs`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

class PartialArguments {
 public:
  // Begins anew with `arguments`, which must be an object.
  void assign(json::Document arguments);

  // `partial`: an object with jsonPath and one of stringValue, numberValue, boolValue, nullValue;
  // without any of them it says nothing. A text is appended to the text that is there already,
  // anything else replaces what is there; what a list lacks before an index is null. False when the
  // path is no path to one place, or the arguments would get too large (64 levels, 16,384 values,
  // 1 MiB): they are then unspecified.
  bool add(json::Document&& partial);

  // The arguments so far, as one JSON object.
  std::string text() const { return json::dump(root_); }

 private:
  json::Document* place(std::string_view path);
  json::Document* member(json::Document& parent, std::string name);
  json::Document* element(json::Document& parent, std::uint64_t index);

  json::Document root_ = json::Document::object_t();
  std::size_t bytes_ = 0;
  std::size_t values_ = 0;
};

}  // namespace fabula::llm
