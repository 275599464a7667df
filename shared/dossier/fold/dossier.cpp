#include "shared/dossier/fold/dossier.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/dossier/fold/activity.hpp"
#include "shared/dossier/fold/ask.hpp"
#include "shared/dossier/fold/clusters.hpp"
#include "shared/dossier/fold/entities.hpp"
#include "shared/dossier/fold/events.hpp"
#include "shared/dossier/fold/items.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

// Encodes a type and the index of an entity in one number.
constexpr std::uint32_t kPlaceBits = 28;
constexpr std::uint32_t kPlaceMask = (1U << kPlaceBits) - 1;
static_assert(kMaximumTypes <= 1U << (32 - kPlaceBits) && kMaximumEntries <= kPlaceMask);

}  // namespace

// The log, and the result of the last fold: unchanged things are not built again.
class Dossier::Fold {
 public:
  explicit Fold(const Ontology& ontology) : log(ontology) {}

  void fold();

  Log log;
  State state;
  bool is_folded = false;

 private:
  void take_things(ThingBuilder& builder, const Events& events);
  void take_items(const std::vector<Status>& activity);

  ClusterFinder clusters_;
  std::vector<BuiltThing> things_;  // the inputs of the state's entities, without the entity itself
  NumberTable known_;               // maps entity ids to indexes in things_
  std::vector<Status> built_statuses_;
  FirstNames first_names_;
};

void Dossier::Fold::take_things(ThingBuilder& builder, const Events& events) {
  auto old = std::exchange(state.entities_of, {});
  NumberTable places;  // maps ids of old entities to type and index
  std::size_t old_count = 0;
  for (const auto& entities : old) old_count += entities.size();
  places.reserve(old_count);
  for (std::uint32_t type = 0; type < old.size(); ++type) {
    for (std::uint32_t i = 0; i < old[type].size(); ++i) {
      places.set(old[type][i].id, (type << kPlaceBits) | i);
    }
  }
  std::vector<Question> old_questions = std::exchange(state.questions, {});
  NumberTable questions_of;  // maps subjects to their last question
  std::vector<std::uint32_t> question_before(old_questions.size());
  for (std::uint32_t i = 0; i < old_questions.size(); ++i) {
    question_before[i] = questions_of.find(old_questions[i].target);
    questions_of.set(old_questions[i].target, i);
  }
  auto old_things = std::move(things_);
  auto old_known = std::move(known_);
  things_ = {};
  known_ = {};
  state.gone.clear();
  const auto& clusters = clusters_.last();
  things_.reserve(clusters.all.size());
  known_.reserve(clusters.all.size());
  for (std::uint32_t i = 0; i < clusters.all.size(); ++i) {
    if (!builder.is_there(i)) {
      for (const auto& event : events.of(i)) {
        Status& status = state.statuses[event.entry];
        if (status != Status::undone) status = Status::idle;
      }
      auto mentions = builder.mentions_of(i);
      for (const auto mention : mentions) {
        if (state.statuses[mention] == Status::shown) state.statuses[mention] = Status::idle;
      }
      if (!mentions.empty()) state.gone.push_back(std::move(mentions));
      continue;
    }
    const auto fingerprint = builder.fingerprint(i);
    const auto id = builder.id_of(i);
    const auto known = old_known.find(id);
    const auto place = places.find(id);
    BuiltThing built;
    if (known != kNone && place != kNone && old_things[known].fingerprint == fingerprint) {
      built = std::move(old_things[known]);
      built.entity = std::move(old[place >> kPlaceBits][place & kPlaceMask]);
      for (auto at = questions_of.find(id); at != kNone; at = question_before[at]) {
        state.questions.push_back(std::move(old_questions[at]));
      }
      for (const auto& event : events.of(i)) {
        state.statuses[event.entry] = built_statuses_[event.entry];
      }
    } else {
      built = builder.build(i);
      built.fingerprint = fingerprint;
      for (auto& question : built.questions) state.questions.push_back(std::move(question));
      built.questions.clear();
    }
    known_.set(id, static_cast<std::uint32_t>(things_.size()));
    state.entities_of[static_cast<std::size_t>(built.entity.type)].push_back(
        std::move(built.entity));
    things_.push_back(std::move(built));
  }
  if (log.ontology().subject == Type::none) return;
  auto subject = builder.build_subject();
  for (auto& question : subject.questions) state.questions.push_back(std::move(question));
  state.subject = std::move(subject.entity.fields);
}

