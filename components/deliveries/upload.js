/** From chosen or dropped files to deliveries, and the request that sends one. */

/** @typedef {{files: File[], full: boolean, key: string, size: number}} Delivery `key` is its Idempotency-Key. */

/**
 * @typedef {object} UploadResult
 * @property {number} status The HTTP status; 0 if the connection broke, -1 if the upload was aborted, -2 if the browser can
 *   no longer read a file, because it was changed, moved or deleted after it was chosen.
 * @property {string | null} id The delivery's id if the server has accepted it (202).
 */

/** @type {Record<string, string>} */
const MEDIA_TYPES = {xml: "application/xml", zip: "application/zip", csv: "text/csv"}

/** @param {File} file */
const extensionOf = file => file.name.toLowerCase().split(".").at(-1) ?? ""

/** Return 128 random bits in hex. (`crypto.randomUUID` exists on https only.) */
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("")

/**
 * Return all files of a drop, also those in folders.
 *
 * Must be called while the event is handled, because its items are gone afterwards.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(entry => entry != null)
  return entries.length ? (await Promise.all(entries.map(filesBelow))).flat() : [...transfer.files]
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function filesBelow(entry) {
  if (entry.isFile) {
    const fileEntry = /** @type {FileSystemFileEntry} */ (entry)
    return [await new Promise((resolve, reject) => fileEntry.file(resolve, reject))]
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader()
  const children = []
  for (;;) {
    /** @type {FileSystemEntry[]} A reader returns its entries in batches; the last one is empty. */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (batch.length === 0) break
    children.push(...batch)
  }
  return (await Promise.all(children.map(filesBelow))).flat()
}

/**
 * Group files that were chosen together into deliveries: each archive or table by itself, loose XML folders as one.
 *
 * @param {File[]} files
 * @param {boolean} full Whether they are a full delivery, which is always one.
 * @param {number} limit The largest delivery in bytes. A file that cannot be sent is by itself, so that it stops no other.
 * @returns {Delivery[]}
 */
export function groupIntoDeliveries(files, full, limit) {
  const isLoose = (/** @type {File} */ file) => extensionOf(file) === "xml" && file.size > 0 && file.size <= limit
  const groups = full ? [files] : [...files.filter(file => !isLoose(file)).map(file => [file]), files.filter(isLoose)]
  return groups
    .filter(group => group.length > 0)
    .map(group => ({files: group, full, key: randomKey(), size: group.reduce((sum, file) => sum + file.size, 0)}))
}

/** @param {File} file */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/**
 * Return the status of an upload that broke off. The browser does not tell whether a file or the connection was the cause.
 *
 * @param {File[]} files
 */
export async function brokenStatus(files) {
  return (await Promise.all(files.map(isReadable))).every(Boolean) ? 0 : -2
}

/**
 * Send a delivery. Its key makes it safe to try again.
 *
 * @param {string} url
 * @param {Delivery} delivery
 * @param {{onProgress: (share: number) => void, signal: AbortSignal}} options `onProgress` gets the share that has been
 *   sent, from 0 to 1.
 * @returns {Promise<UploadResult>} Never rejected.
 */
export function sendDelivery(url, {files, full, key}, {onProgress, signal}) {
  return new Promise(resolve => {
    const request = new XMLHttpRequest()
    const endWith = (/** @type {number} */ status) => () => resolve({status, id: null})
    request.upload.onprogress = ({loaded, total}) => onProgress(total ? loaded / total : 0)
    request.onload = () => {
      const id = request.status === 202 ? JSON.parse(request.responseText).delivery_id : null
      resolve({status: request.status, id})
    }
    request.onerror = async () => resolve({status: await brokenStatus(files), id: null})
    request.ontimeout = endWith(0)
    request.onabort = endWith(-1)
    request.open("POST", full ? `${url}?full=true` : url)
    request.setRequestHeader("Idempotency-Key", key)
    signal.addEventListener("abort", () => request.abort())
    const [file] = files
    if (file && files.length === 1) {
      request.setRequestHeader(
        "Content-Type",
        MEDIA_TYPES[extensionOf(file)] ?? (file.type || "application/octet-stream"),
      )
      request.send(file)
      return
    }
    const form = new FormData()
    for (const part of files) form.append("files", part)
    request.send(form)
  })
}
