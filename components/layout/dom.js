/** Helpers for the document: elements, texts in the page's language, and sentences for screen readers. */

/**
 * Return the first element that matches.
 *
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E}
 * @throws {Error} If none matches: the template and the script disagree.
 */
export function $(selector, within = document) {
  const element = /** @type {E | null} */ (within.querySelector(selector))
  if (!element) throw new Error(`no element matches ${selector}`)
  return element
}

/**
 * Return the first element that matches, or null.
 *
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E | null}
 */
export const find = (selector, within = document) => within.querySelector(selector)

/**
 * Return all elements that match, in the document's order.
 *
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E[]}
 */
export const $$ = (selector, within = document) => [.../** @type {NodeListOf<E>} */ (within.querySelectorAll(selector))]

/**
 * Return the element that an event happened on. Events on the document itself count as on its root element.
 *
 * @param {Event} event
 * @returns {HTMLElement}
 */
export const targetOf = event =>
  event.target instanceof Element ? /** @type {HTMLElement} */ (event.target) : document.documentElement

/**
 * Return the nearest element that matches, from an element outwards, or null.
 *
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {Element | null | undefined} element
 * @returns {E | null}
 */
export const closest = (selector, element) => element?.closest(selector) ?? null

/**
 * Return the `data-action` of the element that was clicked, or of the nearest one around it.
 *
 * @param {Event} event
 */
export const actionOf = event => closest("[data-action]", targetOf(event))?.dataset.action

/**
 * Whether a click is without a modifier, so that the page may handle a link itself; with one, the browser opens a new tab,
 * a new window or a download.
 *
 * @param {MouseEvent} event
 */
export const isPlainClick = event =>
  event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)

/**
 * Return the element that HTML of one element describes. Its scripts do not run, and it is not in the document yet.
 *
 * @param {string} html
 * @returns {HTMLElement}
 */
export function parseHtml(html) {
  const template = document.createElement("template")
  template.innerHTML = html
  return /** @type {HTMLElement} */ (template.content.firstElementChild)
}

/** @type {Record<string, string> | undefined} */
let texts

/**
 * Return a text in the page's language with its placeholders filled in.
 *
 * @param {string} key One of the keys that the page lists in `client_templates`.
 * @param {Record<string, string | number | undefined>} [values] By placeholder: `{n}` is `values.n`.
 */
export function t(key, values = {}) {
  texts ??= /** @type {Record<string, string>} */ (JSON.parse(find("#texts")?.textContent || "{}"))
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => `${values[name]}`)
}

/**
 * Return the form of a text for a number: `one` or `other` below the key.
 *
 * @param {string} key
 * @param {number} n
 * @param {Record<string, string | number>} [values]
 */
export const tPlural = (key, n, values = {}) => t(`${key}.${n === 1 ? "one" : "other"}`, {n, ...values})

/**
 * Show a number; the style of 0 differs.
 *
 * @param {HTMLElement} element
 * @param {number} count
 */
export function setCount(element, count) {
  const text = `${count}`
  if (element.textContent === text) return // where there are many rows, each write costs a check of all of them
  element.textContent = text
  element.toggleAttribute("data-zero", count === 0)
}

/**
 * Have screen readers read a sentence when they are done with what they are reading.
 *
 * @param {string} sentence
 */
export function announce(sentence) {
  $("#said").textContent = sentence
}

/** As many sentences as a person may still have to hear; older ones have been read. */
const MAX_LOGGED_SENTENCES = 10

/**
 * Add a sentence to a live region of the role `log`, in which one that is still to be read is not replaced.
 *
 * @param {HTMLElement} log
 * @param {string} sentence
 */
export function announceInLog(log, sentence) {
  const paragraph = document.createElement("p")
  paragraph.textContent = sentence
  log.append(paragraph)
  while (log.children.length > MAX_LOGGED_SENTENCES) log.firstElementChild?.remove()
}
