#include "shared/story/prose.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "shared/dossier/import/headings.hpp"
#include "shared/story/prose_lines.hpp"
#include "shared/story/talk.hpp"

namespace fabula::story {
namespace {

// A story has at most a few lines of talk around it.
constexpr int kMostTalkLines = 24;
// A longer line is a paragraph of the story.
constexpr std::size_t kMaximumTalkLineBytes = 1500;
constexpr std::string_view kBlankCharacters = " \t\r\n";

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(kBlankCharacters);
  if (first == std::string_view::npos) return text.substr(0, 0);
  return text.substr(first, text.find_last_not_of(kBlankCharacters) - first + 1);
}

std::string_view without_thoughts_before(std::string_view reply) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  constexpr std::string_view kBegin = "<think>";
  constexpr std::string_view kEnd = "</think>";
  if (reply.starts_with(kByteOrderMark)) reply.remove_prefix(kByteOrderMark.size());
  reply = without_blanks(reply);
  if (!reply.starts_with(kBegin)) return reply;
  const auto end = reply.find(kEnd);
  if (end == std::string_view::npos) return reply.substr(reply.size());
  return without_blanks(reply.substr(end + kEnd.size()));
}

// The sentences of a line, each with the blanks after it; one may also end with a colon.
std::vector<std::string_view> sentences_of(std::string_view line) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (std::string_view(".!?:").find(line[i]) == std::string_view::npos) continue;
    auto end = line.find_first_not_of(".!?:*_)]", i);
    if (end == std::string_view::npos) break;
    if (line[end] != ' ') continue;
    end = std::min(line.find_first_not_of(' ', end), line.size());
    sentences.push_back(line.substr(begin, end - begin));
    begin = end;
    i = end - 1;
  }
  if (begin < line.size()) sentences.push_back(line.substr(begin));
  return sentences;
}

// Finds how many bytes of the reply are the model's talk before the story.
class Opening {
 public:
  Opening(std::string_view reply, const ProseTitles& titles) : reply_(reply), titles_(titles) {}

  std::size_t read() {
    for (int i = 0; i < kMostTalkLines && at_ < reply_.size() && !is_story_; ++i) {
      at_ = std::min(reply_.find_first_not_of(kBlankCharacters, at_), reply_.size());
      const auto end = std::min(reply_.find('\n', at_), reply_.size());
      read_line(without_blanks(reply_.substr(at_, end - at_)), end);
    }
    return taken_;
  }

 private:
  void read_line(std::string_view line, std::size_t end) {
    if (line.empty() || line.size() > kMaximumTalkLineBytes) {
      read_sentences(line.substr(0, kMaximumTalkLineBytes));
      is_story_ = true;
    } else if (is_fence(line) || is_prose_heading(line, titles_)) {
      at_ = taken_ = end;
    } else if (dossier::is_break_line(line)) {
      // A rule alone may belong to the story.
      at_ = end;
      if (taken_ > 0) taken_ = end;
    } else {
      read_sentences(line);
      if (!is_story_) at_ = end;
    }
  }

  void read_sentences(std::string_view line) {
    for (const auto sentence : sentences_of(line)) {
      const auto talk = opening_talk(sentence);
      if (talk == Talk::none) {
        is_story_ = true;
        return;
      }
      at_ += sentence.size();
      // An uncertain line is talk only next to other talk.
      if (talk == Talk::certain || (talk == Talk::more && may_be_talk_)) has_talk_ = true;
      may_be_talk_ = true;
      if (has_talk_) taken_ = at_;
    }
  }

  std::string_view reply_;
  const ProseTitles& titles_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;
  bool may_be_talk_ = false;
  bool has_talk_ = false;
  bool is_story_ = false;
};

// Finds where the story ends, in a reply without its opening.
class Closing {
 public:
  explicit Closing(std::string_view reply) : reply_(reply), at_(reply.size()), end_(reply.size()) {}

  std::size_t read() {
    for (int i = 0; i < kMostTalkLines && !is_story_; ++i) {
      const auto last =
          at_ == 0 ? std::string_view::npos : reply_.find_last_not_of(kBlankCharacters, at_ - 1);
      if (last == std::string_view::npos) break;
      const auto before = reply_.rfind('\n', last);
      const auto begin = before == std::string_view::npos ? 0 : before + 1;
      read_line(without_blanks(reply_.substr(begin, last + 1 - begin)), begin);
    }
    return end_;
  }

 private:
  void read_line(std::string_view line, std::size_t begin) {
    at_ = begin;
    if (line.size() > kMaximumTalkLineBytes) {
      cut_last_question(line);
    } else if (is_fence(line) || is_end_mark(line) || is_prose_heading(line, {})) {
      end_ = begin;
    } else if (dossier::is_break_line(line)) {
      if (end_ < reply_.size()) end_ = begin;
    } else if (is_offer(line)) {
      end_ = begin;
    } else {
      cut_last_question(line);
    }
  }

  static bool is_offer(std::string_view line) {
    const auto sentences = sentences_of(line);
    constexpr std::size_t kMostSentences = 6;
    if (sentences.empty() || sentences.size() > kMostSentences || has_speech(line)) return false;
    // "Note: I've kept ..." is one statement.
    const auto first = closing_talk(sentences.front());
    if (first == Talk::certain || closing_talk(line) == Talk::certain) return true;
    return first == Talk::more &&
           std::any_of(sentences.begin(), sentences.end(),
                       [](auto sentence) { return closing_talk(sentence) == Talk::certain; });
  }

  // "And she was gone. Would you like me to continue?"
  void cut_last_question(std::string_view line) {
    is_story_ = true;
    if (!line.ends_with('?') || has_speech(line)) return;
    constexpr std::size_t kMaximumQuestionBytes = 300;
    const auto tail_begin =
        line.size() > kMaximumQuestionBytes ? line.size() - kMaximumQuestionBytes : 0;
    const auto sentences = sentences_of(line.substr(tail_begin));
    if (sentences.size() < 2 || closing_talk(sentences.back()) != Talk::certain) return;
    end_ = static_cast<std::size_t>(sentences.back().data() - reply_.data());
  }

  std::string_view reply_;
  std::size_t at_;
  std::size_t end_;
  bool is_story_ = false;
};

}  // namespace

Prose trim_talk(std::string_view reply, const ProseTitles& titles) {
  reply = without_thoughts_before(reply);
  Prose prose;
  const auto begin = Opening(reply, titles).read();
  prose.before = without_blanks(reply.substr(0, begin));
  const auto rest = reply.substr(begin);
  const auto end = Closing(rest).read();
  prose.behind = without_blanks(rest.substr(end));
  prose.text = without_blanks(rest.substr(0, end));
  return prose;
}

}  // namespace fabula::story
