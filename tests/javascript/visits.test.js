import assert from "node:assert/strict"
import {beforeEach, describe, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {MAX_ABSENCE_MS, MAX_REPORTS, newestVisits, noteVisit, visitAt} = await import(
  "../../components/changes/visits.js"
)

const NOW = Date.UTC(2026, 2, 25, 14)
const AWAY = MAX_ABSENCE_MS + 1

describe("visits", () => {
  beforeEach(() => localStorage.clear())

  it("has none before the first one", () => {
    assert.deepEqual(visitAt(undefined, NOW), {seen: NOW, before: null})
  })

  it("goes on while the page is looked at", () => {
    const visit = visitAt({seen: NOW, before: 7}, NOW + MAX_ABSENCE_MS)
    assert.deepEqual(visit, {seen: NOW + MAX_ABSENCE_MS, before: 7})
  })

  it("begins again after an absence", () => {
    assert.deepEqual(visitAt({seen: NOW, before: 7}, NOW + AWAY), {seen: NOW + AWAY, before: NOW})
  })

  it("is remembered for each report", () => {
    assert.equal(noteVisit("org-1 2024", NOW), null)
    assert.equal(noteVisit("org-2 2024", NOW + AWAY), null)
    assert.equal(noteVisit("org-1 2024", NOW + AWAY), NOW)
    assert.equal(noteVisit("org-1 2024", NOW + AWAY + 1000), NOW)
  })

  it("starts over where what is stored is no visit", () => {
    for (const broken of ["{", "null", "7"]) {
      localStorage.setItem("visits", broken)
      assert.equal(noteVisit("org-1 2024", NOW), null)
    }
  })

  it("keeps the newest ones", () => {
    const many = Object.fromEntries(Array.from({length: MAX_REPORTS + 1}, (_, n) => [`r${n}`, {seen: n, before: null}]))
    assert.deepEqual(Object.keys(newestVisits(many)).length, MAX_REPORTS)
    assert.equal("r0" in newestVisits(many), false)
  })
})
