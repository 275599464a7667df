// One answer of an extractor while it is turned into entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/quotes.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

struct QuoteInText {
  std::string text;
  Source source;
};

// One character, place or object of the answer.
struct Thing {
  Type type = Type::none;
  std::string ref;
  std::vector<std::string> keys;  // folded names
};

class DeliveryDraft {
 public:
  explicit DeliveryDraft(const ExtractionSource& source);

  Extraction extraction;

 protected:
  using Document = json::Document;

  // Calls `read` with each object of a list; items that are no objects are counted as malformed.
  template <class Read>
  void each(const Document& parent, std::string_view key, Read read) {
    const auto* list = json::find(parent, key);
    if (list == nullptr || list->is_null()) return;
    const auto* items = list->get_ptr<const Document::array_t*>();
    if (items == nullptr) {
      ++extraction.malformed;
      return;
    }
    std::size_t count = 0;
    for (const auto& item : *items) {
      ++extraction.items;
      if (++count > kMaximumAnswerItems || !item.is_object()) {
        ++extraction.malformed;
      } else {
        read(item);
      }
    }
  }

  // The position of an item's quote in the text; nothing when the text does not contain it.
  std::optional<QuoteInText> quote_at(const Document& item, std::string_view key = "quote") const;

  void add(Act act, const QuoteInText& quote, Document::object_t members);
  // Adds the position of the words that show that the item is a correction, if there are any.
  void add_correction(Document::object_t& members, const Document& item,
                      std::string_view instead_of = {}) const;
  // The reference for the next thing of this type with the name in this delivery.
  std::string next_ref(Type type, std::string_view folded_name);
  // Returns its index in things().
  std::size_t add_thing(Type type, const std::string& name, const std::vector<std::string>& aliases,
                        const QuoteInText& quote);
  void add_fact(const Thing& thing, const std::string& field, const std::string& value,
                const QuoteInText& quote, const Document& item);

  const std::vector<Thing>& things() const { return things_; }
  // The thing in this answer with the name; nothing when none or several have it.
  const Thing* thing_named(Type type, std::string_view name) const;

 private:
  const ExtractionSource& source_;
  QuotedText text_;
  std::string delivery_;
  std::vector<Thing> things_;
  TextTable refs_;
  std::vector<std::size_t> ref_counts_;
  TextTable known_;
};

// "" when the member is missing, no text, too long, or meaningless.
std::string text_at(const json::Document& item, std::string_view key, std::size_t maximum_bytes);
std::vector<std::string> aliases_at(const json::Document& item, const std::string& name);

}  // namespace fabula::dossier
