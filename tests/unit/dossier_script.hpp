// Plays conversations with a dossier: messages with an extractor's answers, and a person's acts.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/read/history.hpp"
#include "shared/dossier/read/provenance.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/json/document.hpp"

namespace fabula::tests {

using json::Document;

inline std::vector<dossier::Entry> parsed(const std::vector<dossier::EntryRow>& rows) {
  std::vector<dossier::Entry> entries;
  for (const auto& row : rows) {
    if (auto entry = dossier::parse_entry(row)) entries.push_back(std::move(*entry));
  }
  return entries;
}

class DossierScript {
 public:
  static constexpr std::string_view kProject = "0b0e7a52-0000-4000-8000-000000000001";

  // Each message comes a second after the last one.
  std::string message_id(std::size_t number) const { return "message-" + std::to_string(number); }

  // The step's members: say, answer, proposal?, minutes_later? See tests/fixtures/changes_of_mind.
  std::string say(const Document& step) {
    const std::string text(json::string_at(step, "say").value_or(""));
    const auto number = messages.size() + 1;
    const auto id = message_id(number);
    messages[id] = text;
    const auto at = json::integer_at(step, "at").value_or(0);
    now_ += 1000;
    dossier::ExtractionSource source;
    source.project_id = kProject;
    source.message_id = id;
    source.text = messages[id];
    source.end = text.size();
    source.at = at > 0 ? at : now_;
    source.model = "test:extractor";
    source.prompt = "1";
    source.proposal = json::string_at(step, "proposal").value_or("");
    const auto* answer = json::find(step, "answer");
    if (!answer) return "a message needs an answer";
    const auto extraction = dossier::entries_from_answer(*answer, source);
    if (!extraction) return extraction.error().detail;
    if (extraction->without_quote + extraction->without_value + extraction->malformed > 0 &&
        !json::boolean_at(step, "drops").value_or(false)) {
      return "the answer has items that are dropped";
    }
    add(extraction->rows);
    return {};
  }

  void add(const std::vector<dossier::EntryRow>& added) {
    rows.insert(rows.end(), added.begin(), added.end());
    dossier.add(parsed(added));
  }

  dossier::EditContext context() {
    now_ += 1000;
    operation_ = "operation-" + std::to_string(++operations_);
    return {kProject, operation_, now_};
  }

  // "" or why it was refused.
  std::string take(const dossier::Rows& made) {
    if (!made) {
      std::string why = made.error().detail;
      for (const auto& error : made.error().errors) why += " " + error.path + " " + error.message;
      return why.empty() ? "refused" : why;
    }
    add(*made);
    return {};
  }

  void move_path(const std::vector<std::string>& left, const std::vector<std::string>& back) {
    Document::object_t body{
        {"do", "path"}, {"at", now_},  {"sequence", ++sequence_}, {"session_id", "session"},
        {"left", left}, {"back", back}};
    const auto row = dossier::make_row(kProject, dossier::EntryKind::path, "", body);
    if (row) add({*row});
  }

  std::string snapshot() { return dossier::snapshot_json(dossier); }

  // The same entries from scratch, in another order, some of them twice.
  std::string snapshot_in_another_order(std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    auto shuffled = rows;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    dossier::Dossier other;
    for (std::size_t at = 0; at < shuffled.size();) {
      const auto count = std::min<std::size_t>(1 + random() % 7, shuffled.size() - at);
      const std::vector<dossier::EntryRow> part(
          shuffled.begin() + static_cast<std::ptrdiff_t>(at),
          shuffled.begin() + static_cast<std::ptrdiff_t>(at + count));
      other.add(parsed(part));
      if (random() % 3 == 0) other.add(parsed(part));
      if (random() % 3 == 0) other.state();
      at += count;
    }
    return dossier::snapshot_json(other);
  }

  // The fault of the facts' provenance; "" if there is none.
  std::string fault_of_provenance() {
    const auto facts = json::parse(dossier::provenance_json(dossier));
    if (!facts) return "the provenance is no JSON";
    for (const auto& fact : *facts) {
      if (json::string_at(fact, "kind") == std::string_view("user")) continue;
      const auto id = std::string(json::string_at(fact, "message_id").value_or(""));
      const auto quote = json::string_at(fact, "quote");
      const auto* span = json::find(fact, "span");
      const auto text = messages.find(id);
      if (text == messages.end() || !quote || !span || span->size() != 2) return json::dump(fact);
      const auto begin = (*span)[0].get_ptr<const std::uint64_t*>();
      const auto end = (*span)[1].get_ptr<const std::uint64_t*>();
      if (!begin || !end || *end < *begin || *end > text->second.size()) return json::dump(fact);
      if (text->second.substr(*begin, *end - *begin) != *quote) return json::dump(fact);
    }
    return {};
  }

  dossier::Dossier dossier;
  std::vector<dossier::EntryRow> rows;
  std::map<std::string, std::string> messages;

 private:
  std::int64_t now_ = 1'700'000'000'000;
  std::int64_t sequence_ = 0;
  std::uint64_t operations_ = 0;
  std::string operation_;
};

}  // namespace fabula::tests
