/** Copies the address of what the page shows. Where the browser has no clipboard for scripts, a dialog shows it. */

import {$, t} from "../layout/dom.js"
import {showBriefly} from "./brief-notice.js"

/** Preferences of the person who copies, which are in the address where no cookie can be set. */
const PERSONAL = ["lang", "theme"]

let sharedAddress = () => new URL(location.href)

/**
 * Set which address is copied, for a page whose own one leaves out what it shows by default.
 *
 * @param {() => URL} getAddress
 */
export function setSharedAddress(getAddress) {
  sharedAddress = getAddress
}

/** Copy the address, and say so. */
export async function copyLink() {
  const url = sharedAddress()
  for (const name of PERSONAL) url.searchParams.delete(name)
  url.search = url.search.replaceAll("%2C", ",")
  try {
    await navigator.clipboard.writeText(url.href)
    showBriefly(t("link.copied"))
  } catch {
    /** @type {HTMLDialogElement} */
    const dialog = $("#link")
    /** @type {HTMLInputElement} */
    const field = $("input", dialog)
    field.value = url.href
    dialog.showModal()
    field.select()
  }
}
