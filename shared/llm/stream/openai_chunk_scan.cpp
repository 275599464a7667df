#include <cstdint>

#include "shared/json/scanner.hpp"
#include "shared/llm/stream/openai_chunk.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

using json::Kind;
using json::Scanner;
using json::StringSpan;

// Members that may occur only once in their object; a repetition is unusual.
class OnceOnly {
 public:
  bool is_repeated(unsigned member) {
    const bool repeated = has(member);
    seen_ |= 1U << member;
    return repeated;
  }
  bool has(unsigned member) const { return (seen_ >> member & 1U) != 0; }

 private:
  unsigned seen_ = 0;
};

// Each reader below returns false for anything unusual, including faults.

bool read_text_or_null(Scanner& scanner, StringSpan& string) {
  if (scanner.peek() == Kind::string) return scanner.read_string(string);
  return scanner.peek() == Kind::null && !scanner.skip_value().empty();
}

bool read_null(Scanner& scanner) {
  return scanner.peek() == Kind::null && !scanner.skip_value().empty();
}

bool read_null_or_empty_array(Scanner& scanner) {
  const auto value = scanner.skip_value();
  return value == "null" || value == "[]";
}

// A vendor's object may contain the usage.
bool read_without_usage(Scanner& scanner) {
  const bool is_object = scanner.peek() == Kind::object;
  const auto value = scanner.skip_value();
  if (!is_object) return true;
  return value.find("usage") == std::string_view::npos &&
         value.find('\\') == std::string_view::npos;
}

bool read_count(Scanner& scanner, std::int64_t& count) {
  std::string_view literal;
  if (scanner.peek() != Kind::number || !scanner.read_number(literal)) return false;
  const auto number = text::parse_integer(literal);
  count = number.value_or(-1);
  return count >= 0;
}

bool read_detail_count(Scanner& scanner, std::string_view name, std::int64_t& count) {
  if (scanner.peek() == Kind::null) return read_null(scanner);
  if (scanner.peek() != Kind::object || !scanner.enter_object()) return false;
  StringSpan key;
  OnceOnly once;
  while (scanner.next_member(key)) {
    if (key.has_escapes) return false;
    if (key.contents == name) {
      if (once.is_repeated(0) || !read_count(scanner, count)) return false;
    } else {
      scanner.skip_value();
    }
  }
  return !scanner.failed();
}

bool read_usage(Scanner& scanner, std::optional<Usage>& usage) {
  if (scanner.peek() == Kind::null) return read_null(scanner);
  if (scanner.peek() != Kind::object || !scanner.enter_object()) return false;
  enum : unsigned { input, output, input_details, output_details };
  Usage counts;
  OnceOnly once;
  StringSpan key;
  while (scanner.next_member(key)) {
    if (key.has_escapes) return false;
    const auto name = key.contents;
    if (name == "prompt_tokens") {
      if (once.is_repeated(input) || !read_count(scanner, counts.input_tokens)) return false;
      usage = counts;
    } else if (name == "completion_tokens") {
      if (once.is_repeated(output) || !read_count(scanner, counts.output_tokens)) return false;
      usage = counts;
    } else if (name == "prompt_tokens_details") {
      if (once.is_repeated(input_details)) return false;
      if (!read_detail_count(scanner, "cached_tokens", counts.cached_input_tokens)) return false;
    } else if (name == "completion_tokens_details") {
      if (once.is_repeated(output_details)) return false;
      if (!read_detail_count(scanner, "reasoning_tokens", counts.reasoning_tokens)) return false;
    } else if (name == "cost") {
      return false;  // rare and once per answer: left to the parser
    } else {
      scanner.skip_value();
    }
  }
  if (!usage || scanner.failed()) return false;
  usage = counts;
  return true;
}

struct Delta {
  StringSpan content;
  StringSpan refusal;
  StringSpan reasoning_content;
  StringSpan reasoning;
  bool has_reasoning_details = false;
};

bool read_delta(Scanner& scanner, Delta& delta) {
  if (scanner.peek() == Kind::null) return read_null(scanner);
  if (scanner.peek() != Kind::object || !scanner.enter_object()) return false;
  enum : unsigned { content, refusal, reasoning_content, reasoning, reasoning_details };
  OnceOnly once;
  StringSpan key;
  while (scanner.next_member(key)) {
    if (key.has_escapes) return false;
    const auto name = key.contents;
    if (name == "content") {
      if (once.is_repeated(content) || !read_text_or_null(scanner, delta.content)) return false;
    } else if (name == "refusal") {
      if (once.is_repeated(refusal) || !read_text_or_null(scanner, delta.refusal)) return false;
    } else if (name == "reasoning_content") {
      if (once.is_repeated(reasoning_content)) return false;
      if (!read_text_or_null(scanner, delta.reasoning_content)) return false;
    } else if (name == "reasoning") {
      if (once.is_repeated(reasoning) || !read_text_or_null(scanner, delta.reasoning)) return false;
    } else if (name == "reasoning_details") {
      if (once.is_repeated(reasoning_details)) return false;
      delta.has_reasoning_details = !read_null_or_empty_array(scanner);
    } else if (name == "tool_calls") {
      if (!read_null_or_empty_array(scanner)) return false;
    } else if (name == "function_call") {
      if (!read_null(scanner)) return false;
    } else {
      scanner.skip_value();
    }
  }
  return !scanner.failed();
}

