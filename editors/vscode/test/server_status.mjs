// What the server of a profile says of itself, from the file that `lsp-experts top` reads; {} while there is none.
// `process` is its process id.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export async function serverStatus(profile) {
  const folder = join(profile.home, "state", "servers");
  try {
    const [name] = await readdir(folder);
    return { ...JSON.parse(await readFile(join(folder, name), "utf8")), process: Number.parseInt(name, 10) };
  } catch {
    return {}; // not there yet, or just ended
  }
}
