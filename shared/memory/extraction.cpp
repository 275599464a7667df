#include "shared/memory/extraction.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "generated/prompts.hpp"
#include "shared/dossier/extract/quotes.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/memory/dates.hpp"
#include "shared/memory/edit.hpp"
#include "shared/memory/ontology.hpp"
#include "shared/memory/words.hpp"
#include "shared/text/integer.hpp"

namespace fabula::memory {

extern constexpr std::string_view kExtractionSchema =
    R"({"type":"object","additionalProperties":false,"required":["memories","forget"],"properties":{)"
    R"("memories":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["type","text","quote","when","replaces"],"properties":{)"
    R"("type":{"type":"string","enum":["user_fact","relation","promise","preference","event"]},)"
    R"("text":{"type":"string"},"quote":{"type":"string"},"when":{"type":"string"},)"
    R"("replaces":{"type":"string"}}}},)"
    R"("forget":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["memory","quote"],"properties":{"memory":{"type":"string"},)"
    R"("quote":{"type":"string"}}}}}})";

namespace {

using dossier::EntryKind;
using json::Document;
using Members = Document::object_t;

// The texts may contain any other separator, so a line that no conversation contains separates
// them; their content is never an instruction.
constexpr std::string_view kBegin = "\n<<<\n";
constexpr std::string_view kEnd = "\n>>>\n";
constexpr std::size_t kMaximumKnownBytes = 8 * 1024;
constexpr std::size_t kMaximumAnswerItems = 50;
constexpr std::size_t kMaximumRows = 100;

void append_message(std::string& out, const Message& message) {
  const bool is_user = message.role == "user";
  out.append("\n").append(is_user ? prompts::kMemoryQuestionUser
                                  : prompts::kMemoryQuestionCompanion);
  if (is_user) out.append(" (").append(date_of(message.at)).append(")");
  out.append(":").append(kBegin).append(message.text).append(kEnd);
}

// The memories in the prompt, with labels: the newest ones, which change most often.
std::vector<const Memory*> labelled(const Folded& known) {
  std::vector<const Memory*> memories;
  std::size_t bytes = 0;
  for (auto at = known.memories.rbegin(); at != known.memories.rend(); ++at) {
    bytes += at->text.size() + 16;
    if (bytes > kMaximumKnownBytes) break;
    memories.push_back(&*at);
  }
  return memories;
}

std::string label(std::size_t place) {
  return "m" + text::integer_text(static_cast<std::int64_t>(place + 1));
}

// The known memory that the model names, or nullptr.
const Memory* named_memory(const Folded& known, std::string_view name) {
  const auto memories = labelled(known);
  for (std::size_t i = 0; i < memories.size(); ++i) {
    if (name == label(i)) return memories[i];
  }
  const auto wanted = dossier::comparable_item(name);
  for (const auto& memory : known.memories) {
    if (!wanted.empty() && dossier::comparable_item(memory.text) == wanted) return &memory;
  }
  return nullptr;
}

class AnswerReader {
 public:
  AnswerReader(std::string_view memory_log_id, const Folded& known, std::span<const Message> unread,
               std::string_view model)
      : memory_log_id_(memory_log_id), known_(known), unread_(unread), model_(model) {
    texts_.reserve(unread.size());
    for (const auto& message : unread) texts_.emplace_back(message.text);
  }

  void read_memory(const Document& item) {
    ++extraction.items;
    const auto type = json::string_at(item, "type").value_or("");
    const auto words = json::string_at(item, "text").value_or("");
    const auto quote = find_quote(item);
    const auto known_type = kOntology.type_named(type);
    auto text = dossier::clean_text(words, kMaximumTextBytes);
    if (!quote || !known_type || *known_type == Type::none || dossier::says_nothing(text)) return;
    text = with_day(text, json::string_at(item, "when").value_or(""), quote->message->at);
    if (text.size() > kMaximumTextBytes) return;
    Members members{{"type", type}, {"text", text}};
    const auto replaces = json::string_at(item, "replaces").value_or("");
    if (const auto* old = named_memory(known_, replaces)) {
      // A memory of another type cannot be corrected in place: it is added as well.
      if (old->type != type) members["type"] = old->type;
      if (old->text != text) {
        members["corrects"] =
            Members{{"quote", quote->text}, {"source", source_of(*quote)}, {"value", old->text}};
      }
    }
    add(EntryKind::extracted, "item", *quote, quote->message->id, std::move(members));
  }

