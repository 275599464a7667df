#include "commands/dossier/delivery.hpp"

#include <optional>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier_command {
namespace {

tl::unexpected<Problem> fault(std::string_view what) {
  return problem(ErrorCode::invalid_request, what);
}

// Ids are opaque: numbers are accepted like texts.
std::optional<std::string> id_at(const json::Document& object, std::string_view key) {
  if (const auto text = json::string_at(object, key)) return std::string(*text);
  if (const auto number = json::integer_at(object, key)) return text::integer_text(*number);
  return std::nullopt;
}

Result<Entry> read_entry(const json::Document& object) {
  Entry entry;
  auto id = id_at(object, "id");
  if (!id) return fault("each of \"characters\" must be an object with an \"id\", a text");
  entry.id = std::move(*id);
  const auto name = json::string_at(object, "name");
  if (!name) return fault("the character \"" + entry.id + "\" must have a \"name\", a text");
  entry.name = *name;
  const auto* aliases = json::find(object, "aliases");
  if (!aliases || aliases->is_null()) return entry;
  if (!aliases->is_array()) return fault("\"aliases\" must be a list of texts");
  for (const auto& alias : *aliases) {
    if (!alias.is_string()) return fault("\"aliases\" must be a list of texts");
    entry.aliases.push_back(*alias.get_ptr<const std::string*>());
  }
  return entry;
}

}  // namespace

Result<Delivery> read_delivery(std::string_view line) {
  const auto document = json::parse(line);
  if (!document) return tl::unexpected(document.error());
  Delivery delivery;
  auto work = id_at(*document, "work");
  if (!work) return fault("a delivery must be an object with a \"work\", a text");
  delivery.work = std::move(*work);
  if (const auto* segment = json::find(*document, "segment")) {
    const auto number = json::integer_at(*document, "segment");
    if (!segment->is_null() && (!number || *number < 0)) {
      return fault("\"segment\" must be a whole number, 0 or more");
    }
    if (number) delivery.segment = static_cast<std::uint64_t>(*number);
  }
  const auto* characters = json::find(*document, "characters");
  if (!characters || !characters->is_array()) return fault("\"characters\" must be a list");
  for (const auto& character : *characters) {
    auto entry = read_entry(character);
    if (!entry) return tl::unexpected(std::move(entry.error()));
    delivery.entries.push_back(std::move(*entry));
  }
  return delivery;
}

}  // namespace fabula::dossier_command
