/**
 * The drawer in which files are delivered: chosen, or dropped anywhere on the page; sent with their progress; and what the
 * server made of them.
 *
 * The entries of what the server has received are rendered by drawer.py. Only the browser knows the names of the files.
 */

import {$, $$, actionOf, announce, announceInLog, find, parseHtml, t, tPlural} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {session} from "../layout/storage.js"
import {isLive, onLive, send} from "../live/channel.js"
import {morph} from "../live/morph.js"
import {filesOf, groupIntoDeliveries, sendDelivery} from "./upload.js"
import {deliveryName, UploadList} from "./upload-list.js"
import {UploadQueue} from "./upload-queue.js"

/** @typedef {import("../live/patches.js").Regions} Regions */
/** @typedef {import("./upload-queue.js").Upload} Upload */

const MAX_ENTRIES = 40
const ENTRY_PREFIX = "delivery-"
const DRAWER_KEY = "drawer"

/** @type {HTMLDialogElement} */
const drawer = $("#deliver")
/** @type {HTMLInputElement} */
const fileInput = $("#deliver-files")
/** @type {HTMLInputElement} */
const fullCheckbox = $("#deliver-full")
const entries = $("#deliveries")
const {address = "", limit = "", limitText = ""} = drawer.dataset

const allEntries = () => /** @type {HTMLElement[]} */ ([...entries.children])

/**
 * @param {string | undefined} id A delivery's id.
 * @returns {HTMLElement | null}
 */
const entryOf = id => find(`[data-delivery="${id}"]`, entries)

// ── Announcements. Behind an open modal dialog the page's own live region is not read. ──

/** @type {string[]} */
let pendingAnnouncements = []
/** @type {ReturnType<typeof setTimeout> | undefined} */
let announceTimer

/** @param {string} sentence */
function announceSoon(sentence) {
  pendingAnnouncements.push(sentence)
  clearTimeout(announceTimer)
  announceTimer = setTimeout(() => {
    const sentences = pendingAnnouncements.join(" ")
    pendingAnnouncements = []
    if (drawer.open) announceInLog($("#deliver-said"), sentences)
    else announce(sentences)
  }, 100)
}

// ── Subscription: the session sends entries while the drawer is open, and of own deliveries until they are processed. ──

/** @type {Map<string, File[]>} The files that this page has sent, by delivery id. */
const sentFiles = new Map()
/** @type {Set<string>} The ids of own deliveries whose outcome has not been announced. */
const unprocessed = new Set()

function updateSubscription() {
  if (isLive()) send({action: "deliveries", open: drawer.open, own_deliveries: [...unprocessed]})
}
new MutationObserver(updateSubscription).observe(drawer, {attributeFilter: ["open"]})
onLive("live:on", () => {
  if (drawer.open || unprocessed.size > 0) updateSubscription()
})

// ── Uploads ──

/** @type {Record<import("./upload-list.js").UploadAction, (upload: Upload) => void>} */
const uploadActions = {
  cancel(upload) {
    queue.cancel(upload)
    announceSoon(t("deliver.cancelled", {name: deliveryName(upload.files)}))
  },
  choose(upload) {
    replacedUpload = upload
    fileInput.click()
  },
  retry: upload => queue.retry(upload),
  remove: upload => queue.remove(upload),
}
/** @type {Upload | null} The upload whose files are being chosen again. */
let replacedUpload = null

const uploadList = new UploadList($("#sending"), limitText, (action, upload) => uploadActions[action](upload))

/** @param {Upload} upload */
function showUpload(upload) {
  uploadList.update(upload, fileInput)
  if (upload.state !== "failed") return
  const outcome = uploadList.faultText(upload).replace(/\.$/, "")
  announceSoon(t("deliver.told", {name: deliveryName(upload.files), told: outcome}))
}

const queue = new UploadQueue({
  send: (delivery, options) => sendDelivery(address, delivery, options),
  limit: Number(limit),
  onChange: showUpload,
  onRemove(upload) {
    if (uploadList.remove(upload)) fileInput.focus()
  },
  onStored({id, files}) {
    sentFiles.set(id, files)
    unprocessed.add(id)
    // The session may have been quicker than the answer to the upload.
    const entry = entryOf(id)
    if (entry) completeEntry(entry)
    updateSubscription()
  },
})

