// Words separated by single spaces, in numbered lines: the form of small tables. The compiler makes
// an index of them, since every word of every text is looked up.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fabula::text {

template <class Visit>
constexpr void for_each_word(std::string_view line, Visit visit) {
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    if (end > 0) visit(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

template <std::size_t record_bytes>
class WordIndex {
 public:
  template <std::size_t count>
  explicit constexpr WordIndex(const std::array<std::string_view, count>& lines) {
    static_assert(count <= 256);
    std::array<std::uint16_t, kInitials> sizes = {};
    for (const auto line : lines) {
      for_each_word(line, [&](std::string_view word) {
        sizes[initial(word)] = static_cast<std::uint16_t>(sizes[initial(word)] + word.size() + 2);
      });
    }
    std::array<std::uint16_t, kInitials> ends = {};
    for (std::size_t i = 0; i < kInitials; ++i) {
      ends[i] = starts_[i];
      starts_[i + 1] = static_cast<std::uint16_t>(starts_[i] + sizes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      for_each_word(lines[i], [&](std::string_view word) {
        auto& end = ends[initial(word)];
        records_[end++] = static_cast<char>(word.size());
        for (const char c : word) records_[end++] = c;
        records_[end++] = static_cast<char>(i);
      });
    }
  }

  // Calls visit(number) for each line that contains the word, from the first on.
  template <class Visit>
  void for_each_line_with(std::string_view word, Visit visit) const {
    if (word.empty()) return;
    const char* const end = records_.data() + starts_[initial(word) + 1];
    for (const char* at = records_.data() + starts_[initial(word)]; at < end;) {
      const std::size_t size = static_cast<unsigned char>(*at++);
      if (size == word.size() && std::equal(word.begin(), word.end(), at)) {
        visit(std::size_t{static_cast<unsigned char>(at[size])});
      }
      at += size + 1;
    }
  }

  bool has(std::string_view word) const {
    bool is_found = false;
    for_each_line_with(word, [&](std::size_t) { is_found = true; });
    return is_found;
  }

 private:
  static constexpr std::size_t kInitials = 32;
  static constexpr std::size_t initial(std::string_view word) {
    return static_cast<unsigned char>(word.front()) % kInitials;
  }

  // For each word its length, its letters and its line's number, grouped by initial.
  std::array<char, record_bytes> records_ = {};
  std::array<std::uint16_t, kInitials + 1> starts_ = {};
};

template <std::size_t count>
constexpr std::size_t index_bytes(const std::array<std::string_view, count>& lines) {
  std::size_t bytes = 0;
  for (const auto line : lines) {
    for_each_word(line, [&](std::string_view word) { bytes += word.size() + 2; });
  }
  return bytes;
}

template <const auto& kLines>
constexpr auto make_word_index() {
  return WordIndex<index_bytes(kLines)>(kLines);
}

}  // namespace fabula::text
