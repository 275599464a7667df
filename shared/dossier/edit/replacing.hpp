// Turns a snapshot that a person has sent into entries.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/identities.hpp"
#include "shared/dossier/edit/wanted.hpp"

namespace fabula::dossier {

class Replacing {
 public:
  Replacing(const Dossier& dossier, Wanted wanted, bool is_whole, const EditContext& context)
      : draft_(dossier, context),
        wanted_(std::move(wanted)),
        is_whole_(is_whole),
        handles_(wanted_.things.size(), 0) {}

  Rows make() &&;

 private:
  Dossier& preview() { return draft_.preview(); }
  const State& state() { return preview().state(); }

  FieldError match();
  void remove_left_out();
  void add_new();
  void change_things();
  void change_fields(const std::vector<ShownField>& shown, const std::vector<WantedField>& wanted,
                     const Members& about);
  void change_list(const ShownField* shown, const WantedField& wanted, const Members& about);
  void set(std::string_view field, const ShownField* shown, json::Document value,
           const Members& about);
  void change_items();
  void change_questions();

  Draft draft_;
  Wanted wanted_;
  bool is_whole_;
  std::vector<Reference> handles_;  // for each wanted thing a mention of its entity
  Identities identities_;
};

}  // namespace fabula::dossier
