#include "shared/dossier/extract/delivery_draft.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

constexpr std::size_t kMaximumRefBytes = 300;
constexpr std::size_t kMaximumAliases = 32;

Document document(const Source& source) {
  return Document::object_t{{"begin", source.begin}, {"end", source.end}};
}

}  // namespace

DeliveryDraft::DeliveryDraft(const ExtractionSource& source)
    : source_(source), text_(source.text.substr(source.begin, source.end - source.begin)) {
  delivery_ = source.delivery;
  if (delivery_.empty()) {
    delivery_ = std::string(source.message_id) + ':' +
                text::integer_text(static_cast<std::int64_t>(source.begin)) + '-' +
                text::integer_text(static_cast<std::int64_t>(source.end));
  }
}

std::string text_at(const Document& item, std::string_view key, std::size_t maximum_bytes) {
  const auto text = json::string_at(item, key);
  if (!text || text->size() > maximum_bytes) return {};
  auto clean = clean_text(*text, maximum_bytes);
  return says_nothing(clean) ? std::string() : clean;
}

std::vector<std::string> aliases_at(const Document& item, const std::string& name) {
  std::vector<std::string> aliases;
  const auto* list = json::find(item, "aliases");
  const auto* items = list ? list->get_ptr<const Document::array_t*>() : nullptr;
  if (items == nullptr) return aliases;
  for (const auto& each : *items) {
    const auto* text = each.get_ptr<const std::string*>();
    if (text == nullptr || text->size() > kMaximumEntryNameBytes) continue;
    auto alias = clean_text(*text, kMaximumEntryNameBytes);
    const bool is_known =
        alias == name || std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
    if (says_nothing(alias) || is_known || aliases.size() >= kMaximumAliases) continue;
    aliases.push_back(std::move(alias));
  }
  return aliases;
}

std::optional<QuoteInText> DeliveryDraft::quote_at(const Document& item,
                                                   std::string_view key) const {
  const auto quote = json::string_at(item, key);
  if (!quote || quote->size() > kMaximumQuoteBytes) return std::nullopt;
  const auto found = text_.find(*quote);
  if (!found || found->end - found->begin > kMaximumQuoteBytes) return std::nullopt;
  const auto begin = source_.begin + found->begin;
  const auto end = source_.begin + found->end;
  return QuoteInText{std::string(source_.text.substr(begin, end - begin)),
                     {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}};
}

void DeliveryDraft::add(Act act, const QuoteInText& quote, Document::object_t members) {
  if (extraction.rows.size() >= kMaximumDeliveryEntries) {
    ++extraction.malformed;
    return;
  }
  members["do"] = name(act);
  members["at"] = source_.at;
  members["delivery"] = delivery_;
  members["model"] = source_.model;
  members["prompt"] = source_.prompt;
  members["quote"] = quote.text;
  members["source"] = document(quote.source);
  if (!source_.proposal.empty()) members["proposal"] = source_.proposal;
  const auto known = known_.size();
  if (known_.intern(json::dump(members)) != known) return;
  members["place"] = extraction.rows.size();
  auto row = make_row(source_.project_id, EntryKind::extracted, source_.message_id, members);
  if (!row) {
    ++extraction.malformed;
    return;
  }
  extraction.rows.push_back(std::move(*row));
}

void DeliveryDraft::add_correction(Document::object_t& members, const Document& item,
                                   std::string_view instead_of) const {
  const auto quote = quote_at(item, "corrects");
  if (!quote) return;
  Document::object_t correction{{"quote", quote->text}, {"source", document(quote->source)}};
  if (!instead_of.empty()) correction["value"] = instead_of;
  members["corrects"] = std::move(correction);
}

std::string DeliveryDraft::next_ref(Type type, std::string_view folded_name) {
  auto ref = std::string(story::name(type)) + ':' +
             std::string(text::prefix_bytes(folded_name, kMaximumRefBytes));
  const auto number = refs_.intern(ref);
  ref_counts_.resize(refs_.size());
  const auto count = ++ref_counts_[number];
  if (count > 1) ref += '#' + text::integer_text(static_cast<std::int64_t>(count));
  return ref;
}

std::size_t DeliveryDraft::add_thing(Type type, const std::string& name,
                                     const std::vector<std::string>& aliases,
                                     const QuoteInText& quote) {
  Thing thing;
  thing.type = type;
  thing.keys.push_back(fold(name));
  for (const auto& alias : aliases) thing.keys.push_back(fold(alias));
  thing.ref = next_ref(type, thing.keys.front());
  Document::array_t alias_list(aliases.begin(), aliases.end());
  add(Act::mention, quote,
      {{"type", story::name(type)},
       {"ref", thing.ref},
       {"name", name},
       {"aliases", std::move(alias_list)}});
  things_.push_back(std::move(thing));
  return things_.size() - 1;
}

const Thing* DeliveryDraft::thing_named(Type type, std::string_view name) const {
  const auto key = fold(name);
  const Thing* found = nullptr;
  for (const auto& thing : things_) {
    if (thing.type != type ||
        std::find(thing.keys.begin(), thing.keys.end(), key) == thing.keys.end()) {
      continue;
    }
    if (found != nullptr) return nullptr;
    found = &thing;
  }
  return found;
}

void DeliveryDraft::add_fact(const Thing& thing, const std::string& field, const std::string& value,
                             const QuoteInText& quote, const Document& item) {
  Document::object_t members{
      {"type", story::name(thing.type)}, {"ref", thing.ref}, {"field", field}, {"value", value}};
  add_correction(members, item);
  add(Act::fact, quote, std::move(members));
}

}  // namespace fabula::dossier
