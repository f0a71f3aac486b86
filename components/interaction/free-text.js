/**
 * Free texts that people write: reasons, notes and comments. They are stored and shown, so they must name no person. The
 * server refuses them too (preview/core/free_text.py, rule R7); here the text is refused before it leaves the browser.
 */

import {$, find, t, targetOf} from "../layout/dom.js"

/** Eleven or twelve digits, as they are also written in groups: `010190 12345`. */
const DIGIT_GROUPS = /(?<!\d)\d(?:[ .\-\u00a0]?\d){10,11}(?!\d)/g

// The last weight of each row is that of the check digit itself: a valid number's weighted sum is a multiple of 11.
const FIRST_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]
const SECOND_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]
const DUF_WEIGHTS = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5]

/**
 * @param {number[]} weights
 * @param {number[]} digits At least as many as the weights.
 */
const remainder = (weights, digits) => weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0) % 11

/** @param {string} number Digits. */
function isNationalId(number) {
  const digits = [...number].map(Number)
  if (number.length === 12) return remainder(DUF_WEIGHTS, digits) === Number(number.slice(10))
  return remainder(FIRST_WEIGHTS, digits) === 0 && remainder(SECOND_WEIGHTS, digits) === 0
}

/**
 * Return whether a text holds a valid birth number, D-number or DUF number, also one written in groups.
 *
 * @param {string} text
 */
export const holdsNationalId = text =>
  [...text.matchAll(DIGIT_GROUPS)].some(([group]) => isNationalId(group.replace(/\D/g, "")))

/** A field for a free text with its counter, its ready-made texts, and why a text cannot be sent. */
export class FreeTextField {
  /** @type {HTMLTextAreaElement} */
  #area
  /** @type {HTMLElement} */
  #fault
  /** @type {HTMLElement} */
  #left

  /** @param {HTMLElement} form What holds one field, as the macro `free_text` writes it. */
  constructor(form) {
    this.#area = $("textarea", form)
    this.#fault = $("[data-field=validation]", form)
    this.#left = $(".count", form)
    this.#area.addEventListener("input", () => this.#update())
    find(".reasons", form)?.addEventListener("click", event => {
      const button = targetOf(event)
      if (!button.matches("button")) return
      this.value = button.textContent ?? ""
      this.#area.focus()
    })
    this.#update()
  }

  /** The text without the white space around it. */
  get value() {
    return this.#area.value.trim()
  }

  set value(text) {
    this.#area.value = text
    this.#update()
  }

  /** What was typed, as it is. */
  get typed() {
    return this.#area.value
  }

  focus() {
    this.#area.focus()
  }

  /** Return whether the text can be sent. If not, say why beside the field, and move the focus there. */
  check() {
    const fault = this.#faultOf(this.value)
    this.#show(fault)
    if (fault) this.#area.focus()
    return !fault
  }

  /** @param {string} text */
  #faultOf(text) {
    if (!text && this.#area.required) return this.#fault.dataset.missing ?? ""
    return holdsNationalId(text) ? t("text.national_id") : ""
  }

  #update() {
    this.#left.textContent = t("text.left", {n: this.#area.maxLength - this.#area.value.length})
    // A number is refused as soon as it is complete; that nothing is written is said when it is sent.
    this.#show(this.value ? this.#faultOf(this.value) : "")
  }

  /** @param {string} fault Empty if there is none. */
  #show(fault) {
    if (this.#fault.textContent !== fault) this.#fault.textContent = fault
    this.#fault.hidden = !fault
    this.#area.setAttribute("aria-invalid", `${Boolean(fault)}`)
  }
}
