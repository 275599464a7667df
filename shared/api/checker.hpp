// Checks JSON values against their declarations and writes what they declare.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "shared/api/faults.hpp"
#include "shared/api/schema.hpp"
#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/result/result.hpp"

namespace fabula::api {

class Checker {
 public:
  Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // Writes an object's declared members and leaves the others out.
  void object(const json::Document& object, const Schema& schema);
  // One member of the object that is being written; nullptr when it is absent.
  void member(const json::Document* value, const Field& field);

  void fault(std::string_view path, std::string message) { faults_.add(path, std::move(message)); }
  json::Writer& writer() { return writer_; }

  // The JSON that was written, or the faults, which name the `part` of the request.
  Result<std::string> finish(std::string_view part) &&;

 private:
  void fault(std::string message, FaultKind kind = FaultKind::value) {
    faults_.add(path_, std::move(message), kind);
  }
  void value(const json::Document& value, const Field& field);
  void text(const std::string& text, const Field& field);
  void text_or_array(const json::Document& value, const Field& field);
  void array(const json::Document::array_t& array, const Field& field);

  std::string path_;
  std::string out_;
  json::Writer writer_{out_};
  Faults faults_;
};

}  // namespace fabula::api
