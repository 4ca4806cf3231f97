// A user's folders, made for one test: profile, workspace, experts, and a command `lsp-experts` in a folder of its own.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// Nothing but the extension speaks, and the editor changes nothing of what is typed.
const quiet = {
  "editor.inlineSuggest.enabled": true,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.suggestOnTriggerCharacters": false,
  "editor.wordBasedSuggestions": "off",
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "html.autoClosingTags": false,
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

// files: name -> text. settings: added to the user's. server: a shell command; none where there shall be no server.
export async function makeProfile({ files, settings = {}, server, home }) {
  const root = await mkdtemp(join(tmpdir(), "lsp-experts-vscode-"));
  const profile = {
    root,
    workspace: join(root, "workspace"),
    data: join(root, "data"),
    extensions: join(root, "extensions"),
    home: home ?? join(root, "home"), // of the experts
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
  const programs = join(root, "bin");
  const write = async (path, text, mode) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
  };
  const own = server ? { "lspExperts.server.path": join(programs, "lsp-experts") } : {};
  const said = JSON.stringify({ ...quiet, ...own, ...settings });
  await write(join(profile.data, "User", "settings.json"), said);
  await write(join(profile.data, "Machine", "settings.json"), said); // where code-server looks for machine settings
  for (const [name, text] of Object.entries(files)) await write(join(profile.workspace, name), text);
  if (server) await write(join(programs, "lsp-experts"), `#!/bin/sh\nexec ${server} "$@"\n`, 0o755);
  return profile;
}
