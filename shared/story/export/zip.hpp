// ZIP archives of files that are stored as they are, as an EPUB may have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::story {

// The checksum of ZIP (CRC-32, ISO 3309).
std::uint32_t crc32(std::string_view bytes);

// Writes an archive of at most 65,535 files and 4 GiB. Every file has the date 1980-01-01, so that
// the same files give the same bytes.
class ZipWriter {
 public:
  // `name` is a path with "/", in ASCII, and comes only once.
  void add(std::string_view name, std::string_view content);

  // Ends the archive; nothing may be added behind it.
  std::string finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t checksum;
    std::uint32_t bytes;
    std::uint32_t offset;
  };

  std::string out_;
  std::vector<Entry> entries_;
};

}  // namespace fabula::story
