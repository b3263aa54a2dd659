import { MoreHorizontal } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { DataTable, type Column } from './DataTable';
import { LogView } from './LogView';
import type { LogLine } from './logs';
import type { Page } from './pagedItems';
import { ThumbnailGrid, usePagedItems } from './ThumbnailGrid';

interface MadeImage {
  id: string;
  path: string;
  split: string;
  src: string | null;
}

const pictures: string[] = [];

/** One of a few photographs that are drawn, so that the gallery needs no file. */
function picture(i: number): string {
  const number = i % 40;
  pictures[number] ??= drawPicture(number);
  return pictures[number];
}

function drawPicture(i: number): string {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [256, 170 + (i % 4) * 28];
  const pen = canvas.getContext('2d')!;
  const hue = (i * 47) % 360;
  pen.fillStyle = `hsl(${hue} 18% 66%)`;
  pen.fillRect(0, 0, 256, 256);
  pen.fillStyle = `hsl(${(hue + 140) % 360} 42% 38%)`;
  pen.beginPath();
  pen.arc(60 + ((i * 31) % 140), 50 + ((i * 17) % 90), 16 + (i % 7) * 4, 0, 7);
  pen.fill();
  return canvas.toDataURL('image/jpeg', 0.8);
}

/** `length` images in pages of 200, as the API lists them. */
export function madePages(length: number, delayMs = 30) {
  return async (cursor: string | null): Promise<Page<MadeImage>> => {
    await new Promise(resolve => setTimeout(resolve, delayMs));
    const from = Number(cursor ?? 0);
    const to = Math.min(length, from + 200);
    return {
      items: Array.from({ length: to - from }, (_, i) => ({ id: `image-${from + i}`, path: `line-3/2026-11-${1 + ((from + i) % 28)}/img_${from + i}.png`, split: ['train', 'train', 'train', 'val', 'test'][(from + i) % 5]!, src: (from + i) % 97 === 13 ? null : picture(from + i) })),
      nextCursor: to < length ? `${to}` : null,
    };
  };
}

function Grid({ length, name, height = 480 }: { length: number; name: string; height?: number }) {
  const items = usePagedItems(name, useCallback(madePages(length, 5), [length]));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set(['image-1', 'image-2']));
  return (
    <ThumbnailGrid
      label="Images" items={items} total={length} height={height} selected={selected} onSelect={setSelected} onOpen={() => {}}
      thumbnail={image => ({ key: image.id, src: image.src, label: image.path, badge: image.split, caption: image.path.slice(image.path.lastIndexOf('/') + 1) })}
    />
  );
}

/** Lines as a trainer writes them. */
export function madeLines(from: number, to: number): LogLine[] {
  return Array.from({ length: to - from }, (_, n) => {
    const i = from + n;
    const level = i % 211 === 7 ? 'error' : i % 53 === 11 ? 'warning' : i % 9 === 4 ? 'debug' : 'info';
    const message = level === 'error' ? `\u001b[31mRuntimeError\u001b[0m: worker ${i % 8} died while it read a batch\n  File "loader.py", line ${i % 400}, in next_batch\n    raise RuntimeError(reason)`
      : level === 'warning' ? `Image plates/img_${i}.png has no objects; it is kept as background for the epoch and it does not count as a false negative in any of the measures that follow`
        : level === 'debug' ? `queue: ${i % 64} batches waiting, ${(i * 7) % 1000} ms` : `epoch ${1 + Math.floor(i / 400)} step ${i % 400}/400 loss ${(2 / (1 + i / 900)).toFixed(4)} lr 0.0003`;
    return { id: i + 1, level, message, attempt: 1, source: 'trainer', time: new Date(1_796_000_000_000 + i * 350).toISOString() };
  });
}

function LiveLog({ length, every }: { length: number; every: number }) {
  const [lines, setLines] = useState(() => madeLines(0, length));
  useEffect(() => {
    const timer = setInterval(() => setLines(old => [...old, ...madeLines(old.length, old.length + 3)]), every);
    return () => clearInterval(timer);
  }, [every]);
  return <LogView lines={lines} live height={360} onDownload={() => {}} />;
}

interface MadeRun {
  id: string;
  name: string;
  state: string;
  accuracy: number | null;
  epochs: number;
  minutes: number;
}

function Runs({ length, height }: { length: number; height?: number }) {
  const rows = useMemo(() => Array.from({ length }, (_, i): MadeRun => ({ id: `${i}`, name: `plates-${length - i}`, state: ['completed', 'running', 'failed'][i % 3]!, accuracy: i % 3 === 2 ? null : 0.72 + ((i * 37) % 250) / 1000, epochs: 20 + ((i * 13) % 80), minutes: 4 + ((i * 29) % 300) })), [length]);
  const columns = useMemo((): Column<MadeRun>[] => [
    { id: 'name', header: 'Name', cell: row => row.name, sortValue: row => row.name, grow: true, fixed: true, width: 200 },
    { id: 'state', header: 'State', cell: row => row.state, sortValue: row => row.state, width: 120 },
    { id: 'accuracy', header: 'Accuracy', cell: row => row.accuracy?.toFixed(3) ?? '–', sortValue: row => row.accuracy, descendingFirst: true, align: 'end', width: 120 },
    { id: 'epochs', header: 'Epochs', cell: row => row.epochs, sortValue: row => row.epochs, align: 'end', width: 100 },
    { id: 'minutes', header: 'Minutes', cell: row => row.minutes, sortValue: row => row.minutes, align: 'end', width: 100 },
  ], []);
  return (
    <DataTable
      label="Runs" rows={rows} columns={columns} rowKey={row => row.id} height={height} choosesColumns onOpen={() => {}}
      actions={row => <button type="button" aria-label={`Actions of ${row.name}`} style={{ display: 'inline-grid', placeItems: 'center', width: 28, height: 28, border: 0, borderRadius: 4, background: 'none', color: 'var(--text-2)' }}><MoreHorizontal size={16} /></button>}
    />
  );
}

const noColumns: Column<MadeRun>[] = [{ id: 'name', header: 'Name', cell: row => row.name }, { id: 'state', header: 'State', cell: row => row.state }];

/** What the gallery shows of the long lists. */
export const virtualExamples: { name: string; render: () => ReactNode }[] = [
  { name: 'Grid of 100,000 images', render: () => <Grid length={100_000} name="example-100000" /> },
  { name: 'Grid of 7 images', render: () => <Grid length={7} name="example-7" height={240} /> },
  { name: 'Log that grows', render: () => <LiveLog length={2_000} every={700} /> },
  { name: 'Log of 100,000 lines', render: () => <LogView lines={madeLines(0, 100_000)} height={320} /> },
  { name: 'Empty log', render: () => <LogView lines={[]} height={180} /> },
  { name: 'Table', render: () => <Runs length={8} /> },
  { name: 'Table of 10,000 rows', render: () => <Runs length={10_000} height={320} /> },
  {
    name: 'Table that loads, is empty, failed',
    render: () => (
      <div style={{ display: 'grid', gap: 16 }}>
        <DataTable label="Loading" rows={[]} columns={noColumns} rowKey={row => row.id} loading />
        <DataTable label="Empty" rows={[]} columns={noColumns} rowKey={row => row.id} />
        <DataTable label="Failed" rows={[]} columns={noColumns} rowKey={row => row.id} error={<p style={{ textAlign: 'center', color: 'var(--bad)' }}>The runs could not be loaded.</p>} />
      </div>
    ),
  },
];
