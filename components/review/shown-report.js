/** Which report the page shows. */

import {$} from "../layout/dom.js"

/** Return the organization and period that the page shows, as messages name them. */
export const shownReport = () => {
  const [organization_id = "", period_id = ""] = ($("[data-region=columns]").dataset.identity ?? "").split(" ")
  return {organization_id, period_id}
}