void Dossier::Fold::take_items(const std::vector<Status>& activity) {
  for (auto& item : find_items(log, activity, state.statuses)) {
    if (log.ontology().kind(item.type) == TypeKind::question) {
      state.questions.push_back(ask(log, item));
    } else {
      state.items_of[static_cast<std::size_t>(item.type)].push_back(std::move(item));
    }
  }
}

void Dossier::Fold::fold() {
  if (is_folded) return;
  const auto activity = find_activity(log);
  const auto records = find_records(log, activity);
  const auto& clusters = clusters_.find(log, activity, records);
  const Events events(log, activity, records, clusters);
  for (auto& items : state.items_of) items.clear();
  state.statuses = activity;
  for (EntryIndex i = 0; i < log.entries.size(); ++i) {
    const Entry& entry = log.entries[i];
    const bool needs_a_thing = log.ontology().is_entity(entry.type) || entry.act == Act::set ||
                               entry.act == Act::list || entry.act == Act::lock ||
                               entry.act == Act::unlock;
    if (activity[i] == Status::shown && needs_a_thing && entry.act != Act::mention &&
        entry.act != Act::remove && !events.is_about_something(i)) {
      state.statuses[i] = Status::idle;
    }
  }
  Folding folding{log, activity, records, clusters, state.statuses, {}};
  ThingBuilder builder(folding, events, first_names_);
  take_things(builder, events);
  take_items(activity);
  for (auto& question : ask_about_names(folding, state.entities(log.ontology().people))) {
    state.questions.push_back(std::move(question));
  }
  put_in_order(log, state.questions);
  built_statuses_ = state.statuses;
  is_folded = true;
}

Dossier::Dossier(const Ontology& ontology) : fold_(std::make_unique<Fold>(ontology)) {}
Dossier::Dossier(const Dossier& other) : fold_(std::make_unique<Fold>(*other.fold_)) {}
Dossier::Dossier(Dossier&&) noexcept = default;
Dossier& Dossier::operator=(const Dossier& other) {
  fold_ = std::make_unique<Fold>(*other.fold_);
  return *this;
}
Dossier& Dossier::operator=(Dossier&&) noexcept = default;
Dossier::~Dossier() = default;

std::size_t Dossier::add(std::vector<Entry> entries) {
  const auto count = fold_->log.add(std::move(entries));
  if (count > 0) fold_->is_folded = false;
  return count;
}

const State& Dossier::state() {
  fold_->fold();
  return fold_->state;
}

const Log& Dossier::log() const { return fold_->log; }
const std::vector<Entry>& Dossier::entries() const { return fold_->log.entries; }
EntryIndex Dossier::find(Reference reference) const { return fold_->log.find(reference); }

const Entity* Dossier::entity(Reference reference) {
  const auto& shown = state();
  const Log& log = fold_->log;
  const auto with_slot = [&](Reference wanted) -> const Entity* {
    const auto named = log.find(wanted);
    const auto slot = named == kNone ? kNone : log.links[named].slot;
    if (slot == kNone) return nullptr;
    for (const auto& entity : shown.entities(log.slots[slot].type)) {
      const bool has_it =
          std::any_of(entity.mentions.begin(), entity.mentions.end(),
                      [&](EntryIndex mention) { return log.links[mention].slot == slot; });
      if (has_it) return &entity;
    }
    return nullptr;
  };
  if (const auto* entity = with_slot(reference)) return entity;
  // Its message has left the path: a person's act may link it to another mention.
  for (const auto i : log.order) {
    const Entry& entry = log.entries[i];
    const bool names_it =
        !entry.mentions.empty() && shown.statuses[i] == Status::shown &&
        std::find(entry.mentions.begin(), entry.mentions.end(), reference) != entry.mentions.end();
    if (!names_it) continue;
    for (const auto mention : entry.mentions) {
      if (const auto* entity = with_slot(mention)) return entity;
    }
  }
  return nullptr;
}

std::string_view Dossier::field_name(std::uint32_t field) const {
  return fold_->log.fields.at(field);
}

std::uint32_t Dossier::field_named(std::string_view name) const {
  return fold_->log.fields.find(name);
}

const std::vector<EntryIndex>& Dossier::content_order() const { return fold_->log.order; }

}  // namespace fabula::dossier
