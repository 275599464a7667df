// Assigns a partial name of several people to the one whose full name is in the quotes.
#include <algorithm>
#include <string>
#include <utility>

#include "shared/dossier/identity/mentions.hpp"
#include "shared/dossier/identity/name_in_text.hpp"
#include "shared/dossier/log/folding.hpp"

namespace fabula::dossier::identity {
namespace {

// If more full names share a word, quotes are not searched for them.
constexpr std::size_t kMaximumCandidates = 64;

}  // namespace

void Mentions::take_quoted_names(std::span<const Quotes> quotes) {
  if (quotes.empty()) return;
  // Full names, by each of their words.
  std::vector<std::vector<Index>> whole_names(vocabulary.size());
  for (Index f = 0; f < forms.size(); ++f) {
    if (forms[f].name->kind != NameKind::person || !forms[f].is_full()) continue;
    for (const auto word : forms[f].words) {
      auto& of_word = whole_names[word];
      const bool is_known = !of_word.empty() && of_word.back() == f;
      if (!is_known && of_word.size() < kMaximumCandidates) of_word.push_back(f);
    }
  }
  std::vector<std::pair<Index, Index>> additions;  // record and form
  for (Index r = 0; r < records.size(); ++r) {
    auto& record = records[r];
    if (record.listed.empty() || quotes[record.input].empty()) continue;
    const auto& name = forms[record.listed.front()];
    if (name.name->kind != NameKind::person || name.words.size() != 1) continue;
    const auto& candidates = whole_names[name.words.front()];
    if (candidates.size() < 2 || lists_whole_name(record)) continue;
    record.quoted = quoted_name(record, candidates, quotes[record.input]);
    if (record.quoted != kNone) additions.emplace_back(r, record.quoted);
  }
  if (!additions.empty()) list_also(additions);
}

bool Mentions::lists_whole_name(const Record& record) const {
  return std::any_of(record.listed.begin(), record.listed.end(),
                     [&](Index f) { return forms[f].is_full(); });
}

// The only full name in the quotes, if no other record of the delivery has it; else kNone.
Index Mentions::quoted_name(const Record& record, std::span<const Index> candidates,
                            const Quotes& quotes) const {
  const auto& part = forms[record.listed.front()].name->words;
  const auto is_one = [&](Index f, Index g) {
    return forms[f].given == forms[g].given && forms[f].family == forms[g].family;
  };
  Index found = kNone;
  for (const auto quote : quotes) {
    const auto text = fold(quote);
    const auto times = count_name(text, part);
    if (times == 0) continue;
    for (const auto f : candidates) {
      const auto whole_times = count_name(text, forms[f].name->words);
      if (whole_times == 0) continue;
      // "Anna kissed Anna Stein": the first Anna may be another one.
      if (whole_times != times) return kNone;
      if (found != kNone && !is_one(found, f)) return kNone;
      if (found == kNone || forms[f].words.size() > forms[found].words.size()) found = f;
    }
  }
  if (found == kNone) return kNone;
  const auto is_of_delivery = [&](const Record& other) {
    return other.delivery == record.delivery &&
           std::any_of(other.listed.begin(), other.listed.end(),
                       [&](Index f) { return is_one(f, found) && forms[f].is_full(); });
  };
  // Records of a delivery are adjacent.
  const auto at = static_cast<std::size_t>(&record - records.data());
  for (auto i = at; i > 0 && records[i - 1].delivery == record.delivery; --i) {
    if (is_of_delivery(records[i - 1])) return kNone;
  }
  for (auto i = at + 1; i < records.size() && records[i].delivery == record.delivery; ++i) {
    if (is_of_delivery(records[i])) return kNone;
  }
  return found;
}

// `additions` are in the order of the records, at most one for each.
void Mentions::list_also(const std::vector<std::pair<Index, Index>>& additions) {
  std::vector<Index> listed;
  listed.reserve(listed_.size() + additions.size());
  std::vector<std::size_t> ends;
  ends.reserve(records.size());
  auto addition = additions.begin();
  for (Index r = 0; r < records.size(); ++r) {
    listed.insert(listed.end(), records[r].listed.begin(), records[r].listed.end());
    if (addition != additions.end() && addition->first == r) {
      listed.push_back(addition->second);
      ++addition;
    }
    ends.push_back(listed.size());
  }
  listed_ = std::move(listed);
  std::size_t begin = 0;
  for (Index r = 0; r < records.size(); ++r) {
    records[r].listed = std::span(listed_).subspan(begin, ends[r] - begin);
    begin = ends[r];
  }
  take_all_listed();
}

}  // namespace fabula::dossier::identity
