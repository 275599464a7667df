// Bytes for robustness tests: the same ones in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::tests {

// Gives seed texts with a few bytes changed, inserted, removed, repeated or cut off, so that most
// of them get past a parser's first check.
class Mutations {
 public:
  explicit Mutations(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string next() {
    std::string text = seeds_[below(seeds_.size())];
    for (std::size_t edits = below(6); edits > 0; --edits) edit(text);
    return text;
  }

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : generator_() % limit; }

 private:
  char byte() {
    constexpr char kFavourites[] = ".:/?#[]@%&=+,;\"\\{} \t\r\n\0-_\x80\xC3\xED\xF4\xFF";
    return below(2) == 0 ? kFavourites[below(sizeof kFavourites)] : static_cast<char>(below(256));
  }

  void edit(std::string& text) {
    const auto at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < text.size()) text[at] = byte();
        break;
      case 1:
        text.insert(at, 1, byte());
        break;
      case 2:
        text.erase(at, 1 + below(4));
        break;
      case 3:
        text.insert(at, text.substr(at, 1 + below(16)));
        break;
      default:
        text.resize(at);
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 generator_{20261121};
};

inline constexpr int kMutationRounds = 20'000;

}  // namespace fabula::tests
