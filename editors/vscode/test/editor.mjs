// VS Code as a user has it before them: what they type and click, and what they see.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { startCodeServer } from "./code_server.mjs";
import { makeProfile } from "./profile.mjs";
import { artefacts, browser, chromiumPath } from "./tools.mjs";
import { deadlineMs, until } from "./waiting.mjs";

const cursorMark = "‸";
const statusItem = ".statusbar-item[id^='lsp-experts']";
const size = { width: 1000, height: 560 };

export class Editor {
  #closing = []; // what ends the parts, last one first

  // files: name -> text, a cursor mark in it says where `open` goes. The rest is as makeProfile has it.
  static async start({ files, ...rest }) {
    const editor = new Editor();
    try {
      await editor.#start(files, rest);
    } catch (problem) {
      await editor.close();
      throw problem;
    }
    return editor;
  }

  async #start(files, rest) {
    this.cursors = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, place(text)]));
    const texts = Object.entries(files).map(([name, text]) => [name, text.replace(cursorMark, "")]);
    this.profile = await makeProfile({ files: Object.fromEntries(texts), ...rest });
    this.#closing.push(() => this.profile.remove());
    const server = await startCodeServer(this.profile);
    this.#closing.push(server.stop);
    const flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
    const chromium = await browser.launch({ executablePath: chromiumPath, args: flags });
    this.#closing.push(() => chromium.close());
    this.page = await chromium.newPage({ viewport: size });
    this.page.setDefaultTimeout(deadlineMs);
    await this.page.goto(server.url);
    await this.page.waitForSelector(".monaco-workbench .statusbar-item");
  }

  async close() {
    for (const end of this.#closing.reverse()) await end();
  }

  // Opens a file, at its cursor mark where it has one.
  async open(name) {
    await this.page.dblclick(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.page.waitForSelector(".monaco-editor.focused .view-lines");
    if (!this.cursors[name]) return;
    const { line, characters } = this.cursors[name];
    await this.press("Control+G");
    await this.type(String(line));
    await this.press("Enter");
    await this.page.waitForSelector(".quick-input-widget", { state: "hidden" });
    for (let passed = 0; passed < characters; passed++) await this.press("ArrowRight");
  }

  type = (text) => this.page.keyboard.type(text);

  press = (keys) => this.page.keyboard.press(keys);

  async backToText() {
    await this.press("Control+1");
    await this.page.waitForSelector(".monaco-editor.focused .view-lines");
  }

  // title: as the command palette shows it, category included
  async run(title) {
    await this.press("F1");
    await this.type(title);
    await this.page.click(`.quick-input-list [aria-label^="${title}"]`);
  }

  // Each of these is "" where there is none.
  ghostText = () => this.#texts(".monaco-editor.focused [class*=ghost-text]", "");

  notifications = () => this.#texts(".notification-toast");

  quickPick = () => this.#texts(".quick-input-widget .monaco-list-row");

  // The item's text, and what a screen reader says of it.
  statusBar = async () => {
    const said = await this.page.locator(statusItem).evaluateAll((items) => items.map((item) => item.ariaLabel));
    return [await this.#texts(statusItem), ...said].join("\n");
  };

  clickStatusBar = () => this.page.click(`${statusItem} a`);

  async #texts(selector, separator = "\n") {
    const texts = await this.page.locator(selector).allTextContents();
    return texts.join(separator).replaceAll("\u00a0", " ");
  }

  // What stands in the file once it was saved and is as wished.
  async saved(name, isSo) {
    await this.press("Control+S");
    return until(`${name} on disk`, () => readFile(join(this.profile.workspace, name), "utf8"), isSo);
  }

  // Keeps a picture named after what is seen, where pictures are wanted.
  async picture(title) {
    if (!artefacts) return;
    await mkdir(artefacts, { recursive: true });
    const name = title.toLowerCase().replace(/\W+/g, "-");
    await this.page.screenshot({ path: join(artefacts, `vscode-${name}.png`) });
  }
}

// Where the cursor mark is: the line as users count, and the characters in front of it.
function place(text) {
  if (!text.includes(cursorMark)) return undefined;
  const lines = text.slice(0, text.indexOf(cursorMark)).split("\n");
  return { line: lines.length, characters: lines.at(-1).length };
}
