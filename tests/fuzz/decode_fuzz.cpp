// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "store/extent_chunk.h"
#include "store/keys.h"
#include "store/records.h"
#include "support/record_seal.h"

// What any bytes decode to. Built alone it is a libFuzzer program (docs/on-disk-format.md); the
// store's unit tests feed it random bytes.
//
// The input: a byte for the kind, a byte for the length of the key, the key, the record without its
// checksum. The checksum is added here, because a fuzzer would not find it. What decodes must
// encode to the same bytes.
namespace faultline::store {
namespace {

void ExpectSame(std::string_view record, std::string_view again) {
  FL_CHECK(record == again, "a record of {} bytes came back as {} others", record.size(),
           again.size());
}

void DecodeAs(int kind, std::string_view key, std::string_view record) {
  switch (kind) {
    case 0:
      if (auto inode = DecodeInode(key, record)) ExpectSame(record, EncodeInode(key, *inode));
      return;
    case 1:
      if (auto dirent = DecodeDirent(key, record))
        ExpectSame(record, EncodeDirent(key, dirent->ino, dirent->type));
      return;
    case 2:
      if (auto chunk = ExtentChunk::Decode(key, record)) ExpectSame(record, (*chunk)->Encode(key));
      return;
    case 3:
      if (DecodeOrphan(key, record)) ExpectSame(record, EncodeOrphan(key));
      return;
    case 4:
      if (auto super = DecodeSuperblock(record)) ExpectSame(record, EncodeSuperblock(*super));
      return;
    default:
      if (auto state = DecodeState(record)) ExpectSame(record, EncodeState(*state));
      return;
  }
}

void DecodeInput(std::string_view input) {
  if (input.size() < 2) return;
  const int kind = static_cast<uint8_t>(input[0]) % 6;
  const size_t key_length = static_cast<uint8_t>(input[1]);
  input.remove_prefix(2);
  std::string_view key = input.substr(0, key_length);
  const std::string_view body = input.substr(key.size());
  if (kind == 4) key = keys::kSuperblock;
  if (kind == 5) key = keys::kState;
  DecodeAs(kind, key, body);
  DecodeAs(kind, key, test::Sealed(key, body));
}

}  // namespace
}  // namespace faultline::store

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  faultline::store::DecodeInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
