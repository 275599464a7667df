// The parsed command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fabula::dossier_command {

inline constexpr std::string_view kUsage =
    "Usage: fabula-dossier [--shuffle SEED]\n"
    "       fabula-dossier --log\n"
    "\n"
    "Merges what was extracted from works, deliveries as JSON lines on standard input:\n"
    "\n"
    "  "
    "{\"work\":\"w\",\"segment\":0,\"characters\":[{\"id\":\"r1\",\"name\":\"Ann\",\"aliases\":["
    "\"Nan\"]}]}\n"
    "\n"
    "and prints a JSON line for each work, by name:\n"
    "\n"
    "  {\"work\":\"w\",\"assignments\":{\"r1\":\"c1\"},\"dossier\":{\"characters\":[...]}}\n"
    "\n"
    "Record ids are opaque and stand for one record of their work; segments, whole numbers, are "
    "the\n"
    "reading order. Other fields are ignored.\n"
    "\n"
    "  --shuffle SEED  merge the deliveries in another order, which changes nothing\n"
    "  --log           read the rows of a dossier's log instead, one JSON array of {assertion_id, "
    "kind,\n"
    "                  body, message_id}, and print the snapshot that readers are shown\n"
    "  --help          this text\n";

struct Arguments {
  std::optional<std::uint64_t> shuffle_seed;
  bool reads_log = false;
  bool wants_help = false;
  std::string_view fault;  // the fault of the command line, for the user; empty: none
};

// `words`: without the program's name.
Arguments read_arguments(std::span<const std::string_view> words);

}  // namespace fabula::dossier_command
