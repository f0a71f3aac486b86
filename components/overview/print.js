/** What a printed overview says of itself: which services it lists, and in which order. */

import {$, $$, t} from "../layout/dom.js"
import {DEFAULTS} from "./filters.js"
import {currentSort} from "./rows.js"
import {getFilters} from "./view.js"

/** Return the filters that are in use, each as its label and its value, as the page shows them. */
function filtersInUse() {
  const {q, show, deviation, case_system: caseSystem, county, columns} = getFilters()
  const inUse = []
  if (show !== DEFAULTS.show) inUse.push([$(".tiles legend"), $("[name=show]:checked ~ span")])
  for (const select of /** @type {HTMLSelectElement[]} */ ($$(".tools select"))) {
    const value = {deviation, case_system: caseSystem, county, columns}[select.name]
    if (value && value !== DEFAULTS.deviation) inUse.push([$("span", select.labels[0]), select.selectedOptions[0]])
  }
  const texts = inUse.map(([label, value]) => `${label?.textContent}: ${value?.textContent?.trim()}`)
  return q.trim() ? [...texts, `${$("#search").ariaLabel}: «${q.trim()}»`] : texts
}

/** Write the filters and the order into the page whenever it is printed. */
export function watchOverviewPrinting() {
  addEventListener("beforeprint", () => {
    const column = $(`.list [data-column="${currentSort().replace("-", "")}"]`).textContent
    const parts = [$("#seen").textContent, ...filtersInUse(), `${t("print.sorted")}: ${column}`]
    $("#printed-filters").textContent = parts.join(". ")
  })
}
