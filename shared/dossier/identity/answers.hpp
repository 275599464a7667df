// What small questions were answered with the last time that they were asked: most of what is asked
// of a set of records is asked of the same set without its last delivery too.
#pragma once

#include <cstdint>
#include <utility>

#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

class Answers {
 public:
  // `question`: a fingerprint of all that the answer depends on. `find_out` gives the answer, which
  // is not kNone, if it is not known.
  template <class FindOut>
  std::uint32_t of(std::uint64_t question, FindOut&& find_out) {
    auto answer = asked_.find(question);
    if (answer != kNone) return answer;
    answer = known_.find(question);
    if (answer == kNone) answer = find_out();
    asked_.set(question, answer);
    return answer;
  }

  // What has not been asked since the last time is forgotten, so that this is no larger than what
  // one set asks.
  void begin_again() {
    known_ = std::exchange(asked_, {});
    asked_.reserve(known_.size());
  }

 private:
  NumberTable known_;
  NumberTable asked_;
};

}  // namespace fabula::dossier
