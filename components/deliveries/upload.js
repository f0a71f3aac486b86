// Files on their way to the server: what is dropped or chosen made into deliveries, and each sent with its progress.

const TYPES = {xml: "application/xml", zip: "application/zip", csv: "text/csv"}
const endingOf = file => file.name.toLowerCase().split(".").at(-1)
// crypto.randomUUID is there on https alone.
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("")

/** All files of a drop, those in folders too. Call it while the event is handled: its items are gone afterwards. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry?.()).filter(Boolean)
  return entries.length ? (await Promise.all(entries.map(walk))).flat() : [...transfer.files]
}
async function walk(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))]
  const reader = entry.createReader(), found = []
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    found.push(...some)
  }
  return (await Promise.all(found.map(walk))).flat()
}

/** What is chosen together, as deliveries: each archive or list by itself, loose folders of cases as one. A full one holds all of it. */
export function deliveriesOf(files, full, limit) {
  const isLoose = file => endingOf(file) === "xml" && file.size > 0 && file.size <= limit     // one that cannot be sent keeps no other back
  const groups = full ? [files] : [...files.filter(file => !isLoose(file)).map(file => [file]), files.filter(isLoose)]
  return groups.filter(group => group.length > 0).map(group => ({files: group, full, key: newKey(), size: group.reduce((sum, file) => sum + file.size, 0)}))
}

/** Sends a delivery. Resolves with {status, id}: status 0 where the line broke, -1 where `signal` cut it off. Its key makes a second try safe. */
export function deliver(address, {files, full, key}, {onProgress, signal}) {
  return new Promise(resolve => {
    const request = new XMLHttpRequest(), ended = status => () => resolve({status})
    request.upload.onprogress = ({loaded, total}) => onProgress(total ? loaded / total : 0)
    request.onload = () => resolve({status: request.status, id: request.status === 202 ? JSON.parse(request.responseText).delivery_id : null})
    request.onerror = ended(0)
    request.ontimeout = ended(0)
    request.onabort = ended(-1)
    request.open("POST", full ? `${address}?full=true` : address)
    request.setRequestHeader("Idempotency-Key", key)
    signal.addEventListener("abort", () => request.abort())
    if (files.length === 1) {
      request.setRequestHeader("Content-Type", TYPES[endingOf(files[0])] ?? (files[0].type || "application/octet-stream"))
      request.send(files[0])
      return
    }
    const form = new FormData()
    files.forEach(file => form.append("files", file))
    request.send(form)
  })
}
