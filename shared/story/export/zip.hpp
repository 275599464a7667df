// ZIP archives of uncompressed files, which an EPUB may have.
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
  // `name` is an ASCII path with "/"; each name may occur only once.
  void add(std::string_view name, std::string_view content);

  // Ends the archive; nothing may be added after this.
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
