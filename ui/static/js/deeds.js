/** What the owner does to one thing that is shown large; what that takes is loaded with it. */

/** @typedef {import("./page.js").Item} Item */

/** @param {Item} item */
export async function editTags(item) {
  const { askTags } = await import("./tagger.js");
  await askTags([item]);
}

/** @param {Item} item */
export async function addToSet(item) {
  const { addToSet: add } = await import("./setpicker.js");
  await add([item]);
}

/** @param {Item} item */
export async function share(item) {
  const { share: ask } = await import("./shareform.js");
  await ask({ refs: [item.ref], title: item.title || item.name || undefined });
}

/**
 * @param {Item} item
 * @returns {Promise<boolean>}  Whether it is there now.
 */
export async function moveToTrash(item) {
  const [{ isBare }, { act, makeClaims }, { say }] = await Promise.all([
    import("./permanodes.js"),
    import("./acts.js"),
    import("./toast.js"),
  ]);
  if (isBare(item)) {
    say("This is part of a folder, which never changes. Delete the folder itself.");
    return false;
  }
  return act({
    doing: "Moving to trash",
    done: `Moved ${item.title || item.name || "it"} to trash`,
    run: async (told) => ({
      claims: await makeClaims([{ act: "delete", target: item.ref }], told),
    }),
  });
}
