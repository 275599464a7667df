// fabula-dossier: merges extracted characters into people, separately for each work, or folds a
// log. Exit status 0 when everything was merged, 1 when a line cannot be read (its number is
// reported) or reading or writing failed, 2 when the arguments are wrong.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/dossier/arguments.hpp"
#include "commands/dossier/delivery.hpp"
#include "commands/dossier/work.hpp"
#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/text/integer.hpp"

namespace {

using namespace fabula;

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

int fail(std::string_view what) {
  std::fprintf(stderr, "fabula-dossier: %.*s\n", static_cast<int>(what.size()), what.data());
  return 1;
}

// Returns the lines of standard input one by one, however long they are.
class Lines {
 public:
  // The next line without its end; false at the end of the input.
  bool next(std::string& line) {
    line.clear();
    for (;;) {
      const auto end = std::find(buffer_.begin() + at_, buffer_.begin() + size_, '\n');
      line.append(buffer_.begin() + at_, end);
      const bool is_whole = end != buffer_.begin() + size_;
      at_ = end - buffer_.begin() + (is_whole ? 1 : 0);
      if (is_whole) return true;
      size_ = static_cast<std::ptrdiff_t>(std::fread(buffer_.data(), 1, buffer_.size(), stdin));
      at_ = 0;
      if (size_ == 0) return !line.empty();
    }
  }

 private:
  std::array<char, 65536> buffer_;
  std::ptrdiff_t at_ = 0;
  std::ptrdiff_t size_ = 0;
};

void shuffle(std::vector<dossier_command::Delivery>& deliveries, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  for (std::size_t left = deliveries.size(); left > 1; --left) {
    std::swap(deliveries[left - 1], deliveries[generator() % left]);
  }
}

int merge_input(const dossier_command::Arguments& arguments) {
  std::vector<dossier_command::Delivery> deliveries;
  Lines lines;
  std::string line;
  for (std::int64_t number = 1; lines.next(line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto delivery = dossier_command::read_delivery(line);
    if (!delivery) {
      return fail("line " + text::integer_text(number) + ": " + delivery.error().detail);
    }
    deliveries.push_back(std::move(*delivery));
  }
  if (std::ferror(stdin)) return fail("standard input cannot be read.");
  if (arguments.shuffle_seed) shuffle(deliveries, *arguments.shuffle_seed);
  std::map<std::string, std::vector<dossier_command::Delivery>> works;
  for (auto& delivery : deliveries) works[delivery.work].push_back(std::move(delivery));
  for (auto& [work, its_deliveries] : works) {
    if (!print(dossier_command::merge_work(work, std::move(its_deliveries)))) {
      return fail("standard output cannot be written.");
    }
  }
  return std::fflush(stdout) == 0 ? 0 : fail("standard output cannot be written.");
}

int fold_log() {
  std::string rows_json;
  Lines lines;
  for (std::string line; lines.next(line);) rows_json += line + "\n";
  if (std::ferror(stdin)) return fail("standard input cannot be read.");
  auto rows = dossier::parse_rows(rows_json);
  if (!rows) return fail(rows.error().detail);
  if (rows->unreadable > 0) {
    std::fprintf(stderr, "fabula-dossier: %zu rows cannot be read and are left out.\n",
                 rows->unreadable);
  }
  dossier::Dossier folded;
  folded.add(std::move(rows->entries));
  const bool is_printed = print(dossier::snapshot_json(folded) + "\n") && std::fflush(stdout) == 0;
  return is_printed ? 0 : fail("standard output cannot be written.");
}

}  // namespace

int main(int argument_count, char** argument_values) {
  const std::vector<std::string_view> words(argument_values + 1, argument_values + argument_count);
  const auto arguments = dossier_command::read_arguments(words);
  if (arguments.wants_help) {
    return print(dossier_command::kUsage) && std::fflush(stdout) == 0 ? 0 : 1;
  }
  if (!arguments.fault.empty()) {
    fail(arguments.fault);
    std::fputs("See fabula-dossier --help.\n", stderr);
    return 2;
  }
  return arguments.reads_log ? fold_log() : merge_input(arguments);
}
