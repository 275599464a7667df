// The ontology of a story: the subject of a dossier.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/dossier/log/ontology.hpp"

namespace fabula::dossier::story {

inline constexpr std::array kTypes{
    TypeFacts{"none", "", TypeKind::none},
    TypeFacts{"character", "characters", TypeKind::people, 5},
    TypeFacts{"location", "locations", TypeKind::things, 3},
    TypeFacts{"object", "objects", TypeKind::things, 3},
    TypeFacts{"theme", "themes", TypeKind::item},
    TypeFacts{"plot_point", "plot_points", TypeKind::item},
    TypeFacts{"open_question", "open_questions", TypeKind::question},
    TypeFacts{"story", "", TypeKind::subject},
};
inline constexpr Type kCharacter{1};
inline constexpr Type kLocation{2};
inline constexpr Type kObject{3};
inline constexpr Type kTheme{4};
inline constexpr Type kPlotPoint{5};
inline constexpr Type kOpenQuestion{6};
inline constexpr Type kStory{7};

inline constexpr std::array kFields{
    FieldFacts{"name", FieldRule::latest, Comparison::folded},
    FieldFacts{"aliases", FieldRule::list, Comparison::folded},
    FieldFacts{"description", FieldRule::joined, Comparison::folded},
    FieldFacts{"relationships", FieldRule::list},
    FieldFacts{.name = "character_arc", .is_null_when_empty = true},
    FieldFacts{"role"},
    FieldFacts{"age", FieldRule::checked, Comparison::number},
    FieldFacts{"gender", FieldRule::checked, Comparison::gender},
    FieldFacts{"eye_colour", FieldRule::checked, Comparison::colours},
    FieldFacts{"hair_colour", FieldRule::checked, Comparison::colours},
    FieldFacts{"alive", FieldRule::checked, Comparison::life},
    FieldFacts{"occupation"},
    FieldFacts{"birthplace", FieldRule::checked, Comparison::key_words},
    FieldFacts{"mother", FieldRule::checked, Comparison::key_words},
    FieldFacts{"father", FieldRule::checked, Comparison::key_words},
    FieldFacts{"spouse"},
    FieldFacts{"traits", FieldRule::list},
    FieldFacts{.name = "title", .is_of_subject = true},
    FieldFacts{.name = "logline", .is_of_subject = true},
    FieldFacts{.name = "genre", .is_of_subject = true},
    FieldFacts{.name = "tone", .is_of_subject = true},
};
// Indexes in kFields of the fields that code uses by name.
inline constexpr std::uint32_t kRelationships = 3;
inline constexpr std::uint32_t kCharacterArc = 4;
inline constexpr std::uint32_t kTitle = 17;
inline constexpr std::uint32_t kTone = 20;

inline constexpr std::array kShown{kCharacter, kTheme,  kLocation,
                                   kPlotPoint, kObject, kOpenQuestion};

inline constexpr Ontology kOntology{.types = kTypes,
                                    .fields = kFields,
                                    .relations = kRelationships,
                                    .shown = kShown,
                                    .relation_objects = "relations"};
static_assert(is_sound(kOntology));

// The name in entries and prompts.
constexpr std::string_view name(Type type) { return kOntology.facts(type).name; }

}  // namespace fabula::dossier::story
