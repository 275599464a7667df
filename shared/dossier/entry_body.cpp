#include "shared/dossier/entry_body.hpp"

#include <array>
#include <limits>
#include <utility>

#include "shared/dossier/entry_check.hpp"
#include "shared/dossier/field.hpp"
#include "shared/json/scanner.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

using json::Kind;
using json::Scanner;
using json::StringSpan;

constexpr std::size_t kMaximumIdBytes = 200;  // messages, deliveries, refs, operations, models

// Reads members by name into an Entry; the first fault is kept and ends it.
class BodyReader {
 public:
  BodyReader(std::string_view json, Entry& entry) : scanner_(json), entry_(entry) {}

  // "" when all went well, else what is wrong.
  std::string_view read() {
    StringSpan key;
    if (scanner_.enter_object()) {
      while (scanner_.next_member(key)) read_member(key.contents);
    }
    if (!scanner_.finish()) return fault_.empty() ? "must be a JSON object" : fault_;
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

  void string(std::string& out, std::size_t maximum_bytes) {
    out.clear();
    if (read_null()) return;
    if (scanner_.peek() != Kind::string) return fault("has a member that should be text");
    StringSpan span;
    if (!scanner_.read_string(span)) return;
    json::append_unescaped(out, span);
    if (out.size() > maximum_bytes && fault_.empty()) fault_ = "has a text that is too long";
  }

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
    std::string text;
    string(text, kMaximumIdBytes);
    out = 0;
    if (text.empty()) return;
    if (text == "story") {
      out = kStory;
    } else if (const auto parsed = parse_reference(text)) {
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

  void value_of(std::string_view key) {
    entry_.has_value = scanner_.peek() != Kind::null;
    string(entry_.text,
           key == "value" || key == "text" ? kMaximumTextBytes : kMaximumEntryNameBytes);
  }

  void read_member(std::string_view key);

  Scanner scanner_;
  Entry& entry_;
  std::string_view fault_;
};

void BodyReader::read_member(std::string_view key) {
  std::string name;
  if (key == "do") {
    string(name, kMaximumIdBytes);
    entry_.act = act_named(name).value_or(Act::unknown);
  } else if (key == "type") {
    string(name, kMaximumIdBytes);
    entry_.type = type_named(name).value_or(Type::none);
  } else if (key == "at") {
    integer(entry_.at);
  } else if (key == "place") {
    integer(entry_.place);
  } else if (key == "source") {
    source(entry_.source);
  } else if (key == "quote") {
    string(entry_.quote, kMaximumQuoteBytes);
  } else if (key == "model") {
    string(entry_.model, kMaximumIdBytes);
  } else if (key == "prompt") {
    string(entry_.prompt, kMaximumIdBytes);
  } else if (key == "delivery") {
    string(entry_.delivery, kMaximumIdBytes);
  } else if (key == "ref" || key == "from_ref") {
    string(entry_.ref, kMaximumEntryNameBytes + 64);
  } else if (key == "field") {
    string(entry_.field, kMaximumFieldNameBytes);
  } else if (key == "name" || key == "value" || key == "text" || key == "from") {
    value_of(key);
  } else if (key == "to_ref") {
    string(entry_.other, kMaximumEntryNameBytes + 64);
  } else if (key == "to") {
    string(entry_.other, kMaximumEntryNameBytes);
  } else if (key == "to_name") {
    string(entry_.to_name, kMaximumEntryNameBytes);
  } else if (key == "relation") {
    string(entry_.relation, kMaximumEntryNameBytes);
  } else if (key == "aliases") {
    strings(entry_.aliases, kMaximumEntryNameBytes);
  } else if (key == "corrects") {
    correction();
  } else if (key == "proposal") {
    string(entry_.proposal, kMaximumIdBytes);
  } else if (key == "operation") {
    string(entry_.operation, kMaximumIdBytes);
  } else if (key == "target") {
    reference(entry_.target);
  } else if (key == "mentions") {
    references(entry_.mentions);
  } else if (key == "replaces") {
    references(entry_.replaces);
  } else if (key == "entries") {
    references(entry_.entries);
  } else if (key == "parts") {
    entry_.parts.clear();
    array(kMaximumListItems, [&] { references(entry_.parts.emplace_back()); });
  } else if (key == "together") {
    boolean(entry_.holds_together);
  } else if (key == "is") {
    boolean(entry_.is);
  } else if (key == "fields") {
    fields();
  } else if (key == "question") {
    reference(entry_.question);
  } else if (key == "choose") {
    reference(entry_.choose);
  } else if (key == "dismiss") {
    string(entry_.dismiss, kMaximumIdBytes);
  } else if (key == "sequence") {
    integer(entry_.sequence);
  } else if (key == "left") {
    strings(entry_.left, kMaximumIdBytes, kMaximumReferences);
  } else if (key == "back") {
    strings(entry_.back, kMaximumIdBytes, kMaximumReferences);
  } else {
    scanner_.skip_value();
  }
}

}  // namespace

Result<Entry> parse_body(const Digest& id, EntryKind kind, std::string_view message_id,
                         std::string_view body_json) {
  Entry entry;
  entry.id = id;
  entry.kind = kind;
  entry.message_id = message_id;
  if (const auto fault = BodyReader(body_json, entry).read(); !fault.empty()) {
    return problem(ErrorCode::invalid_request, "An assertion's body " + std::string(fault) + ".");
  }
  if (!is_act_of(entry.act, kind)) {
    return problem(ErrorCode::invalid_request,
                   "An assertion does what assertions of its kind cannot do.");
  }
  if (const auto members = missing_members(entry); !members.empty()) {
    return problem(ErrorCode::invalid_request,
                   "An assertion's body needs " + std::string(members) + ".");
  }
  if (entry.act == Act::rename && entry.type == Type::none) entry.type = Type::character;
  if (entry.act == Act::relation) entry.type = Type::character;
  if (entry.act == Act::story) entry.type = Type::story;
  return entry;
}

}  // namespace fabula::dossier