  void read_forget(const Document& item) {
    ++extraction.items;
    const auto name = json::string_at(item, "memory").value_or("");
    const auto quote = find_quote(item);
    if (!quote || dossier::says_nothing(name)) return;
    // The salt is the same whenever this message is read again.
    const std::string salt = std::string(quote->message->id).append(":forget");
    const auto* memory = named_memory(known_, name);
    std::vector<Members> forgotten;
    if (memory) {
      forgotten = forgetting(*memory, salt);
    } else {
      forgotten.push_back(forgetting(name, {}, salt));
      if (forgotten.front()["words"].empty()) return;
    }
    for (auto& members : forgotten) {
      members["message_id"] = quote->message->id;
      members["operation"] = salt;
      add(EntryKind::user, "forget", std::nullopt, "", std::move(members), quote->message->at);
    }
  }

  Extraction extraction;

 private:
  struct Quote {
    const Message* message;
    std::string text;
    std::size_t begin;
    std::size_t end;
  };

  static Document source_of(const Quote& quote) {
    const auto from = quote.message->from_byte;
    return Members{{"begin", from + quote.begin}, {"end", from + quote.end}};
  }

  // Searches the latest message first.
  std::optional<Quote> find_quote(const Document& item) const {
    const auto quote = json::string_at(item, "quote");
    if (!quote || quote->size() > dossier::kMaximumQuoteBytes) return std::nullopt;
    for (std::size_t i = texts_.size(); i > 0; --i) {
      const auto& message = unread_[i - 1];
      const auto found = texts_[i - 1].find(*quote);
      if (!found || found->end - found->begin > dossier::kMaximumQuoteBytes) continue;
      return Quote{&message,
                   std::string(message.text.substr(found->begin, found->end - found->begin)),
                   found->begin, found->end};
    }
    return std::nullopt;
  }

  void add(EntryKind kind, std::string_view act, const std::optional<Quote>& quote,
           std::string_view message_id, Members members, std::int64_t at = 0) {
    if (extraction.rows.size() >= kMaximumRows) return;
    members["do"] = act;
    members["at"] = quote ? quote->message->at : at;
    members["place"] = extraction.rows.size();
    if (quote) {
      members["quote"] = quote->text;
      members["source"] = source_of(*quote);
      members["model"] = model_;
      members["prompt"] = extraction_prompt_label();
      members["delivery"] = delivery();
    }
    auto row = dossier::make_row(memory_log_id_, kind, message_id, members);
    if (!row) return;
    extraction.rows.push_back(std::move(*row));
    ++extraction.kept;
  }

  // Derives the answer's name from the messages that were read, so that each attempt has the same
  // name.
  std::string delivery() const {
    std::string name(unread_.front().id);
    if (const auto from = static_cast<std::int64_t>(unread_.front().from_byte); from > 0) {
      name.append(":").append(text::integer_text(from));
    }
    return name.append("-").append(unread_.back().id);
  }

  std::string_view memory_log_id_;
  const Folded& known_;
  std::span<const Message> unread_;
  std::string_view model_;
  std::vector<dossier::QuotedText> texts_;
};

}  // namespace

std::string_view extraction_instructions() { return prompts::kMemory.text; }
std::string_view extraction_prompt_label() { return prompts::kMemory.label; }

std::string extraction_question(const Folded& known, std::span<const Message> before,
                                std::span<const Message> unread) {
  std::string lines;
  const auto memories = labelled(known);
  for (std::size_t i = 0; i < memories.size(); ++i) {
    lines.append(label(i)).append(" ").append(memories[i]->type).append(": ");
    lines.append(memories[i]->text).append("\n");
  }
  if (lines.empty()) lines.append(prompts::kMemoryQuestionNothing).append("\n");
  std::string read;
  if (!before.empty()) read.append("\n").append(prompts::kMemoryQuestionBefore).append("\n");
  for (const auto& message : before) append_message(read, message);
  std::string parts;
  for (const auto& message : unread) append_message(parts, message);
  return prompts::filled(prompts::kMemoryQuestion,
                         {{"known", lines}, {"before", read}, {"parts", parts}});
}

Result<Extraction> entries_from_answer(const Document& answer, std::string_view memory_log_id,
                                       const Folded& known, std::span<const Message> unread,
                                       std::string_view model) {
  if (!answer.is_object() || unread.empty()) {
    return problem(ErrorCode::provider_malformed, "The model's answer was not usable. Try again.",
                   "an extraction of memories that is no object");
  }
  AnswerReader reader(memory_log_id, known, unread, model);
  const auto each = [&answer](std::string_view key, auto read) {
    const auto* list = json::find(answer, key);
    if (list == nullptr || !list->is_array()) return;
    const auto count = std::min(list->size(), kMaximumAnswerItems);
    for (std::size_t i = 0; i < count; ++i) read((*list)[i]);
  };
  each("memories", [&reader](const Document& item) { reader.read_memory(item); });
  each("forget", [&reader](const Document& item) { reader.read_forget(item); });
  return std::move(reader.extraction);
}

}  // namespace fabula::memory
