#include "commands/dossier/arguments.hpp"

#include "shared/text/integer.hpp"

namespace fabula::dossier_command {

Arguments read_arguments(std::span<const std::string_view> words) {
  Arguments arguments;
  constexpr std::string_view kShuffle = "--shuffle";
  while (!words.empty()) {
    auto word = words.front();
    words = words.subspan(1);
    if (word == "--help" || word == "-h") {
      arguments.wants_help = true;
      return arguments;
    }
    if (word == "--log") {
      arguments.reads_log = true;
      continue;
    }
    std::string_view value;
    if (word.starts_with("--shuffle=")) {
      value = word.substr(kShuffle.size() + 1);
    } else if (word == kShuffle) {
      if (!words.empty()) {
        value = words.front();
        words = words.subspan(1);
      }
    } else {
      arguments.fault = "There are only the options --shuffle, --log and --help.";
      return arguments;
    }
    arguments.shuffle_seed = text::parse_natural(value);
    if (!arguments.shuffle_seed) {
      arguments.fault = "--shuffle takes a seed, a whole number.";
      return arguments;
    }
  }
  if (arguments.reads_log && arguments.shuffle_seed) {
    arguments.fault = "--shuffle is for deliveries: a log is folded the same in any order.";
  }
  return arguments;
}

}  // namespace fabula::dossier_command
