#include "shared/dossier/fold/questions.hpp"

namespace fabula::dossier {

std::string questions_json(Dossier& dossier) {
  std::string text = "[";
  for (const auto& question : dossier.state().questions) {
    if (text.size() > 1) text += ',';
    text += question.json;
  }
  text += ']';
  return text;
}

}  // namespace fabula::dossier
