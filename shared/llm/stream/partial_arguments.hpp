// A tool call's arguments, built from values that arrive one by one, each with the JSON path (RFC
// 9535) of its place: Gemini's `partialArgs`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

class PartialArguments {
 public:
  // Starts again with `arguments`, which must be an object.
  void assign(json::Document arguments);

  // `partial`: an object with jsonPath and one of stringValue, numberValue, boolValue, nullValue;
  // without any of them it has no effect. A text is appended to an existing text, any other value
  // replaces an existing one; missing elements of a list before an index become null. False when
  // the path does not name one place, or the arguments would get too large (64 levels, 16,384
  // values, 1 MiB): they are then unspecified.
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
