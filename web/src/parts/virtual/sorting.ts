export interface Sort {
  column: string;
  descending: boolean;
}

export type SortValue = number | string | boolean | null | undefined;

const texts = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Rows in the order of a value; equal ones stay as they were. Missing values and NaN come last in both directions. */
export function sorted<Row>(rows: readonly Row[], valueOf: (row: Row) => SortValue, descending: boolean): Row[] {
  const missing = (value: SortValue) => value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));
  return rows
    .map(row => ({ row, value: valueOf(row) }))
    .sort((a, b) => {
      const [noA, noB] = [missing(a.value), missing(b.value)];
      if (noA || noB) return Number(noA) - Number(noB);
      const order = typeof a.value === 'string' && typeof b.value === 'string' ? texts.compare(a.value, b.value) : a.value! < b.value! ? -1 : a.value! > b.value! ? 1 : 0;
      return descending ? -order : order;
    })
    .map(({ row }) => row);
}

/** What a click on a header makes of the sort: ascending, descending, none. Numbers begin with the highest. */
export function nextSort(sort: Sort | null, column: string, descendingFirst: boolean): Sort | null {
  if (sort?.column !== column) return { column, descending: descendingFirst };
  return sort.descending === descendingFirst ? { column, descending: !descendingFirst } : null;
}
