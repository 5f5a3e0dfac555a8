/** Media types of bodies that hold no text to look at. */
export function isBinary(media: string): boolean {
  if (media.endsWith("+json") || media.endsWith("+xml")) return false;
  return BINARY_FAMILIES.some((family) => media.startsWith(family));
}

const BINARY_FAMILIES = [
  "image/",
  "audio/",
  "video/",
  "font/",
  "model/",
  "application/octet-stream",
  "application/zip",
  "application/gzip",
  "application/x-gzip",
  "application/x-tar",
  "application/pdf",
  "application/wasm",
  "application/x-protobuf",
  "application/protobuf",
  "application/grpc",
  "application/vnd.",
  "application/java-archive",
];
