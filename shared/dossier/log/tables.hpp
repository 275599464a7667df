// Small hash tables of the fold: entries by reference, and texts by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::dossier {

inline constexpr std::uint32_t kNone = 0xFFFFFFFFU;

// Maps keys that are hashes already to numbers.
class NumberTable {
 public:
  std::uint32_t find(std::uint64_t key) const;  // kNone if it is not there
  void set(std::uint64_t key, std::uint32_t number);
  // Reserves memory for this many keys.
  void reserve(std::size_t count);
  std::size_t size() const { return count_; }

 private:
  struct Cell {
    std::uint64_t key = 0;
    std::uint32_t number = kNone;
  };
  Cell& cell(std::uint64_t key);
  void grow(std::size_t cells);

  std::vector<Cell> cells_;
  std::size_t count_ = 0;
};

// Gives each different text a number, from 0 in the order of arrival, so nothing that is shown may
// depend on the numbers.
class TextTable {
 public:
  std::uint32_t intern(std::string_view text);
  std::uint32_t find(std::string_view text) const;  // kNone if it is not there
  const std::string& at(std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::size_t place(std::string_view text, std::uint64_t hash) const;
  void grow();

  std::vector<std::string> texts_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> cells_;
};

std::uint64_t hash_text(std::string_view text);
// Mixes a number into a fingerprint.
constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  hash = hash * 0xD1342543DE82EF95U + number + 0x9E3779B97F4A7C15U;
  hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
  return hash ^ (hash >> 31U);
}

}  // namespace fabula::dossier
