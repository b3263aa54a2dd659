/** Sums of a matrix of counts. */
export function matrixTotals(matrix: readonly (readonly number[])[]): { all: number; diagonal: number; rows: number[]; largest: number } {
  const rows = matrix.map(row => row.reduce((sum, value) => sum + value, 0));
  let largest = 0;
  for (const row of matrix) for (const value of row) largest = Math.max(largest, value);
  return { all: rows.reduce((sum, value) => sum + value, 0), diagonal: matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0), rows, largest };
}

/**
 * Background and text of a cell for a share of 0 to 1. The tones between 45 and 75 percent are left out, as neither text colour can be read on them.
 * What is right has the accent, what is confused the colour of warnings.
 */
export function heat(share: number, right: boolean): { background: string; color: string } | undefined {
  if (!(share > 0)) return undefined;
  const strong = share > 0.6;
  const percent = strong ? 75 + (share - 0.6) * 62.5 : 6 + share * 65;
  return {
    background: `color-mix(in srgb, var(${right ? '--accent' : '--bad'}) ${percent.toFixed(0)}%, var(--surface-1))`,
    color: strong ? 'var(--on-accent)' : 'var(--text-1)',
  };
}

/** Area under precision over recall by trapezoids; points in any order. */
export function areaUnder(points: readonly { recall: number; precision: number }[]): number {
  const sorted = [...points].sort((a, b) => a.recall - b.recall);
  let area = 0;
  for (let i = 1; i < sorted.length; i++) area += ((sorted[i]!.precision + sorted[i - 1]!.precision) / 2) * (sorted[i]!.recall - sorted[i - 1]!.recall);
  return area;
}

/** Divides values into equal bins. The last one includes its upper end. */
export function bins(values: readonly number[], howMany: number): { from: number; to: number; count: number }[] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [];
  const min = finite.reduce((a, b) => Math.min(a, b));
  const max = finite.reduce((a, b) => Math.max(a, b));
  if (min === max) return [{ from: min, to: max, count: finite.length }];
  const width = (max - min) / howMany;
  const out = Array.from({ length: howMany }, (_, i) => ({ from: min + i * width, to: i === howMany - 1 ? max : min + (i + 1) * width, count: 0 }));
  for (const value of finite) out[Math.min(howMany - 1, Math.floor((value - min) / width))]!.count++;
  return out;
}
