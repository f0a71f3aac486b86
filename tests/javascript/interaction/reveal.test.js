import assert from "node:assert/strict"
import {describe, it} from "node:test"
import {revealOffset} from "../../../components/interaction/reveal.js"

describe("revealOffset", () => {
  const view = {top: 40, bottom: 900}
  for (const [name, box, offset] of /** @type {const} */ ([
    ["leaves what is in view", {top: 40, bottom: 900}, 0],
    ["scrolls down to the end of what reaches below", {top: 800, bottom: 1000}, 100],
    ["keeps the beginning of what is too tall", {top: 300, bottom: 2000}, 260],
    ["scrolls up to the beginning of what is too tall", {top: 20, bottom: 2000}, -20],
    ["scrolls up to what is under the sticky head", {top: 10, bottom: 300}, -30],
  ])) {
    it(name, () => assert.equal(revealOffset(box, view), offset))
  }
})