bool read_finish_reason(Scanner& scanner, FinishReason& reason) {
  StringSpan word;
  if (!read_text_or_null(scanner, word) || word.has_escapes) return false;
  reason = finish_reason_named(word.contents);
  return true;
}

void append(StreamChunk& chunk, std::string& out, const StringSpan& string) {
  json::append_unescaped(out, string);
  chunk.has_lone_surrogates |= string.has_lone_surrogates;
}

std::string_view only_contents_of(const Delta& delta, FinishReason finish_reason) {
  if (finish_reason != FinishReason::none || delta.has_reasoning_details) return {};
  std::string_view only;
  for (const auto* string :
       {&delta.content, &delta.refusal, &delta.reasoning_content, &delta.reasoning}) {
    if (string->contents.empty()) continue;
    if (!only.empty()) return {};
    only = string->contents;
  }
  return only;
}

bool read_choice(Scanner& scanner, StreamChunk& chunk) {
  if (scanner.peek() != Kind::object || !scanner.enter_object()) return false;
  enum : unsigned { index, delta, finish_reason };
  OnceOnly once;
  StringSpan key;
  std::int64_t choice_index = 0;
  FinishReason choice_finish_reason = FinishReason::none;
  Delta choice_delta;
  while (scanner.next_member(key)) {
    if (key.has_escapes) return false;
    const auto name = key.contents;
    if (name == "index") {
      if (once.is_repeated(index) || !read_count(scanner, choice_index)) return false;
    } else if (name == "delta") {
      if (once.is_repeated(delta) || !read_delta(scanner, choice_delta)) return false;
    } else if (name == "finish_reason") {
      if (once.is_repeated(finish_reason)) return false;
      if (!read_finish_reason(scanner, choice_finish_reason)) return false;
    } else if (name == "usage" || name == "error") {
      if (!read_null(scanner)) return false;
    } else {
      scanner.skip_value();
    }
  }
  if (scanner.failed()) return false;
  if (choice_index != 0) return true;

  append(chunk, chunk.text, choice_delta.content);
  append(chunk, chunk.text, choice_delta.refusal);
  const bool has_reasoning_content = !choice_delta.reasoning_content.contents.empty();
  const auto& reasoning =
      has_reasoning_content ? choice_delta.reasoning_content : choice_delta.reasoning;
  append(chunk, chunk.reasoning, reasoning);
  chunk.finish_reason = choice_finish_reason;
  chunk.only_contents = only_contents_of(choice_delta, choice_finish_reason);
  return !choice_delta.has_reasoning_details || !chunk.reasoning.empty();
}

bool read_choices(Scanner& scanner, StreamChunk& chunk) {
  if (scanner.peek() == Kind::null) return read_null(scanner);
  if (scanner.peek() != Kind::array || !scanner.enter_array()) return false;
  if (!scanner.next_element()) return !scanner.failed();
  return read_choice(scanner, chunk) && !scanner.next_element() && !scanner.failed();
}

}  // namespace

bool read_usual_openai_chunk(std::string_view json, StreamChunk& chunk) {
  Scanner scanner(json, json::LoneSurrogates::allowed);
  if (scanner.peek() != Kind::object || !scanner.enter_object()) return false;
  enum : unsigned { choices, usage };
  OnceOnly once;
  StringSpan key;
  while (scanner.next_member(key)) {
    if (key.has_escapes) return false;
    const auto name = key.contents;
    if (name == "choices") {
      if (once.is_repeated(choices) || !read_choices(scanner, chunk)) return false;
    } else if (name == "usage") {
      if (once.is_repeated(usage) || !read_usage(scanner, chunk.usage)) return false;
    } else if (name == "object") {
      StringSpan object;
      if (!read_text_or_null(scanner, object)) return false;
      if (object.has_escapes || object.contents == "error") return false;
    } else if (name == "error" || name == "detail" || name == "message") {
      if (!read_null(scanner)) return false;
    } else if (scanner.peek() == Kind::string) {
      StringSpan ignored;
      if (!scanner.read_string(ignored)) return false;
      if (once.has(choices)) chunk.ignored_contents = ignored.contents;
    } else if (!read_without_usage(scanner)) {
      return false;
    }
  }
  if (chunk.usage) chunk.only_contents = {};
  return scanner.finish();
}

}  // namespace fabula::llm
