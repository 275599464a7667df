#include "shared/dossier/fold/ask.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "shared/dossier/fold/decisions.hpp"
#include "shared/dossier/fold/snapshot_writer.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

// A question with more values would be unusable.
constexpr std::size_t kMaximumValues = 16;
constexpr std::size_t kMaximumQuotedBytes = 200;

Reference question_id(const Log& log, QuestionKind kind, std::string_view field,
                      const std::vector<EntryIndex>& entries) {
  std::vector<Digest> ids;
  for (const auto index : entries) ids.push_back(log.entries[index].id);
  std::sort(ids.begin(), ids.end());
  std::string content(name(kind));
  content.append("\n").append(field);
  content.reserve(content.size() + 65 * ids.size());
  for (const auto& id : ids) content.append("\n").append(digest_text(id));
  return sha256(content)[0];
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  out += clean_text(text, kMaximumQuotedBytes);
  out += '"';
  return out;
}

std::string words_of(std::string_view field) {
  std::string words(field);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string text_of(const Clash& clash, std::string_view field, std::string_view name) {
  std::string text(name);
  if (!text.empty()) text += ": ";
  if (clash.kind == QuestionKind::contradiction) {
    text += words_of(field) + " ";
    for (std::size_t i = 0; i < clash.values.size(); ++i) {
      if (i > 0) text += " or ";
      text += in_quotes(clash.values[i]);
    }
    return text + "?";
  }
  text += clash.is_emptied ? "you left the " + words_of(field) + " empty"
                           : "your " + words_of(field) + " is " + in_quotes(clash.values.front());
  text += "; the story now says ";
  for (std::size_t i = clash.is_emptied ? 0 : 1; i < clash.values.size(); ++i) {
    text += in_quotes(clash.values[i]) + (i + 1 < clash.values.size() ? ", " : ".");
  }
  return text;
}

}  // namespace

Question ask(const Log& log, Clash clash, Reference target, std::string_view name) {
  if (clash.values.size() > kMaximumValues) {
    clash.values.resize(kMaximumValues);
    clash.entries.resize(kMaximumValues);
  }
  const auto& field = log.fields.at(clash.field);
  Question question;
  question.id = question_id(log, clash.kind, field, clash.entries);
  question.kind = clash.kind;
  question.text = text_of(clash, field, name);
  question.field = clash.field;
  question.target = target;
  question.entries = std::move(clash.entries);
  question.values = std::move(clash.values);
  question.seen = std::move(clash.seen);
  append_question(question.json, log, question);
  return question;
}

Question ask(const Log& log, const Item& item) {
  Question question;
  question.id = item.id;
  question.text = item.text;
  question.entries.push_back(item.entries.front());
  question.values.push_back(log.entries[item.entries.front()].text);
  question.seen = item.entries;
  append_question(question.json, log, question);
  return question;
}

std::vector<Question> ask_about_names(const Folding& folding,
                                      const std::vector<Entity>& characters) {
  const Log& log = folding.log;
  struct Named {
    std::uint32_t name;
    std::uint32_t character;
  };
  std::vector<Named> named;
  for (std::uint32_t i = 0; i < characters.size(); ++i) {
    auto name = characters[i].name_value;
    if (name == kNone)
      name = log.values.find(comparable(log.ontology(), field::kName, characters[i].name));
    if (name != kNone) named.push_back({name, i});
  }
  std::sort(named.begin(), named.end(), [](const Named& a, const Named& b) {
    return std::tie(a.name, a.character) < std::tie(b.name, b.character);
  });
  std::vector<SlotDecision> decisions;
  bool has_decisions = false;
  const auto slots_of = [&](std::uint32_t character) {
    std::vector<std::uint32_t> slots;
    for (const auto mention : characters[character].mentions) {
      slots.push_back(log.links[mention].slot);
    }
    return slots;
  };
  const auto are_told_apart = [&](std::uint32_t first, std::uint32_t second) {
    if (!has_decisions) decisions = find_decisions(log, folding.activity, folding.records);
    has_decisions = true;
    for (const auto one : slots_of(first)) {
      for (const auto other : slots_of(second)) {
        if (log.slots[one].delivery == log.slots[other].delivery) return true;
        const bool is_decided =
            std::any_of(decisions.begin(), decisions.end(), [&](const SlotDecision& each) {
              return std::minmax(each.first, each.second) == std::minmax(one, other);
            });
        if (is_decided) return true;
      }
    }
    return false;
  };
  const auto is_dismissed = [&](Reference id) {
    for (EntryIndex i = 0; i < log.entries.size(); ++i) {
      const Entry& entry = log.entries[i];
      const bool is_it = entry.act == Act::resolve && entry.question == id;
      if (is_it && folding.activity[i] == Status::shown) return true;
    }
    return false;
  };
  std::vector<Question> questions;
  for (std::size_t i = 0; i < named.size();) {
    auto end = i;
    while (end < named.size() && named[end].name == named[i].name) ++end;
    Question question;
    question.kind = QuestionKind::ambiguous_name;
    for (auto k = i; k < end && question.entries.size() < kMaximumValues; ++k) {
      const bool is_clear =
          std::all_of(named.begin() + static_cast<std::ptrdiff_t>(i),
                      named.begin() + static_cast<std::ptrdiff_t>(end), [&](const Named& other) {
                        return other.character == named[k].character ||
                               are_told_apart(named[k].character, other.character);
                      });
      if (is_clear) continue;
      const Entity& character = characters[named[k].character];
      question.entries.push_back(character.mentions.front());
      question.values.push_back(character.name);
      question.seen.insert(question.seen.end(), character.mentions.begin(),
                           character.mentions.end());
    }
    i = end;
    if (question.entries.size() < 2) continue;
    question.id = question_id(log, question.kind, "", question.entries);
    question.text = "Is " + in_quotes(question.values.front()) + " one character, or are they " +
                    text::integer_text(static_cast<std::int64_t>(question.entries.size())) + "?";
    if (is_dismissed(question.id)) continue;
    append_question(question.json, log, question);
    questions.push_back(std::move(question));
  }
  return questions;
}

void put_in_order(const Log& log, std::vector<Question>& questions) {
  const auto arose = [&log](const Question& question) {
    std::uint32_t last = 0;
    for (const auto index : question.entries) last = std::max(last, log.ranks[index]);
    return last;
  };
  struct Place {
    std::uint32_t arose;
    Reference id;
    std::uint32_t question;
  };
  std::vector<Place> places;
  places.reserve(questions.size());
  for (const auto& question : questions) {
    places.push_back({arose(question), question.id, static_cast<std::uint32_t>(places.size())});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.arose, a.id, a.question) < std::tie(b.arose, b.id, b.question);
  });
  std::vector<Question> sorted;
  sorted.reserve(questions.size());
  for (const auto& place : places) sorted.push_back(std::move(questions[place.question]));
  questions.swap(sorted);
}

}  // namespace fabula::dossier
