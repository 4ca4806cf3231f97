// Bytes as people read them.

/** 345505792 -> "346 MB", 12320065536 -> "12.3 GB". */
export function bytesForPeople(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
