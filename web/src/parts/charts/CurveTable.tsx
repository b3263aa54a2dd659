import { useMemo } from 'react';
import { DataTable, type Column } from '../virtual/DataTable';
import type { Curve } from './curves';
import { number } from './numbers';

/** The values of a chart as text. */
export function CurveTable({ title, curves, xLabel, height }: { title: string; curves: readonly Curve[]; xLabel: string; height: number }) {
  const { rows, columns } = useMemo(() => {
    const byX = new Map<number, Map<string, number>>();
    for (const curve of curves)
      curve.xs.forEach((x, i) => {
        const y = curve.ys[i];
        if (y === null || y === undefined) return;
        const row = byX.get(x);
        if (row) row.set(curve.id, y);
        else byX.set(x, new Map([[curve.id, y]]));
      });
    const rows = [...byX].sort(([a], [b]) => a - b).map(([x, values]) => ({ x, values }));
    const columns: Column<(typeof rows)[number]>[] = [
      { id: 'x', header: xLabel, width: 80, align: 'end', cell: row => number(row.x), sortValue: row => row.x },
      ...curves.map((curve): Column<(typeof rows)[number]> => ({
        id: curve.id, header: curve.label, width: 120, align: 'end', sortValue: row => row.values.get(curve.id) ?? null,
        cell: row => (row.values.has(curve.id) ? number(row.values.get(curve.id)!) : '–'),
      })),
    ];
    return { rows, columns };
  }, [curves, xLabel]);
  return <DataTable label={title} rows={rows} rowKey={row => `${row.x}`} columns={columns} height={height} rowHeight={28} />;
}
