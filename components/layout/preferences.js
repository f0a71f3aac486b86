/** Theme and language. They are kept in cookies, which the server reads, so that a page arrives as it will stay. */

import {$$} from "./dom.js"
import {setCookie} from "./storage.js"

const root = document.documentElement

/**
 * Return the page's URL with a preference in it only if no cookie could be set: the URL overrides the cookie.
 *
 * @param {string} name
 * @param {string} value
 */
function preferenceUrl(name, value) {
  const url = new URL(location.href)
  if (setCookie(name, value, `${document.body.dataset.prefix}/`)) url.searchParams.delete(name)
  else url.searchParams.set(name, value)
  return url
}

/** Change between the light and the dark theme. */
export function swapTheme() {
  const theme = root.dataset.colorScheme === "dark" ? "light" : "dark"
  root.dataset.colorScheme = theme
  for (const button of $$("[data-action=theme][aria-pressed]")) button.ariaPressed = `${theme === "dark"}`
  history.replaceState(history.state, "", preferenceUrl("theme", theme))
}

/**
 * Load the page in another language.
 *
 * @param {string} language
 */
export function swapLanguage(language) {
  location.replace(preferenceUrl("lang", language))
}
