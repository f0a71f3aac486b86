/** The time of printing, which a sheet of paper must tell: the page may have been open for days. */

import {$$, t} from "../layout/dom.js"

/**
 * Return date and time in Norway as the server writes them.
 *
 * @param {Date} instant
 * @param {string} language
 */
export function printedAt(instant, language) {
  // A browser without nynorsk writes bokmål, whose months have the same names.
  const locales = language === "en" ? ["en-GB"] : [`${language}-NO`, "nb-NO"]
  const format = new Intl.DateTimeFormat(locales, {dateStyle: "long", timeStyle: "short", timeZone: "Europe/Oslo"})
  return format.format(instant)
}

/** Write the time into the page's `[data-printed-at]` whenever it is printed. */
export function watchPrinting() {
  addEventListener("beforeprint", () => {
    const text = t("print.printed", {time: printedAt(new Date(), document.documentElement.lang)})
    for (const element of $$("[data-printed-at]")) element.textContent = text
  })
}
