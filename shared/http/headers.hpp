// HTTP header fields: an ordered list whose names compare without case (RFC 9110, section 5).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::http {

struct Header {
  std::string name;  // lower case
  std::string value;
};

// Takes any bytes; serializing a head checks whether they may be sent.
class Headers {
 public:
  // The value of the first field with this name; the view is valid until the list changes.
  std::optional<std::string_view> find(std::string_view name) const;

  // Appends a field and keeps those with the same name.
  void add(std::string_view name, std::string value);

  // Replaces all fields with this name.
  void set(std::string_view name, std::string value);

  std::size_t size() const { return headers_.size(); }
  bool empty() const { return headers_.empty(); }
  auto begin() const { return headers_.begin(); }
  auto end() const { return headers_.end(); }

 private:
  std::vector<Header> headers_;
};

}  // namespace fabula::http
