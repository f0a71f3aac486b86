import assert from "node:assert/strict"
import {it} from "node:test"
import {openPage} from "../support/page.js"

openPage("", {url: "http://localhost/preview?organization_id=org-1"})
const {readRows, watchRows, writeRows} = await import("../../../components/interaction/row-address.js")

const settle = () => new Promise(resolve => setTimeout(resolve, 5))

it("filter and open rows are written and read again", () => {
  const url = new URL("http://localhost/preview?organization_id=org-1")
  writeRows(url, {filter: "warning", open: ["one", "two"]})
  assert.equal(url.search, "?organization_id=org-1&filter=warning&open=one,two")
  assert.deepEqual(readRows(url), {filter: "warning", open: ["one", "two"]})
})

it("what is as usual is left out, and what has changed on this page", () => {
  for (const filter of ["all", "changed", undefined]) {
    const url = new URL("http://localhost/preview?organization_id=org-1&filter=error&open=one")
    writeRows(url, {filter, open: []})
    assert.equal(url.search, "?organization_id=org-1")
  }
  assert.deepEqual(readRows(new URL("http://localhost/preview")), {filter: "all", open: []})
})

it("rows that are opened in one go are written once", async () => {
  let reads = 0
  watchRows(() => {
    reads += 1
    return {open: ["one", "two"], filter: "error"}
  })
  for (const name of ["row:toggled", "row:toggled", "filter:chosen"]) document.dispatchEvent(new CustomEvent(name))
  await settle()
  assert.equal(location.search, "?organization_id=org-1&filter=error&open=one,two")
  assert.equal(reads, 1)
})
