// A work's records in reading order, and the forms by which they name people.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "shared/dossier/counts.hpp"
#include "shared/dossier/identity.hpp"
#include "shared/dossier/tables.hpp"
#include "shared/dossier/vocabulary.hpp"

namespace fabula::dossier::identity {

// One name of the work, however it was typed.
struct Form {
  const Name* name = nullptr;
  std::vector<Index> words;  // as they were meant
  // Which of them are what; kNone where there is none.
  Index given = kNone;
  Index family = kNone;
  Index either = kNone;  // the only word, when it may be both
  Index husband = kNone;
  Index title = kNone;    // the word
  bool has_tail = false;  // "Queen of Hearts"
  Gender gender = Gender::unknown;
  std::vector<Index> records;  // that have it, in order
  bool is_ambiguous = false;   // several people's: evidence for none
  std::uint64_t content = 0;   // a fingerprint of the name and what its parts are

  bool is_full() const { return given != kNone && family != kNone; }
};

struct Record {
  Index input = 0;
  Index delivery = 0;
  std::vector<Index> listed = {};  // forms, the name's first
  std::vector<Index> forms = {};   // those of them that are taken for this person's
  Index other_half = kNone;        // an earlier record of the delivery, cut from the same entry
  std::uint64_t content = 0;       // a fingerprint of it, its place, and what is decided of it
};

class Mentions {
 public:
  Mentions(std::span<const PreparedRecord> inputs, std::span<const IdentityDecision> decisions,
           Answers& known);

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

  // After the records' forms have changed.
  void index_forms();

 private:
  void sort_records(std::span<const PreparedRecord> inputs,
                    std::span<const IdentityDecision> decisions);
  void collect_forms(std::span<const PreparedRecord> inputs);
  void write_key(const Name& name, const Form& form, std::string& key) const;
  void resolve_forms();
  void set_apart_epithet(Form& form) const;
  void set_apart_husbands();
  void take_fingerprints(std::span<const PreparedRecord> inputs,
                         std::span<const IdentityDecision> decisions);

  TextTable form_keys_;
};

}  // namespace fabula::dossier::identity
