// Joins numbered things into groups, some of which must stay apart.
#pragma once

#include <cstdint>
#include <vector>

namespace fabula::dossier {

class Groups {
 public:
  explicit Groups(std::size_t count);

  std::uint32_t root(std::uint32_t thing);
  // Returns false and changes nothing when the two must stay apart.
  bool join(std::uint32_t first, std::uint32_t second);
  // Returns false and changes nothing when the two are one group.
  bool keep_apart(std::uint32_t first, std::uint32_t second);
  bool must_stay_apart(std::uint32_t first, std::uint32_t second);

 private:
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> sizes_;
  // For each root: members of the groups that this group must stay apart from.
  std::vector<std::vector<std::uint32_t>> others_;
};

}  // namespace fabula::dossier
