#include "commands/dossier/work.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "shared/dossier/identity/identity.hpp"
#include "shared/dossier/identity/shown_name.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier_command {
namespace {

// The content of a delivery, which identifies it: a repeated delivery counts once.
std::string content_of(const Delivery& delivery) {
  std::string content;
  json::Writer writer(content);
  writer.begin_array();
  for (const auto& entry : delivery.entries) {
    writer.begin_array().string(entry.id).string(entry.name);
    for (const auto& alias : entry.aliases) writer.string(alias);
    writer.end_array();
  }
  writer.end_array();
  return content;
}

struct Mention {
  const Entry* entry;
  const std::string* delivery;
  std::uint64_t segment;
};

std::string key_of(std::uint32_t character) {
  return "c" + text::integer_text(static_cast<std::int64_t>(character) + 1);
}

void write_character(json::Writer& line, std::uint32_t number,
                     std::span<const std::string_view> surfaces) {
  const auto names = dossier::shown_names(surfaces);
  line.begin_object().key("id").string(key_of(number));
  line.key("name").string(names.empty() ? std::string_view() : names.front());
  line.key("aliases").begin_array();
  for (std::size_t i = 1; i < names.size(); ++i) line.string(names[i]);
  line.end_array().end_object();
}

}  // namespace

std::string merge_work(std::string_view work, std::vector<Delivery> deliveries) {
  std::map<std::pair<std::uint64_t, std::string>, const Delivery*> distinct;
  for (const auto& delivery : deliveries) {
    distinct.try_emplace({delivery.segment, content_of(delivery)}, &delivery);
  }
  std::vector<Mention> mentions;
  std::vector<dossier::PreparedRecord> records;
  // One id is one record: if deliveries give it different names, it has all of them.
  std::map<std::string_view, std::uint32_t> first_of_id;
  std::vector<dossier::IdentityDecision> decisions;
  for (const auto& [key, delivery] : distinct) {
    for (const auto& entry : delivery->entries) {
      const auto number = static_cast<std::uint32_t>(records.size());
      records.push_back(dossier::prepare({.id = entry.id,
                                          .delivery = key.second,
                                          .order = key.first,
                                          .name = entry.name,
                                          .aliases = entry.aliases}));
      mentions.push_back({&entry, &key.second, key.first});
      const auto [at, is_new] = first_of_id.try_emplace(entry.id, number);
      if (!is_new) decisions.push_back({at->second, number, true});
    }
  }
  const auto people = dossier::identify_people(records, decisions);

  std::uint32_t count = 0;
  for (const auto person : people) count = std::max(count, person + 1);
  std::vector<std::vector<std::string_view>> surfaces(count);
  for (std::size_t i = 0; i < people.size(); ++i) {
    surfaces[people[i]].push_back(mentions[i].entry->name);
    for (const auto& alias : mentions[i].entry->aliases) surfaces[people[i]].push_back(alias);
  }

  std::string out;
  json::Writer line(out);
  line.begin_object().key("work").string(work).key("assignments").begin_object();
  for (const auto& [id, number] : first_of_id) line.key(id).string(key_of(people[number]));
  line.end_object().key("dossier").begin_object().key("characters").begin_array();
  for (std::uint32_t person = 0; person < count; ++person) {
    write_character(line, person, surfaces[person]);
  }
  line.end_array().end_object().end_object();
  out += '\n';
  return out;
}

}  // namespace fabula::dossier_command
