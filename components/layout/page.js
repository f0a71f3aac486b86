/** What every page does: theme and language, dialogs, printing, pausing, and the shortcuts for them. */

import {keepColumns} from "../interaction/column-memory.js"
import {explainColumns} from "../interaction/column-titles.js"
import {copyLink} from "../interaction/copy-link.js"
import {keepFocus, restoreFocusAfterBack} from "../interaction/focus.js"
import {watchPrinting} from "../interaction/print.js"
import {revealOpenedDetails} from "../interaction/reveal.js"
import {connectionState, isLive} from "../live/channel.js"
import {isPaused, setPaused} from "../live/patches.js"
import {actionOf, closest, find, isPlainClick, targetOf} from "./dom.js"
import {leaveIfReachable, requireLine} from "./needs-line.js"
import {swapLanguage, swapTheme} from "./preferences.js"
import {addShortcuts, startShortcuts} from "./shortcuts.js"

const supportsCommands = "commandForElement" in HTMLButtonElement.prototype

function togglePause() {
  const button = find("[data-action=pause]")
  if (button && requireLine(button)) setPaused(!isPaused())
}

/**
 * Change the language from a list.
 *
 * @param {HTMLSelectElement} list
 */
function chooseLanguage(list) {
  const language = list.value
  if (isLive() || connectionState() === "none") {
    swapLanguage(language)
    return
  }
  list.value = document.documentElement.lang
  leaveIfReachable(list, () => swapLanguage(language))
}

/**
 * Do what the `command` attribute of a button says, for browsers that do not know it.
 *
 * @param {HTMLElement} button
 */
function runCommand(button) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(button.getAttribute("commandfor") ?? ""))
  if (button.getAttribute("command") === "close") dialog.close()
  else dialog.showModal()
}

keepColumns()

document.addEventListener("change", event => {
  const field = /** @type {HTMLSelectElement} */ (targetOf(event))
  if (field.dataset.setting === "lang") chooseLanguage(field)
})

document.addEventListener("click", event => {
  const target = targetOf(event)
  const language = closest("[data-language]", target)?.dataset.language
  if (language && isPlainClick(event)) {
    event.preventDefault()
    swapLanguage(language)
  }
  const commandButton = closest("button[commandfor]", target)
  if (commandButton && !supportsCommands) runCommand(commandButton)
  switch (actionOf(event)) {
    case "theme":
      swapTheme()
      break
    case "print":
      print()
      break
    case "pause":
      togglePause()
      break
    case "copy-link":
      closest("[popover]", target)?.hidePopover()
      copyLink()
      break
  }
})

watchPrinting()
explainColumns()
keepFocus()
restoreFocusAfterBack()
revealOpenedDetails()
addShortcuts({
  t: swapTheme,
  p: togglePause,
  y: () => (find("#link") ? copyLink() : false),
  "?": () => /** @type {HTMLDialogElement | null} */ (find("#keys"))?.showModal(),
})
startShortcuts(find("#single-keys"))
