// Makes a snapshot that a person has sent into entries.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/dossier/draft.hpp"
#include "shared/dossier/tables.hpp"
#include "shared/dossier/wanted.hpp"

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

  // Who is who before the edit: it shall be so after it.
  void note_identities();
  void note_identity(const std::vector<EntryIndex>& mentions);
  FieldError match();
  void remove_left_out();
  void add_new();
  bool keep_apart();
  bool keep_together();
  void keep_identities();
  std::vector<std::uint32_t> identities_in(const Entity& entity);
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
  std::vector<Reference> handles_;  // of each wanted thing: a mention of the one that it is
  std::vector<std::vector<EntryIndex>> identities_;
  NumberTable identities_of_;  // by a mention's reference
};

}  // namespace fabula::dossier
