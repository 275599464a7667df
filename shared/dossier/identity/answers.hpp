// A cache of the answers to small questions from the last run: most questions about a set of
// records were also asked about the same set without its last delivery.
#pragma once

#include <cstdint>
#include <utility>

#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

class Answers {
 public:
  // `question`: a fingerprint of everything that the answer depends on. `find_out` computes the
  // answer if it is unknown; it never returns kNone.
  template <class FindOut>
  std::uint32_t of(std::uint64_t question, FindOut&& find_out) {
    auto answer = asked_.find(question);
    if (answer != kNone) return answer;
    answer = known_.find(question);
    if (answer == kNone) answer = find_out();
    asked_.set(question, answer);
    return answer;
  }

  // Forgets answers that were not used since the last call, so that the cache is no larger than the
  // questions of one set.
  void begin_again() {
    known_ = std::exchange(asked_, {});
    asked_.reserve(known_.size());
  }

 private:
  NumberTable known_;
  NumberTable asked_;
};

}  // namespace fabula::dossier
