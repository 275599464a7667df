// The ontology of a companion's memory of its user. All its types are items, single sentences; the
// same words are the same memory.
#pragma once

#include <array>

#include "shared/dossier/log/ontology.hpp"

namespace fabula::memory {

using dossier::Comparison;
using dossier::FieldFacts;
using dossier::FieldRule;
using dossier::Ontology;
using dossier::Type;
using dossier::TypeFacts;
using dossier::TypeKind;

inline constexpr std::array kTypes{
    TypeFacts{"none", "", TypeKind::none},
    TypeFacts{"user_fact", "user_facts", TypeKind::item},    // about the user
    TypeFacts{"relation", "relations", TypeKind::item},      // between the user and the companion
    TypeFacts{"promise", "promises", TypeKind::item},        // made by either to the other
    TypeFacts{"preference", "preferences", TypeKind::item},  // likes and wishes of the user
    TypeFacts{"event", "events", TypeKind::item},            // happens on a day
};
inline constexpr std::array kFields{FieldFacts{"name", FieldRule::latest, Comparison::folded},
                                    FieldFacts{"aliases", FieldRule::list, Comparison::folded}};
inline constexpr std::array kShown{Type{1}, Type{2}, Type{3}, Type{4}, Type{5}};

inline constexpr Ontology kOntology{.types = kTypes, .fields = kFields, .shown = kShown};
static_assert(dossier::is_sound(kOntology));

}  // namespace fabula::memory
