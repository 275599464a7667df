// Questions to the person, from what clashes and from what the story asks.
#pragma once

#include <vector>

#include "shared/dossier/fold/clusters.hpp"
#include "shared/dossier/fold/decide.hpp"

namespace fabula::dossier {

// Who they are about: the entity's id or kSubject, and its name ("" for the story).
Question ask(const Log& log, Clash clash, Reference target, std::string_view name);
Question ask(const Log& log, const Item& item);

// One for each name that two of the shown characters have and that nothing says are two: no answer
// of an extractor has both, and no person has said so or has dismissed the question.
std::vector<Question> ask_about_names(const Folding& folding,
                                      const std::vector<Entity>& characters);

// In the order in which they arose: when the last of their values was said first.
void put_in_order(const Log& log, std::vector<Question>& questions);

}  // namespace fabula::dossier
