#include "shared/dossier/log/entry_body.hpp"

#include <limits>

#include "shared/dossier/log/entry_check.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/word_code.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

using json::Kind;
using json::Scanner;
using json::StringSpan;

constexpr std::size_t kMaximumIdBytes = 200;  // messages, deliveries, refs, operations, models
constexpr std::string_view kNoObject = "must be a JSON object";

// Reads members by name into an Entry; the first fault is kept and stops reading.
class BodyReader {
 public:
  BodyReader(Scanner& scanner, Entry& entry, const Ontology& ontology)
      : scanner_(scanner), entry_(entry), ontology_(ontology) {}

  // Returns "" on success, else the fault.
  std::string_view read() {
    if (scanner_.peek() != Kind::object) {
      fault(kNoObject);
      return fault_;
    }
    scanner_.enter_object();
    StringSpan key;
    while (scanner_.next_member(key)) read_member(key.contents);
    return fault_;
  }

 private:
  void fault(std::string_view text) {
    if (fault_.empty()) fault_ = text;
    scanner_.skip_value();
  }

  bool read_null() {
    if (scanner_.peek() != Kind::null) return false;
    scanner_.skip_value();
    return true;
  }

  // Valid until the next text is read.
  std::string_view text(std::size_t maximum_bytes) {
    const auto kind = scanner_.peek();
    if (kind != Kind::string) {
      if (kind == Kind::null) {
        scanner_.skip_value();
      } else {
        fault("has a member that should be text");
      }
      return {};
    }
    StringSpan span;
    if (!scanner_.read_string(span)) return {};
    const auto text = json::unescaped(span, unescaped_);
    if (text.size() > maximum_bytes && fault_.empty()) fault_ = "has a text that is too long";
    return text;
  }

  void string(std::string& out, std::size_t maximum_bytes) { out = text(maximum_bytes); }

  void integer(std::int64_t& out) {
    if (read_null()) return;
    if (scanner_.peek() != Kind::number) return fault("has a member that should be a number");
    std::string_view literal;
    if (!scanner_.read_number(literal)) return;
    const auto value = text::parse_integer(literal);
    if (!value || *value < 0) {
      if (fault_.empty()) fault_ = "has a number that is no whole one from 0 on";
      return;
    }
    out = *value;
  }

  void boolean(bool& out) {
    if (scanner_.peek() != Kind::boolean) return fault("has a member that should be true or false");
    out = scanner_.skip_value() == "true";
  }

  template <class Read>
  void array(std::size_t maximum_items, Read read) {
    if (read_null()) return;
    if (scanner_.peek() != Kind::array) return fault("has a member that should be a list");
    scanner_.enter_array();
    std::size_t count = 0;
    while (scanner_.next_element()) {
      if (++count > maximum_items) {
        fault("has a list that is too long");
      } else {
        read();
      }
    }
  }

  void strings(std::vector<std::string>& out, std::size_t maximum_bytes,
               std::size_t maximum_items = kMaximumListItems) {
    out.clear();
    array(maximum_items, [&] { string(out.emplace_back(), maximum_bytes); });
  }

  void reference(Reference& out) {
    const auto name = text(kMaximumIdBytes);
    out = 0;
    if (name.empty()) return;
    if (ontology_.subject != Type::none && name == ontology_.facts(ontology_.subject).name) {
      out = kSubject;
    } else if (const auto parsed = parse_reference(name)) {
      out = *parsed;
    } else if (fault_.empty()) {
      fault_ = "refers to something that is no id";
    }
  }

  void references(std::vector<Reference>& out) {
    out.clear();
    array(kMaximumReferences, [&] { reference(out.emplace_back()); });
  }

  void source(Source& out) {
    if (read_null()) return;
    if (scanner_.peek() != Kind::object) return fault("has a source that is no object");
    scanner_.enter_object();
    StringSpan key;
    while (scanner_.next_member(key)) {
      std::int64_t value = 0;
      if (key.contents != "begin" && key.contents != "end") {
        scanner_.skip_value();
        continue;
      }
      integer(value);
      if (value > std::numeric_limits<std::uint32_t>::max()) value = 0;
      (key.contents == "begin" ? out.begin : out.end) = static_cast<std::uint32_t>(value);
    }
  }

  void correction() {
    entry_.corrects.reset();
    if (read_null()) return;
    if (scanner_.peek() != Kind::object) return fault("has a correction that is no object");
    auto& corrects = entry_.corrects.emplace();
    scanner_.enter_object();
    StringSpan key;
    while (scanner_.next_member(key)) {
      if (key.contents == "quote") {
        string(corrects.quote, kMaximumQuoteBytes);
      } else if (key.contents == "source") {
        source(corrects.source);
      } else if (key.contents == "value") {
        string(corrects.value, kMaximumTextBytes);
      } else {
        scanner_.skip_value();
      }
    }
  }

