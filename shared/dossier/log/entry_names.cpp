#include <array>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {
namespace {

constexpr std::array<std::string_view, 4> kKinds{"extracted", "confirmed", "user", "path"};
constexpr std::array<std::string_view, 22> kActs{
    "unknown", "mention", "fact", "item",   "relation", "story",     "retract", "rename",
    "add",     "set",     "list", "remove", "same",     "different", "split",   "lock",
    "unlock",  "resolve", "undo", "accept", "reject",   "path"};

template <class Value, std::size_t count>
std::optional<Value> named(const std::array<std::string_view, count>& names,
                           std::string_view name) {
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == name) return static_cast<Value>(i);
  }
  return std::nullopt;
}

bool append_digits(std::string_view digits, std::uint64_t& word) {
  for (const char c : digits) {
    const auto letter = static_cast<unsigned char>(c - 'a');
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9 && letter > 5) return false;
    word = word << 4U | (digit <= 9 ? digit : letter + 10U);
  }
  return true;
}

}  // namespace

std::string_view name(EntryKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view name(Act act) { return kActs[static_cast<std::size_t>(act)]; }
std::optional<EntryKind> entry_kind_named(std::string_view name) {
  return named<EntryKind>(kKinds, name);
}
std::optional<Act> act_named(std::string_view name) { return named<Act>(kActs, name); }

std::optional<Digest> parse_digest(std::string_view text) {
  Digest digest{};
  if (text.size() != 64) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    if (!append_digits(text.substr(16 * i, 16), digest[i])) return std::nullopt;
  }
  return digest;
}

std::optional<Reference> parse_reference(std::string_view text) {
  Reference reference = 0;
  std::uint64_t rest = 0;
  if ((text.size() != 16 && text.size() != 64) || !append_digits(text.substr(0, 16), reference) ||
      !append_digits(text.substr(16), rest)) {
    return std::nullopt;
  }
  return reference;
}

std::string reference_text(Reference reference) { return word_text(reference); }

}  // namespace fabula::dossier
