// A dossier that a page keeps and extends, with the same fold as the server's. Each function
// replaces the text by its result; its return value reports a refusal, and the text then has the
// reason.
#include "shared/dossier/fold/dossier.hpp"

#include <emscripten/em_macros.h>

#include <cstdint>
#include <string>
#include <utility>

#include "shared/dossier/read/diff.hpp"
#include "shared/dossier/read/snapshot.hpp"

namespace {

constexpr std::int32_t kRefused = -1;

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE fabula::dossier::Dossier* fabula_dossier_create() {
  return new fabula::dossier::Dossier();
}

EMSCRIPTEN_KEEPALIVE void fabula_dossier_destroy(fabula::dossier::Dossier* dossier) {
  delete dossier;
}

// Takes a JSON array of a log's rows; returns how many were new, or kRefused.
EMSCRIPTEN_KEEPALIVE std::int32_t fabula_dossier_add(fabula::dossier::Dossier* dossier,
                                                     std::string* text) {
  auto rows = fabula::dossier::parse_rows(*text);
  if (!rows) {
    *text = std::move(rows.error().detail);
    return kRefused;
  }
  text->clear();
  return static_cast<std::int32_t>(dossier->add(std::move(rows->entries)));
}

EMSCRIPTEN_KEEPALIVE void fabula_dossier_snapshot(fabula::dossier::Dossier* dossier,
                                                  std::string* text) {
  *text = fabula::dossier::snapshot_json(*dossier);
}

// Takes an id; returns the thing in the snapshot's form, or an empty text.
EMSCRIPTEN_KEEPALIVE void fabula_dossier_thing(fabula::dossier::Dossier* dossier,
                                               std::string* text) {
  const auto reference = fabula::dossier::parse_reference(*text);
  const auto* thing = reference ? dossier->entity(*reference) : nullptr;
  text->assign(thing ? thing->json : "");
}

// Takes a JSON array of two snapshots; returns 0, or kRefused.
EMSCRIPTEN_KEEPALIVE std::int32_t fabula_dossier_diff(std::string* text) {
  const auto snapshots = fabula::json::parse(*text);
  if (!snapshots || !snapshots->is_array() || snapshots->size() != 2) {
    *text = "two snapshots are compared";
    return kRefused;
  }
  *text = fabula::dossier::diff_json(snapshots->front(), snapshots->back());
  return 0;
}

}  // extern "C"
