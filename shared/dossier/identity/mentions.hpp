// A work's records in reading order, and the forms by which they name people.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/dossier/identity/counts.hpp"
#include "shared/dossier/identity/identity.hpp"
#include "shared/dossier/identity/vocabulary.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier::identity {

// One name of the work, however it was typed.
struct Form {
  const Name* name = nullptr;
  std::span<const Index> words;  // as they were meant
  // Which of them are what; kNone where there is none.
  Index given = kNone;
  Index family = kNone;
  Index either = kNone;  // the only word, when it may be both
  // The last word of a name that a longer one goes on from: "Fernández" of "Lucía Fernández
  // Ortega".
  Index also_family = kNone;
  Index patronymic = kNone;  // "Сергеевич"
  Index husband = kNone;
  Index title = kNone;    // the word
  bool has_tail = false;  // "Queen of Hearts"
  Gender gender = Gender::unknown;
  std::span<const Index> records;  // that have it, in order
  bool is_ambiguous = false;       // several people's: evidence for none
  std::uint64_t content = 0;       // a fingerprint of the name and what its parts are

  bool is_full() const { return given != kNone && family != kNone; }
};

struct Record {
  Index input = 0;
  Index delivery = 0;
  std::span<const Index> listed = {};  // forms, the name's first
  std::span<Index> forms = {};         // those of them that are taken for this person's
  Index quoted = kNone;                // the form of those listed that the quotes alone have
  Index other_half = kNone;            // an earlier record of the delivery, cut from the same entry
  std::uint64_t content = 0;           // a fingerprint of it, its place, and what is decided of it
};

class Mentions {
 public:
  Mentions(std::span<const PreparedRecord> inputs, std::span<const IdentityDecision> decisions,
           Answers& known, std::span<const Quotes> quotes);
  Mentions(const Mentions&) = delete;
  Mentions& operator=(const Mentions&) = delete;

  Answers& answers;
  Vocabulary vocabulary;
  std::vector<Form> forms;
  std::vector<Record> records;
  // Of each input its record. That of an answer that came twice is one.
  std::vector<Index> record_of;

  // How much a form says by itself, 0 to 4.
  int specificity(Index form) const;

  // The record that stands for an entry that was cut in two.
  Index whole_of(Index record) const;

  // Takes all that each record lists for this person's.
  void take_all_listed();
  // After the records' forms have changed.
  void index_forms();

 private:
  // One name as it was typed. What is asked of names is asked of each of these once, however many
  // records have it.
  struct Spelling {
    const Name* name;
    Index uses;
    Index first_word;  // place of its words among words_
    Index form;
  };

  void sort_records(std::span<const PreparedRecord> inputs,
                    std::span<const IdentityDecision> decisions);
  void collect_spellings(std::span<const PreparedRecord> inputs);
  void collect_forms();
  void list_forms(std::span<const PreparedRecord> inputs);
  void write_key(const Name& name, const Form& form, std::string& key) const;
  void resolve_forms();
  void resolve_words(Form& form) const;
  void set_apart_epithet(Form& form) const;
  void complete_beginnings();
  void turn_names_round();
  void turn_families_round(const std::vector<std::pair<std::uint64_t, Index>>& pairs);
  void part_unknown_families();
  void set_apart_husbands();
  void take_quoted_names(std::span<const Quotes> quotes);
  Index quoted_name(const Record& record, std::span<const Index> candidates,
                    const Quotes& quotes) const;
  bool lists_whole_name(const Record& record) const;
  void list_also(const std::vector<std::pair<Index, Index>>& additions);
  void take_fingerprints(std::span<const PreparedRecord> inputs,
                         std::span<const IdentityDecision> decisions);

  std::vector<Spelling> spellings_;
  std::vector<Index> spelling_of_names_;  // of each name of each record, in reading order
  // What forms and records have parts of.
  std::vector<Index> words_;
  std::vector<Index> listed_;
  std::vector<Index> taken_;
  std::vector<Index> records_of_forms_;
};

}  // namespace fabula::dossier::identity
