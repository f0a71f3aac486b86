/** Divides the rows of the wall into pages. */

/**
 * Return the number of pages; an empty wall has one.
 *
 * @param {number} rows
 * @param {number} perPage
 */
export const pageCount = (rows, perPage) => Math.max(1, Math.ceil(rows / perPage))

/**
 * Return the page that follows, counted from 0: after the last the first, and with a negative step the other way round.
 *
 * @param {number} page
 * @param {number} step
 * @param {number} count
 */
export const turned = (page, step, count) => (((page + step) % count) + count) % count

/**
 * Whether a row, counted from 0, stands on a page.
 *
 * @param {number} index
 * @param {number} page
 * @param {number} perPage
 */
export const isOnPage = (index, page, perPage) => Math.floor(index / perPage) === page
