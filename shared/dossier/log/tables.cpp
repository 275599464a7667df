#include "shared/dossier/log/tables.hpp"

#include <utility>

#include "shared/text/word_scan.hpp"

namespace fabula::dossier {
namespace {

constexpr std::size_t kFirstCells = 64;

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size();
  const auto add = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  };
  for (; text.size() >= 8; text.remove_prefix(8)) add(text::load_eight(text.data()));
  std::uint64_t rest = 0;
  for (const char c : text) rest = rest << 8U | static_cast<unsigned char>(c);
  add(rest);
  return hash;
}

NumberTable::Cell& NumberTable::cell(std::uint64_t key) {
  const std::size_t mask = cells_.size() - 1;
  auto at = static_cast<std::size_t>(mixed(0, key)) & mask;
  while (cells_[at].number != kNone && cells_[at].key != key) at = (at + 1) & mask;
  return cells_[at];
}

void NumberTable::grow(std::size_t cells) {
  std::vector<Cell> old(cells);
  old.swap(cells_);
  for (const auto& each : old) {
    if (each.number != kNone) cell(each.key) = each;
  }
}

std::uint32_t NumberTable::find(std::uint64_t key) const {
  return cells_.empty() ? kNone : const_cast<NumberTable*>(this)->cell(key).number;
}

void NumberTable::set(std::uint64_t key, std::uint32_t number) {
  if (2 * (count_ + 1) > cells_.size()) {
    grow(cells_.empty() ? kFirstCells : cells_.size() * 2);
  }
  auto& place = cell(key);
  if (place.number == kNone) ++count_;
  place = {key, number};
}

void NumberTable::reserve(std::size_t count) {
  auto cells = kFirstCells;
  while (cells < 2 * (count + 1)) cells *= 2;
  if (cells > cells_.size()) grow(cells);
}

std::size_t TextTable::place(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = cells_.size() - 1;
  auto at = static_cast<std::size_t>(mixed(0, hash)) & mask;
  while (cells_[at] != kNone && (hashes_[cells_[at]] != hash || texts_[cells_[at]] != text)) {
    at = (at + 1) & mask;
  }
  return at;
}

void TextTable::grow() {
  cells_.assign(cells_.empty() ? kFirstCells : cells_.size() * 2, kNone);
  for (std::uint32_t i = 0; i < texts_.size(); ++i) cells_[place(texts_[i], hashes_[i])] = i;
}

std::uint32_t TextTable::find(std::string_view text) const {
  return cells_.empty() ? kNone : cells_[place(text, hash_text(text))];
}

std::uint32_t TextTable::intern(std::string_view text) {
  if (2 * (texts_.size() + 1) > cells_.size()) grow();
  const auto hash = hash_text(text);
  auto& cell = cells_[place(text, hash)];
  if (cell == kNone) {
    cell = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back(text);
    hashes_.push_back(hash);
  }
  return cell;
}

}  // namespace fabula::dossier
