// @ts-check
/** Compares two pictures of a page. */

/**
 * The greatest difference between two PNGs in any pixel's red, green, blue or alpha, 0 to 255; 256 where their sizes differ.
 * @param {import("playwright-core").Page} page  Decodes them. @param {Buffer} a @param {Buffer} b @returns {Promise<number>}
 */
export function difference(page, a, b) {
  return page.evaluate(async (pictures) => {
    const [one, other] = await Promise.all(pictures.map(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    }));
    if (!one || !other || one.length !== other.length) return 256;
    return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))), 0);
  }, [a.toString("base64"), b.toString("base64")]);
}
