// A work's records in reading order, and the forms of names in them.
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
  std::span<const Index> words;  // with misspellings corrected
  // The word that is each part of the name; kNone if there is none.
  Index given = kNone;
  Index family = kNone;
  Index either = kNone;  // the only word, when it may be either
  // The last word of a name to which a longer name adds words: "Fernández" of "Lucía Fernández
  // Ortega".
  Index also_family = kNone;
  Index patronymic = kNone;  // such as "Сергеевич"
  Index husband = kNone;
  Index title = kNone;    // the title's word
  bool has_tail = false;  // like "Queen of Hearts"
  Gender gender = Gender::unknown;
  std::span<const Index> records;  // records that have the form, in order
  bool is_ambiguous = false;       // shared by several people: evidence for none
  std::uint64_t content = 0;       // a fingerprint of the name and its parts

  bool is_full() const { return given != kNone && family != kNone; }
};

struct Record {
  Index input = 0;
  Index delivery = 0;
  std::span<const Index> listed = {};  // all forms, the name's first
  std::span<Index> forms = {};         // the listed forms that are accepted as this person's
  Index quoted = kNone;                // the only listed form that occurs in the quotes
  Index other_half = kNone;            // an earlier record of the delivery, cut from the same entry
  std::uint64_t content = 0;           // a fingerprint of it, its place, and the decisions about it
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
  // For each input its record. An answer that arrived twice gives the same records.
  std::vector<Index> record_of;

  // How specific a form is by itself, 0 to 4.
  int specificity(Index form) const;

  // The record that represents an entry which was cut in two.
  Index whole_of(Index record) const;

  // Accepts every listed form of each record.
  void take_all_listed();
  // Call this after the records' forms have changed.
  void index_forms();

 private:
  // One name as it was typed. Each spelling is examined once, however many records have it.
  struct Spelling {
    const Name* name;
    Index uses;
    Index first_word;  // index of its first word in words_
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
  std::vector<Index> spelling_of_names_;  // for each name of each record, in reading order
  // The storage of the spans in forms and records.
  std::vector<Index> words_;
  std::vector<Index> listed_;
  std::vector<Index> taken_;
  std::vector<Index> records_of_forms_;
};

}  // namespace fabula::dossier::identity
