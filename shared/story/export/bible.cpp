#include <array>

#include "shared/story/export/clean.hpp"
#include "shared/story/export/front_matter.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/markdown_text.hpp"
#include "shared/story/export/writers.hpp"

namespace fabula::story {
namespace {

using Items = json::Document::array_t;

struct Chapter {
  std::string_view key;
  std::string_view heading;
};

constexpr std::array kThings{Chapter{"characters", "Characters"}, Chapter{"locations", "Places"},
                             Chapter{"objects", "Objects"}};
constexpr std::array kTexts{Chapter{"themes", "Themes"}, Chapter{"plot_points", "Plot"}};
constexpr std::array<std::string_view, 4> kSubject{"title", "logline", "genre", "tone"};
constexpr std::array<std::string_view, 6> kShownApart{"id",          "name",          "aliases",
                                                      "description", "relationships", "locked"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& words, std::string_view word) {
  for (const auto known : words) {
    if (known == word) return true;
  }
  return false;
}

const Items& items_at(const json::Document& object, std::string_view key) {
  static const Items kNone;
  const auto* member = json::find(object, key);
  const auto* items = member == nullptr ? nullptr : member->get_ptr<const Items*>();
  return items == nullptr ? kNone : *items;
}

std::string line_of(const json::Document& value) {
  const auto* text = value.get_ptr<const json::Document::string_t*>();
  return text == nullptr ? std::string() : clean_line(*text);
}

// A text, or several separated by commas; "" for other values.
std::string words_of(const json::Document& value) {
  const auto* items = value.get_ptr<const Items*>();
  if (items == nullptr) return line_of(value);
  std::string words;
  for (const auto& item : *items) {
    const auto line = line_of(item);
    if (line.empty()) continue;
    if (!words.empty()) words.append(", ");
    words.append(line);
  }
  return words;
}

std::string words_at(const json::Document& object, std::string_view key) {
  const auto* member = json::find(object, key);
  return member == nullptr ? std::string() : words_of(*member);
}

// "character_arc" is shown as "Character arc".
std::string label(std::string_view field) {
  std::string shown = clean_line(field);
  for (auto& c : shown) {
    if (c == '_') c = ' ';
  }
  if (!shown.empty() && shown[0] >= 'a' && shown[0] <= 'z') {
    shown[0] = static_cast<char>(shown[0] - 'a' + 'A');
  }
  return shown;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += "- **" + markdown(label(name)) + ":** " + markdown(value) + "\n";
}

void append_thing(std::string& out, const json::Document& thing) {
  const auto name = words_at(thing, "name");
  if (name.empty()) return;
  out += "\n### " + markdown(name) + "\n";
  if (const auto description = words_at(thing, "description"); !description.empty()) {
    out += "\n" + markdown(description) + "\n";
  }
  std::string fields;
  append_field(fields, "also called", words_at(thing, "aliases"));
  if (const auto* members = thing.get_ptr<const json::Document::object_t*>()) {
    for (const auto& [field, value] : *members) {
      if (!is_one_of(kShownApart, field)) append_field(fields, field, words_of(value));
    }
  }
  const auto& relations = items_at(thing, "relationships");
  if (!words_at(thing, "relationships").empty()) {
    fields.append("- **Relations:**\n");
    for (const auto& relation : relations) {
      if (const auto line = line_of(relation); !line.empty()) {
        fields += "  - " + markdown(line) + "\n";
      }
    }
  }
  if (!fields.empty()) out += "\n" + fields;
}

void append_texts(std::string& out, const Chapter& chapter, const Items& items) {
  std::string list;
  for (const auto& item : items) {
    if (const auto line = line_of(item); !line.empty()) list += "- " + markdown(line) + "\n";
  }
  if (!list.empty()) out.append("\n## ").append(chapter.heading).append("\n\n").append(list);
}

void append_questions(std::string& out, const Items& questions) {
  std::string list;
  for (const auto& question : questions) {
    const auto line = words_at(question, "text");
    if (line.empty()) continue;
    list += "- " + markdown(line) + "\n";
    for (const auto& candidate : items_at(question, "values")) {
      const auto value = words_at(candidate, "value");
      const auto quote = words_at(candidate, "quote");
      if (value.empty() && quote.empty()) continue;
      list += "  - " + markdown(value.empty() ? quote : value);
      if (!value.empty() && !quote.empty()) list += ": “" + markdown(quote) + "”";
      list.push_back('\n');
    }
  }
  if (!list.empty()) out.append("\n## Open questions\n\n").append(list);
}

}  // namespace

std::string write_bible(const Book& book) {
  const auto title = book_title(book);
  const auto& dossier = book.dossier;
  std::string out = front_matter(book, title);
  out += "\n# " + markdown(title) + "\n";
  std::string subject;
  for (const auto field : kSubject) append_field(subject, field, words_at(dossier, field));
  if (!subject.empty()) out += "\n" + subject;
  for (const auto& chapter : kThings) {
    std::string things;
    for (const auto& thing : items_at(dossier, chapter.key)) append_thing(things, thing);
    if (!things.empty()) out.append("\n## ").append(chapter.heading).append("\n").append(things);
  }
  for (const auto& chapter : kTexts) append_texts(out, chapter, items_at(dossier, chapter.key));
  append_questions(out, items_at(dossier, "open_questions"));
  return out;
}

}  // namespace fabula::story
