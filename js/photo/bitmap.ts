// The browser's own decoder, with the same settings wherever it is used.

/**
 * `source` as a bitmap: upright, its colours not converted to the screen's, not premultiplied. Browsers that do not know one
 * of these settings decode as they do for an `<img>`.
 */
export async function bitmapOf(source: ImageBitmapSource): Promise<ImageBitmap> {
  const settings = { colorSpaceConversion: 'none', imageOrientation: 'from-image', premultiplyAlpha: 'none' } as const;
  try {
    return await createImageBitmap(source, settings);
  } catch (error) {
    // WebIDL's answer to a word that an enumeration does not have.
    if (!(error instanceof TypeError)) throw error;
    return createImageBitmap(source);
  }
}
