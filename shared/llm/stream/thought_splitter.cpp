#include "shared/llm/stream/thought_splitter.hpp"

#include <algorithm>
#include <array>

#include "shared/text/blank.hpp"

namespace fabula::llm {
namespace {

struct Tags {
  std::string_view begin;
  std::string_view end;
};

constexpr std::array kTags = {
    Tags{"<think>", "</think>"},
    Tags{"<thinking>", "</thinking>"},
    Tags{"<seed:think>", "</seed:think>"},
    Tags{"[THINK]", "[/THINK]"},
    Tags{"\u25C1think\u25B7", "\u25C1/think\u25B7"},
};
// The only tag that templates open themselves.
constexpr Tags kUsualTags = kTags.front();

// Typical beginnings of reasoning models: mostly English or Chinese, whatever the user's language,
// and about "the user", which no text for the user says.
constexpr auto kUsualBeginnings = std::to_array<std::string_view>(
    {"Okay, ", "Alright, ", "The user ", "Hmm, the user ", "So the user ", "So, the user ",
     "First, the user ", "Let me think", "We need to ", "We are asked", "I'm asked to ", "用户",
     "好的，用户", "嗯，用户", "首先，用户", "我们需要", "Хорошо, пользователь "});

// Far more than any model's reasoning: a longer text is no reasoning.
constexpr std::size_t kMaximumHeldBytes = std::size_t{128} << 10;
constexpr std::size_t kMaximumBlankBytes = std::size_t{4} << 10;

// Where a text after reasoning begins. An ideographic space belongs to the text: paragraphs begin
// with it.
std::size_t text_begin(std::string_view text) {
  return std::min(text.size(), text.find_first_not_of(" \t\r\n"));
}

// How many bytes at the end of `text` may be the beginning of `tag`.
std::size_t partial_tag_bytes(std::string_view text, std::string_view tag) {
  for (auto bytes = std::min(text.size(), tag.size() - 1); bytes > 0; --bytes) {
    if (tag.starts_with(text.substr(text.size() - bytes))) return bytes;
  }
  return 0;
}

}  // namespace

void ThoughtSplitter::on_text(std::string_view text) {
  if (state_ == State::text) return sink_->on_text(text);
  held_ += text;
  while (settle()) {
  }
}

// A server that sends reasoning separately has removed it from the text.
void ThoughtSplitter::on_reasoning(std::string_view text) {
  is_told_apart_ = true;
  sink_->on_reasoning(text);
}

void ThoughtSplitter::on_tool_call(const ToolCallPart& part) {
  flush();
  sink_->on_tool_call(part);
}

void ThoughtSplitter::flush(bool has_failed) {
  if (state_ == State::text || (has_failed && state_ == State::perhaps_thought)) return;
  if (state_ == State::tagged_thought) {
    tell_reasoning(held_);
    held_.clear();
  } else if (!text::is_blank(held_)) {
    begin_text();
  } else {
    held_.clear();
  }
}

// True when more may be decidable.
bool ThoughtSplitter::settle() {
  switch (state_) {
    case State::beginning:
      return settle_beginning();
    case State::tagged_thought:
      return settle_thought();
    case State::perhaps_thought:
      return settle_perhaps();
    case State::text:
      break;
  }
  return false;
}

bool ThoughtSplitter::settle_beginning() {
  const auto begin = text::leading_blank_bytes(held_);
  const auto rest = std::string_view(held_).substr(begin);
  if (rest.empty()) {
    // No text begins with so many blanks: a model that never stops writing them must not fill the
    // memory.
    if (held_.size() > kMaximumBlankBytes) held_.clear();
    return false;
  }
  if (is_told_apart_) {
    begin_text();
    return false;
  }
  for (const auto& tags : kTags) {
    if (rest.starts_with(tags.begin)) {
      state_ = State::tagged_thought;
      end_tag_ = tags.end;
      held_.erase(0, begin + tags.begin.size());
      return true;
    }
    // A model that is told not to reason ends the block that its template has opened.
    if (rest.starts_with(tags.end)) {
      held_.erase(0, begin + tags.end.size());
      has_thought_ = true;
      return true;
    }
    if (tags.begin.starts_with(rest) || tags.end.starts_with(rest)) return false;
  }
  if (!has_thought_ && form_ == ThoughtForm::likely_untagged) {
    for (const auto beginning : kUsualBeginnings) {
      if (rest.starts_with(beginning)) {
        state_ = State::perhaps_thought;
        return true;
      }
      if (beginning.starts_with(rest)) return false;
    }
  }
  if (!has_thought_ && form_ == ThoughtForm::untagged) {
    state_ = State::perhaps_thought;
    return true;
  }
  begin_text();
  return false;
}

bool ThoughtSplitter::settle_thought() {
  const auto end = held_.find(end_tag_);
  if (end != std::string::npos) {
    end_thought(end, end_tag_.size());
    return true;
  }
  const auto told_bytes = held_.size() - partial_tag_bytes(held_, end_tag_);
  tell_reasoning(std::string_view(held_).substr(0, told_bytes));
  held_.erase(0, told_bytes);
  return false;
}

// A text that contains the opening tag is about tags.
bool ThoughtSplitter::settle_perhaps() {
  const auto end = held_.find(kUsualTags.end);
  if (held_.find(kUsualTags.begin) < end || held_.size() > kMaximumHeldBytes) {
    begin_text();
    return false;
  }
  if (end == std::string::npos) return false;
  end_thought(end, kUsualTags.end.size());
  return true;
}

// Blanks after a block belong to the block.
void ThoughtSplitter::begin_text() {
  state_ = State::text;
  const auto begin = has_thought_ ? text_begin(held_) : 0;
  sink_->on_text(std::string_view(held_).substr(begin));
  held_ = std::string();
}

void ThoughtSplitter::end_thought(std::size_t thought_bytes, std::size_t tag_bytes) {
  tell_reasoning(std::string_view(held_).substr(0, thought_bytes));
  held_.erase(0, thought_bytes + tag_bytes);
  has_thought_ = true;
  state_ = State::beginning;
}

void ThoughtSplitter::tell_reasoning(std::string_view text) {
  if (!text.empty()) sink_->on_reasoning(text);
}

}  // namespace fabula::llm
