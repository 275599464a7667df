// Questions to the person: about contradictions, and those that the story itself leaves open.
#pragma once

#include <vector>

#include "shared/dossier/fold/clusters.hpp"
#include "shared/dossier/fold/decide.hpp"

namespace fabula::dossier {

// `target` and `name` are the question's subject: the entity's id or kSubject, and its name ("" for
// the story).
Question ask(const Log& log, Clash clash, Reference target, std::string_view name);
Question ask(const Log& log, const Item& item);

// One question for each name that two shown characters share, unless something shows that they are
// two: one extractor's answer lists both, or a person has said so or dismissed the question.
std::vector<Question> ask_about_names(const Folding& folding,
                                      const std::vector<Entity>& characters);

// Sorts questions by the time at which they arose: when the last of their values was first said.
void put_in_order(const Log& log, std::vector<Question>& questions);

}  // namespace fabula::dossier
