/** The one way to the server: JSON both ways, problems as errors, proof that it was this page. */

import { page } from "./page.js";

/** An answer that is no success, or none at all (status 0). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{error?: string, remedy?: string, position?: number}} said
   */
  constructor(status, said) {
    const bare = status ? `The server answered ${status}.` : "The server is out of reach.";
    super(said.error || bare);
    this.name = "Problem";
    this.status = status;
    /** What the person can do about it, or "". */
    this.remedy = said.remedy ?? "";
    /** Where in the search expression it is, as JavaScript counts, or null. */
    this.position = said.position ?? null;
    this.said = said;
  }
}

/**
 * One request; the answer when it is a success, else a `Problem`.
 *
 * The window hears `holdfast:signedout` when the server no longer knows who asks.
 *
 * @param {string} method
 * @param {string} url
 * @param {{body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal,
 *          keepalive?: boolean}} [options]
 * @returns {Promise<Response>}
 */
export async function request(method, url, { body, headers = {}, signal, keepalive } = {}) {
  const proof = method === "GET" || !page.csrf ? {} : { "X-Holdfast-CSRF": page.csrf };
  let response;
  try {
    response = await fetch(url, {
      method,
      body,
      signal,
      keepalive,
      headers: { Accept: "application/json", ...proof, ...headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {});
  }
  if (response.ok) return response;
  if (response.status === 401) window.dispatchEvent(new CustomEvent("holdfast:signedout"));
  throw new Problem(response.status, await readProblem(response));
}

/** Errors are JSON; but a proxy on the way may have words of its own. */
async function readProblem(response) {
  try {
    const said = await response.json();
    return typeof said === "object" && said !== null ? said : {};
  } catch {
    return {};
  }
}

/**
 * @param {string} url
 * @param {Record<string, string|number|null|undefined>} [parameters]  Empty ones are left out.
 */
export function withParameters(url, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${url}${url.includes("?") ? "&" : "?"}${text}` : url;
}

/**
 * @param {string} url
 * @param {Record<string, string|number|null|undefined>} [parameters]
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function getJson(url, parameters = {}, { signal } = {}) {
  const response = await request("GET", withParameters(url, parameters), { signal });
  return response.json();
}

/**
 * @param {string} url
 * @param {unknown} value
 * @param {{signal?: AbortSignal, keepalive?: boolean}} [options]
 * @returns {Promise<any>}
 */
export async function postJson(url, value, { signal, keepalive } = {}) {
  const response = await request("POST", url, {
    body: JSON.stringify(value),
    headers: { "Content-Type": "application/json" },
    signal,
    keepalive,
  });
  return response.status === 204 ? null : response.json();
}

/**
 * Lets the browser itself send a form, for what it should keep as a file.
 * @param {string} url
 * @param {Record<string, string>} fields
 */
export function submitForm(url, fields) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  form.hidden = true;
  const all = page.csrf ? { ...fields, csrf: page.csrf } : fields;
  for (const [name, value] of Object.entries(all)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
