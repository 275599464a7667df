#include "shared/dossier/identity/identity.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/identity/evidence.hpp"
#include "shared/dossier/identity/linking.hpp"
#include "shared/dossier/identity/mentions.hpp"
#include "shared/dossier/identity/people.hpp"

namespace fabula::dossier {

PreparedRecord prepare(const PersonRecord& record) {
  PreparedRecord prepared{.id = std::string(record.id),
                          .delivery = std::string(record.delivery),
                          .order = record.order,
                          .names = {},
                          .id_hash = hash_text(record.id)};
  const auto add = [&](std::string_view text) {
    if (prepared.names.size() >= kMaximumNamesOfRecord) return;
    auto name = parse_name(text);
    if (name.kind == NameKind::nobody) return;
    prepared.names.push_back(std::move(name));
  };
  add(record.name);
  for (const auto& alias : record.aliases) add(alias);
  return prepared;
}

std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions,
                                           Answers& answers, std::span<const Quotes> quotes) {
  answers.begin_again();
  identity::Mentions mentions(records, decisions, answers, quotes);
  identity::weigh(mentions);
  identity::People people(mentions, decisions);
  identity::link(mentions, people);

  std::vector<std::uint32_t> number_of(mentions.records.size(), identity::kNone);
  std::uint32_t count = 0;
  for (identity::Index r = 0; r < number_of.size(); ++r) {
    auto& number = number_of[people.of(r)];
    if (number == identity::kNone) number = count++;
  }
  std::vector<std::uint32_t> numbers;
  numbers.reserve(records.size());
  for (const auto record : mentions.record_of) numbers.push_back(number_of[people.of(record)]);
  return numbers;
}

std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  Answers answers;
  return identify_people(records, decisions, answers);
}

std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  std::vector<PreparedRecord> prepared;
  prepared.reserve(records.size());
  for (const auto& record : records) prepared.push_back(prepare(record));
  return identify_people(std::span<const PreparedRecord>(prepared), decisions);
}

}  // namespace fabula::dossier
