/** Words that people type into the search box as they are: made into what can be searched for. */

const TOKENS = /[()]|(?:"(?:[^"\\]|\\.)*(?:"|$)|[^\s()"])+/gu;
const SIMPLE = /^[\p{L}\p{N}._-]+$/u;

/**
 * Words and quoted words that stand for themselves become `text:` of them, `AND` and `OR` become
 * small, and all else stays as it is: an expression with nothing of that, character by character.
 * @param {string} typed
 * @returns {string}
 */
export function asExpression(typed) {
  // JSON has words and quotes of its own.
  return /(^|[\s(-])raw:/.test(typed) ? typed : typed.replace(TOKENS, asAtom);
}

function asAtom(token) {
  if (/^(and|or)$/i.test(token)) return token.toLowerCase();
  const [, not, word] = token.match(/^(-?)(.*)$/su);
  if (!word || word.startsWith("-") || /[()]/.test(word)) return token;
  if (/^"[^]*"$/.test(word)) return `${not}text:${word}`;
  if (/[:"]/.test(word)) return token;
  return `${not}text:${SIMPLE.test(word) ? word : JSON.stringify(word)}`;
}
