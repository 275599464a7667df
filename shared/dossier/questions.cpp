#include "shared/dossier/questions.hpp"

#include "shared/dossier/log.hpp"
#include "shared/dossier/snapshot_writer.hpp"

namespace fabula::dossier {

std::string questions_json(Dossier& dossier) {
  std::string text = "[";
  for (const auto& question : dossier.state().questions) {
    if (text.size() > 1) text += ',';
    append_question(text, dossier.log(), question);
  }
  text += ']';
  return text;
}

}  // namespace fabula::dossier
