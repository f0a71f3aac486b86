/** The choice of a county and period: another address with all that the present one says beside. */

import {$$, targetOf} from "../layout/dom.js"
import {leaveIfReachable} from "../layout/needs-line.js"
import {connectionState, isLive} from "../live/channel.js"

/** Load the page of another county or period as soon as one is chosen. */
export function watchPlaceChoice() {
  document.addEventListener("change", event => {
    const field = /** @type {HTMLSelectElement} */ (targetOf(event))
    const form = field.form
    if (!form?.matches("[data-region=choice]")) return
    const url = new URL(location.href)
    for (const {name, value} of /** @type {HTMLSelectElement[]} */ ($$("select", form))) {
      if (value) url.searchParams.set(name, value)
      else url.searchParams.delete(name)
    }
    url.search = url.search.replaceAll("%2C", ",")
    if (isLive() || connectionState() === "none") location.assign(url)
    else {
      form.reset()
      leaveIfReachable(field, () => location.assign(url))
    }
  })
}
