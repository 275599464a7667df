#include "shared/story/synopsis.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "generated/prompts.hpp"
#include "shared/story/material.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kFirstSentenceBytes = 160;

std::string_view first_sentence(std::string_view text) {
  constexpr std::array<std::string_view, 6> kEnds{". ", "! ", "? ", "。", "！", "？"};
  auto end = text.size();
  for (const auto mark : kEnds) {
    const auto at = text.find(mark);
    if (at != std::string_view::npos) end = std::min(end, at + mark.size());
  }
  return cut_to(text.substr(0, end), kFirstSentenceBytes, Keep::beginning);
}

struct Line {
  std::string heading;
  std::string text;
  std::size_t size() const { return heading.size() + text.size() + 1; }
};

Line line_of(std::string_view kind, std::int64_t number, std::string_view title,
             std::string_view text) {
  Line line{std::string(kind).append(" ").append(text::integer_text(number)), one_line(text)};
  if (!title.empty()) line.heading.append(" (").append(one_line(title)).append(")");
  line.heading.append(": ");
  return line;
}

// Whether the text contains a word that identifies the person: "Mara" or "Olsen" of "Mara Olsen".
bool names_word_of(std::string_view text, std::string_view name) {
  constexpr std::size_t kFewestBytes = 3;
  text::Splitter words(name, ' ');
  while (const auto word = words.next()) {
    if (word->size() >= kFewestBytes && text.find(*word) != std::string_view::npos) return true;
  }
  return false;
}

struct Subject {
  std::string_view kind;  // such as "character"
  std::string_view name;  // such as "Mara Olsen"
};

// Lines have the form "- character: Mara Olsen; age: 34".
Subject subject_of(std::string_view line) {
  if (line.starts_with("- ")) line.remove_prefix(2);
  const auto colon = line.find(": ");
  if (colon == std::string_view::npos) return {};
  const auto rest = line.substr(colon + 2);
  return {line.substr(0, colon), rest.substr(0, rest.find(';'))};
}

constexpr int kNotForWriters = -1;

int importance(std::string_view line, std::string_view characters, std::string_view plan) {
  // Whether the line asks the person for something.
  const auto missing = prompts::kToldFacts.text.substr(0, prompts::kToldFacts.text.find('{'));
  if (line.find(missing) != std::string_view::npos) return kNotForWriters;
  const auto subject = subject_of(line);
  const bool is_thing =
      subject.kind == "character" || subject.kind == "location" || subject.kind == "object";
  if (is_thing) {
    if (names_word_of(characters, subject.name)) return 3;
    return names_word_of(plan, subject.name) ? 2 : 0;
  }
  return subject.kind.starts_with("plot") ? 0 : 1;
}

}  // namespace

std::string synopsis(const State& state, std::size_t budget_bytes) {
  std::vector<Line> lines;
  for (const auto& chapter : state.chapters) {
    if (chapter.recap.empty()) continue;
    lines.push_back(line_of("Chapter", chapter.plan.number, chapter.plan.title, chapter.recap));
  }
  for (const auto& recap : state.recaps) {
    if (!recap.text.empty()) {
      lines.push_back(line_of("Scene", recap.number, recap.title, recap.text));
    }
  }
  std::size_t size = 0;
  for (const auto& line : lines) size += line.size();
  for (auto line = lines.begin(); size > budget_bytes && line != lines.end(); ++line) {
    size -= line->size();
    line->text = std::string(first_sentence(line->text));
    size += line->size();
  }
  auto first = lines.begin();
  for (; size > budget_bytes && first != lines.end(); ++first) size -= first->size();
  std::string text;
  for (; first != lines.end(); ++first) {
    text.append(text.empty() ? "" : "\n").append(first->heading).append(first->text);
  }
  return text;
}

std::vector<std::string> facts_for_scene(const std::vector<std::string>& facts,
                                         const ScenePlan& plan, std::size_t budget_bytes) {
  std::string characters;
  for (const auto& name : plan.characters) characters.append(name).append("\n");
  std::string words = plan.title + "\n" + plan.description + "\n";
  for (const auto& event : plan.key_events) words.append(event).append("\n");

  std::vector<std::pair<int, const std::string*>> ranked;
  for (const auto& fact : facts) {
    const auto rank = importance(fact, characters, words);
    if (rank != kNotForWriters) ranked.emplace_back(rank, &fact);
  }
  // The facts are in one vector, so their addresses give their order.
  std::sort(ranked.begin(), ranked.end(), [](const auto& one, const auto& other) {
    return one.first != other.first ? one.first > other.first : one.second < other.second;
  });
  std::vector<std::string> chosen;
  std::size_t size = 0;
  for (const auto& [rank, fact] : ranked) {
    if (size + fact->size() + 1 > budget_bytes) continue;
    size += fact->size() + 1;
    chosen.push_back(*fact);
  }
  return chosen;
}

}  // namespace fabula::story
