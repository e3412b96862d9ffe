/**
 * The files of a drop, of a file field or of the clipboard, one after the other: folders are walked
 * while the first files are on their way already.
 *
 * @typedef {object} Source  A file that is to be uploaded.
 * @property {string} name
 * @property {string} folder  The folders it was in, as "holidays/2024", or "".
 * @property {number} size
 * @property {number} modified  Milliseconds since 1970.
 * @property {() => Promise<File>} open  The file itself, when its turn has come: thousands of open
 *     ones would cost memory.
 */

/** What systems leave in folders for themselves. */
const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** What browsers call a picture from the clipboard. */
const PASTED = /^image\.(\w+)$/;

/**
 * Whether files are among what is dragged.
 * @param {DataTransfer|null} transfer
 */
export function holdsFiles(transfer) {
  return transfer?.types.includes("Files") ?? false;
}

/**
 * What was dropped. To be called while the event is handled: afterwards browsers forget it.
 * @param {DataTransfer} transfer
 * @returns {AsyncGenerator<Source>}
 */
export function dropped(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.length ? walkAll(entries) : listed([...transfer.files]);
}

/**
 * What was chosen in a field for files or for a folder.
 * @param {Iterable<File>} files
 * @returns {AsyncGenerator<Source>}
 */
export async function* listed(files) {
  for (const file of files) {
    const path = file.webkitRelativePath ?? "";
    if (!LITTER.has(file.name)) yield source(file, path.split("/").slice(0, -1).join("/"));
  }
}

/**
 * What was pasted; pictures without a name get one from the time.
 * @param {Iterable<File>} files
 * @returns {AsyncGenerator<Source>}
 */
export async function* pasted(files) {
  for (const file of files) {
    const [, ending] = PASTED.exec(file.name) ?? [];
    const time = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
    const named = ending ? new File([file], `Pasted ${time}.${ending}`, file) : file;
    yield source(named, "");
  }
}

/** What cannot be read comes as a file that cannot be opened: of the others nothing is lost. */
async function* walkAll(entries) {
  const left = entries.map((entry) => ({ entry, folder: "" })).reverse();
  while (left.length) {
    const { entry, folder } = left.pop();
    if (!entry.isDirectory) {
      if (!LITTER.has(entry.name)) yield await fileSource(entry, folder);
      continue;
    }
    const inside = folder ? `${folder}/${entry.name}` : entry.name;
    try {
      const found = await listing(entry);
      left.push(...found.map((one) => ({ entry: one, folder: inside })).reverse());
    } catch (error) {
      yield unreadable(entry.name, folder, error);
    }
  }
}

async function listing(entry) {
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // Browsers give a hundred at a time, and none when there are no more.
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return found;
    found.push(...batch);
  }
}

async function fileSource(entry, folder) {
  try {
    // Its size is asked for now, its contents later.
    const { size, lastModified } = await opened(entry);
    const { name } = entry;
    return { name, folder, size, modified: lastModified, open: () => opened(entry) };
  } catch (error) {
    return unreadable(entry.name, folder, error);
  }
}

function unreadable(name, folder, error) {
  return { name, folder, size: 0, modified: 0, open: () => Promise.reject(error) };
}

function opened(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function source(file, folder) {
  const { name, size, lastModified } = file;
  return { name, folder, size, modified: lastModified, open: async () => file };
}
