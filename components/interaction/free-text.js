/**
 * Free texts that people write: reasons, notes and comments. They are stored and shown, so they must name no person. The
 * server refuses them too (preview/core/free_text.py, rule R7); here the text is refused before it leaves the browser.
 */

import {$, find, t, targetOf} from "../layout/dom.js"

/** Digits, as they are also written in groups: `010190 12345`. */
const DIGIT_GROUPS = /\d+(?:[ .\-\u00a0]\d+)*/g
const MAX_DIGITS = 12

// The last weight of each row is that of the check digit itself: a valid number's weighted sum is a multiple of 11.
const FIRST_WEIGHTS = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]
const SECOND_WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]
const DUF_WEIGHTS = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5]

/**
 * @param {number[]} weights
 * @param {number[]} digits At least as many as the weights.
 */
const remainder = (weights, digits) => weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0) % 11

/**
 * Return whether the date of a birth number can be one. A D-number has 40 added to the day, a synthetic number 40 or 80
 * to the month. In this century every date exists that exists in any.
 *
 * @param {string} number Digits.
 */
function holdsDate(number) {
  const [day = 0, month = 0, year = 0] = [0, 2, 4].map(start => Number(number.slice(start, start + 2)))
  const [dayOfMonth, monthOfYear] = [
    day > 40 ? day - 40 : day,
    month > 80 ? month - 80 : month > 40 ? month - 40 : month,
  ]
  const date = new Date(Date.UTC(2000 + year, monthOfYear - 1, dayOfMonth))
  return date.getUTCDate() === dayOfMonth && date.getUTCMonth() === monthOfYear - 1
}

/** @param {string} number Digits. */
function isNationalId(number) {
  const digits = [...number].map(Number)
  if (number.length < 11) return false
  if (number.length === 12)
    return /^(19|20)/.test(number) && remainder(DUF_WEIGHTS, digits) === Number(number.slice(10))
  return remainder(FIRST_WEIGHTS, digits) === 0 && remainder(SECOND_WEIGHTS, digits) === 0 && holdsDate(number)
}

/**
 * Yield what adjacent groups are together: another number may stand before or after one that is written in groups.
 *
 * @param {string} groups
 */
function* numbersIn(groups) {
  const digits = groups.match(/\d+/g) ?? []
  for (const first of digits.keys()) {
    let number = ""
    for (const group of digits.slice(first)) {
      number += group
      if (number.length > MAX_DIGITS) break
      yield number
    }
  }
}

/**
 * Return whether a text holds a valid birth number, D-number or DUF number, also one written in groups.
 *
 * @param {string} text
 */
export const holdsNationalId = text =>
  [...text.matchAll(DIGIT_GROUPS)].some(([groups]) => [...numbersIn(groups)].some(isNationalId))

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
