/** The drawer's list of uploads: one item each, with its progress and what can be done with it. */

import {$, $$, t} from "../layout/dom.js"
import {isChosenAgain, isRetryable} from "./upload-queue.js"

/** @typedef {import("./upload-queue.js").Upload} Upload */
/** @typedef {"cancel" | "choose" | "retry" | "remove"} UploadAction */

const isEnglish = document.documentElement.lang === "en"
const locale = isEnglish ? "en-GB" : "nb-NO"
const number = new Intl.NumberFormat(locale, {maximumFractionDigits: 1})
const percent = new Intl.NumberFormat(locale, {style: "percent"})
const UNITS = /** @type {const} */ ([
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
])

/** @param {number} bytes */
export function formatSize(bytes) {
  const byteUnit = isEnglish && bytes !== 1 ? "bytes" : "byte"
  const [unit, factor] = UNITS.find(([, least]) => bytes >= least) ?? [byteUnit, 1]
  return `${number.format(bytes / factor)}\u00a0${unit}`
}

/**
 * Return the name of a delivery: that of its file, or the number of its files.
 *
 * @param {File[]} files
 */
export const deliveryName = files =>
  files.length === 1 ? (files[0]?.name ?? "") : t("deliver.files_one_delivery", {n: files.length})

/** @param {Upload} upload */
function stateText({state, share}) {
  switch (state) {
    case "waiting":
      return t("deliver.queued")
    case "sending":
      return t("deliver.sent", {share: percent.format(share)})
    case "storing":
      return t("deliver.storing")
    case "stored":
      return t("deliver.stored")
    case "failed":
      return ""
  }
}

/**
 * @param {Upload} upload
 * @returns {UploadAction[]}
 */
function actionsOf(upload) {
  if (upload.state === "stored") return []
  if (upload.state !== "failed") return ["cancel"]
  if (isChosenAgain(upload)) return ["choose", "remove"]
  return isRetryable(upload) ? ["retry", "remove"] : ["remove"]
}

export class UploadList {
  /** @type {Map<Upload, HTMLElement>} */
  #items = new Map()
  #list
  #limitText
  #onAction

  /**
   * @param {HTMLElement} list
   * @param {string} limitText The largest delivery, as text.
   * @param {(action: UploadAction, upload: Upload) => void} onAction Called when a button is pressed.
   */
  constructor(list, limitText, onAction) {
    this.#list = list
    this.#limitText = limitText
    this.#onAction = onAction
  }

  /**
   * Return why an upload failed, as a sentence.
   *
   * @param {Upload} upload
   */
  faultText({fault}) {
    return t(`deliver.fault.${fault}`, {limit: this.#limitText})
  }

  /**
   * Show an upload as it is now.
   *
   * @param {Upload} upload
   * @param {HTMLElement} fallbackFocus Gets the focus if it was on a button that is not offered any more.
   */
  update(upload, fallbackFocus) {
    const item = this.#items.get(upload) ?? this.#append(upload)
    /** @type {HTMLProgressElement} */
    const progress = $("progress", item)
    progress.value = upload.share
    progress.hidden = upload.state !== "sending"
    $(".file__state", item).textContent = stateText(upload)
    const fault = $(".file__fault", item)
    fault.hidden = upload.state !== "failed"
    if (!fault.hidden) $("span", fault).textContent = this.faultText(upload)
    const actions = actionsOf(upload)
    const buttons = $$("button", item)
    const focused = buttons.find(button => button === document.activeElement) // which a hidden button is no more
    for (const button of buttons) {
      button.hidden = !actions.includes(/** @type {UploadAction} */ (button.dataset.uploadAction))
    }
    if (focused?.hidden) (buttons.find(button => !button.hidden) ?? fallbackFocus).focus()
    this.#list.hidden = false
  }

  /**
   * @param {Upload} upload
   * @returns {boolean} Whether it had the focus.
   */
  remove(upload) {
    const item = this.#items.get(upload)
    const hadFocus = item?.contains(document.activeElement) ?? false
    item?.remove()
    this.#items.delete(upload)
    this.#list.hidden = this.#items.size === 0
    return hadFocus
  }

  /** @param {Upload} upload */
  #append(upload) {
    /** @type {HTMLTemplateElement} */
    const template = $("#sending-one")
    const item = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
    const name = deliveryName(upload.files)
    $(".file__name", item).textContent = name
    $(".file__size", item).textContent = formatSize(upload.size)
    $("progress", item).setAttribute("aria-label", t("deliver.progress", {name}))
    for (const button of $$("button", item)) {
      const action = /** @type {UploadAction} */ (button.dataset.uploadAction)
      button.setAttribute("aria-label", t(`deliver.${action}_named`, {name}))
      button.addEventListener("click", () => this.#onAction(action, upload))
    }
    this.#list.append(item)
    this.#items.set(upload, item)
    return item
  }
}
