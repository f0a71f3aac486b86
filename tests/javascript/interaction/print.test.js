import assert from "node:assert/strict"
import {describe, it} from "node:test"
import {printedAt} from "../../../components/interaction/print.js"

describe("printedAt", () => {
  const instant = new Date("2026-03-25T14:02:00Z")
  for (const [language, written] of [
    ["nb", "25. mars 2026 kl. 15:02"],
    ["nn", "25. mars 2026 kl. 15:02"],
    ["en", "25 March 2026 at 15:02"],
  ]) {
    it(`writes ${language} as the server does`, () => {
      assert.equal(
        printedAt(instant, language ?? "")
          .replace(" kl. ", " kl. ")
          .replaceAll("\u202f", " "),
        written,
      )
    })
  }
})