/** @param {File[]} files */
function enqueueFiles(files) {
  if (files.length === 0) return
  if (replacedUpload) {
    fullCheckbox.checked = replacedUpload.full
    queue.remove(replacedUpload)
    replacedUpload = null
  }
  queue.add(groupIntoDeliveries(files, fullCheckbox.checked, Number(limit)))
  fullCheckbox.checked = false // it removes cases that are not in the files, so it must not hold for the next ones
  announceSoon(tPlural("deliver.begun", files.length))
  if (!drawer.open) drawer.showModal()
  queue.start()
}

// ── Entries of what the server has received ──

/**
 * Write the names of the files that this page sent into an entry, and announce the outcome once.
 *
 * @param {HTMLElement} entry
 */
function completeEntry(entry) {
  const {delivery: id = "", outcome} = entry.dataset
  const files = sentFiles.get(id)
  if (!files) return
  $("[data-title]", entry).textContent = deliveryName(files)
  for (const element of $$("[data-file]", entry)) {
    const name = files[Number(element.dataset.file) - 1]?.name
    if (name) element.textContent = name
  }
  queue.removeStored(id)
  if (outcome && unprocessed.delete(id)) {
    announceSoon(t("deliver.told", {name: deliveryName(files), told: outcome}))
    updateSubscription()
  }
}

/**
 * Add an entry, newest first, or update the one that is there.
 *
 * @param {HTMLElement} newer
 */
function showEntry(newer) {
  const old = entryOf(newer.dataset.delivery)
  if (old) {
    morph(old, newer)
  } else {
    const isOlder = (/** @type {HTMLElement} */ entry) => Number(entry.dataset.number) < Number(newer.dataset.number)
    entries.insertBefore(newer, allEntries().find(isOlder) ?? null)
  }
  completeEntry(old ?? newer)
}

/**
 * Remove the entry of a delivery whose data has been erased.
 *
 * @param {string} id
 */
function removeEntry(id) {
  const entry = entryOf(id)
  const hadFocus = entry?.contains(document.activeElement)
  unprocessed.delete(id)
  entry?.remove()
  if (hadFocus) fileInput.focus()
}

onLive("live:regions", (/** @type {Regions} */ regions) => {
  for (const [id, html] of Object.entries(regions)) {
    if (!id.startsWith(ENTRY_PREFIX)) continue
    if (html) showEntry(parseHtml(html))
    else removeEntry(id.replace(ENTRY_PREFIX, ""))
  }
  for (const entry of allEntries().slice(MAX_ENTRIES)) {
    if (entry.dataset.outcome && !entry.contains(document.activeElement)) entry.remove()
  }
})

// ── Choosing and dropping ──

fileInput.addEventListener("cancel", () => {
  replacedUpload = null
})

fileInput.addEventListener("change", () => {
  const files = [...(fileInput.files ?? [])]
  fileInput.value = ""
  enqueueFiles(files)
})

/** @param {DragEvent} event */
const hasFiles = event => event.dataTransfer?.types.includes("Files") ?? false

const isOtherDialogOpen = () => find(`dialog[open]:not(#${drawer.id})`) !== null

/** @param {boolean} isShown */
function showDropHint(isShown) {
  document.documentElement.toggleAttribute("data-dropping", isShown)
}

document.addEventListener("dragover", event => {
  if (!event.dataTransfer || !hasFiles(event)) return
  event.preventDefault() // else the browser leaves the page to show the file
  event.dataTransfer.dropEffect = isOtherDialogOpen() ? "none" : "copy"
  showDropHint(!isOtherDialogOpen())
})
document.addEventListener("dragleave", event => {
  if (!event.relatedTarget) showDropHint(false)
})
document.addEventListener("drop", async event => {
  if (!event.dataTransfer || !hasFiles(event)) return
  event.preventDefault()
  showDropHint(false)
  if (!isOtherDialogOpen()) enqueueFiles(await filesOf(event.dataTransfer))
})
document.addEventListener("click", event => {
  if (actionOf(event) === "choose-files") fileInput.click()
})
addShortcuts({i: () => drawer.showModal()})

// ── Leaving the page ──

document.addEventListener("live:before-reload", event => {
  if (queue.hasUnsent) event.preventDefault()
  else if (drawer.open) session.set(DRAWER_KEY, "open")
})
addEventListener("beforeunload", event => {
  if (queue.isBusy) event.preventDefault()
})
if (session.take(DRAWER_KEY)) drawer.showModal()
if (drawer.open) updateSubscription()