  void fields() {
    entry_.fields.clear();
    if (read_null()) return;
    if (scanner_.peek() != Kind::object) return fault("has fields that are no object");
    scanner_.enter_object();
    StringSpan key;
    while (scanner_.next_member(key)) {
      if (entry_.fields.size() >= kMaximumListItems) {
        fault("has too many fields");
        continue;
      }
      auto& field = entry_.fields.emplace_back();
      field.field = key.contents;
      field.is_list = scanner_.peek() == Kind::array;
      if (field.is_list) {
        strings(field.values, kMaximumTextBytes);
      } else {
        string(field.values.emplace_back(), kMaximumTextBytes);
      }
      if (!is_field_name(field.field) && fault_.empty()) fault_ = "has a field with an odd name";
    }
  }

  void value(std::size_t maximum_bytes) {
    entry_.has_value = scanner_.peek() != Kind::null;
    string(entry_.text, maximum_bytes);
  }

  void read_member(std::string_view key);

  Scanner& scanner_;
  Entry& entry_;
  const Ontology& ontology_;
  std::string_view fault_;
  std::string unescaped_;
};

void BodyReader::read_member(std::string_view key) {
  switch (word_code(key)) {
    case word_code("do"):
      entry_.act = act_named(text(kMaximumIdBytes)).value_or(Act::unknown);
      break;
    case word_code("type"):
      entry_.type = ontology_.type_named(text(kMaximumIdBytes)).value_or(Type::none);
      break;
    case word_code("at"):
      return integer(entry_.at);
    case word_code("place"):
      return integer(entry_.place);
    case word_code("source"):
      return source(entry_.source);
    case word_code("quote"):
      return string(entry_.quote, kMaximumQuoteBytes);
    case word_code("model"):
      return string(entry_.model, kMaximumIdBytes);
    case word_code("prompt"):
      return string(entry_.prompt, kMaximumIdBytes);
    case word_code("delivery"):
      return string(entry_.delivery, kMaximumIdBytes);
    case word_code("ref"):
    case word_code("from_ref"):
      return string(entry_.ref, kMaximumEntryNameBytes + 64);
    case word_code("field"):
      return string(entry_.field, kMaximumFieldNameBytes);
    case word_code("name"):
    case word_code("from"):
      return value(kMaximumEntryNameBytes);
    case word_code("value"):
    case word_code("text"):
      return value(kMaximumTextBytes);
    case word_code("to_ref"):
      return string(entry_.other, kMaximumEntryNameBytes + 64);
    case word_code("to"):
      return string(entry_.other, kMaximumEntryNameBytes);
    case word_code("to_name"):
      return string(entry_.to_name, kMaximumEntryNameBytes);
    case word_code("relation"):
      return string(entry_.relation, kMaximumEntryNameBytes);
    case word_code("aliases"):
      return strings(entry_.aliases, kMaximumEntryNameBytes);
    case word_code("corrects"):
      return correction();
    case word_code("proposal"):
      return string(entry_.proposal, kMaximumIdBytes);
    case word_code("chapter"):
      return integer(entry_.chapter);
    case word_code("heading"):
      return string(entry_.chapter_title, kMaximumEntryNameBytes);
    case word_code("operation"):
      return string(entry_.operation, kMaximumIdBytes);
    case word_code("target"):
      return reference(entry_.target);
    case word_code("mentions"):
      return references(entry_.mentions);
    case word_code("replaces"):
      return references(entry_.replaces);
    case word_code("entries"):
      return references(entry_.entries);
    case word_code("parts"):
      entry_.parts.clear();
      return array(kMaximumListItems, [&] { references(entry_.parts.emplace_back()); });
    case word_code("together"):
      return boolean(entry_.holds_together);
    case word_code("is"):
      return boolean(entry_.is);
    case word_code("fields"):
      return fields();
    case word_code("question"):
      return reference(entry_.question);
    case word_code("choose"):
      return reference(entry_.choose);
    case word_code("dismiss"):
      return string(entry_.dismiss, kMaximumIdBytes);
    case word_code("sequence"):
      return integer(entry_.sequence);
    case word_code("left"):
      return strings(entry_.left, kMaximumIdBytes, kMaximumReferences);
    case word_code("back"):
      return strings(entry_.back, kMaximumIdBytes, kMaximumReferences);
    default:
      scanner_.skip_value();
  }
}

}  // namespace

std::string_view read_body(Scanner& scanner, Entry& entry, const Ontology& ontology) {
  return BodyReader(scanner, entry, ontology).read();
}

Result<void> complete_entry(Entry& entry, const Ontology& ontology) {
  if (!is_act_of(entry.act, entry.kind)) {
    return problem(ErrorCode::invalid_request,
                   "An assertion does what assertions of its kind cannot do.");
  }
  if (const auto members = missing_members(entry, ontology); !members.empty()) {
    return problem(ErrorCode::invalid_request,
                   "An assertion's body needs " + std::string(members) + ".");
  }
  if (entry.act == Act::rename && entry.type == Type::none) entry.type = ontology.people;
  if (entry.act == Act::relation) entry.type = ontology.people;
  if (entry.act == Act::story) entry.type = ontology.subject;
  const bool needs_type =
      entry.act == Act::rename || entry.act == Act::relation || entry.act == Act::story;
  if (needs_type && entry.type == Type::none) entry.act = Act::unknown;
  return {};
}

}  // namespace fabula::dossier
