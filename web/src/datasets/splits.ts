export type SplitName = 'train' | 'val' | 'test';
export const splitNames: readonly SplitName[] = ['train', 'val', 'test'];

/** Percentages that were typed, as the shares of the API: they add up to 1 as the server wants it. */
export const sharesOf = (percentages: readonly number[]): number[] => percentages.map((value) => Math.round(value * 1000) / 100_000);

/** Whether typed percentages can be used: not negative, some for training and validation, 100 together. */
export function problemOfShares(percentages: readonly number[]): { sum: number } | null {
  const sum = Math.round(percentages.reduce((total, value) => total + (Number.isFinite(value) ? value : 0), 0) * 1000) / 1000;
  return sum === 100 && percentages.every((value) => Number.isFinite(value) && value >= 0) ? null : { sum };
}

export type ExpectedClass = { name: string; images: number; expected: Record<SplitName, number>; /** Splits that will probably have none of its images. */ missing: SplitName[] };

/**
 * How many images of each class each split will have about. Which image goes where depends on its content, so a class may miss a split although its share
 * is more than one image: the limit is where that happens in more than one of twenty cases, or where a stratified share rounds to nothing.
 */
export function expectedSplits(classes: readonly { name: string; imageCount: number }[], ratios: readonly number[], stratified: boolean): ExpectedClass[] {
  return classes.map(({ name, imageCount }) => {
    const expected = Object.fromEntries(splitNames.map((split, index) => [split, imageCount * (ratios[index] ?? 0)])) as Record<SplitName, number>;
    const missing = splitNames.filter((split, index) => {
      const ratio = ratios[index] ?? 0;
      if (ratio === 0 || imageCount === 0) return false;
      return stratified ? expected[split] < 0.5 : (1 - ratio) ** imageCount > 0.05;
    });
    return { name, images: imageCount, expected, missing };
  });
}
