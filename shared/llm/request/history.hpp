// Reads a conversation from the database, JSON text of [{"role", "content"}], without making a
// document of it.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

struct HistoryMessage {
  // The texts between the quotes, checked: they can be inserted into another JSON string as they
  // are.
  std::string_view role;
  std::string_view content;
};

class History {
 public:
  explicit History(std::string_view json) : scanner_(json) { scanner_.enter_array(); }

  // False after the last message, and after a fault.
  bool next(HistoryMessage& message);
  // After next has returned false: whether the whole text was valid.
  bool is_valid() { return !is_incomplete_ && scanner_.finish(); }

 private:
  json::Scanner scanner_;
  bool is_incomplete_ = false;  // a message lacks its role or its content
};

// The text of a conversation's last message; empty when there is none.
std::string last_message(std::string_view history_json);

// Whether a JSON string's contents are only white space.
bool is_blank_json(std::string_view contents);

}  // namespace fabula::llm
