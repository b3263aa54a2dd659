import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useSize } from '../useSize';
import { cssVariable, useThemeVersion } from '../useTheme';
import { usePartWords } from '../richWords';
import { drawScene, isShown, type Layers } from './draw';
import { toImage, type Size } from './geometry';
import { shapeAt, shapeOf, type ImageObject, type Shape } from './objects';
import { useView } from './useView';
import styles from './ImageViewer.module.css';

/**
 * An image with its objects: truth with whole lines, prediction with dashed ones. The list beside it names every object in text.
 * @param size Of the upright image in pixels, to which the coordinates refer; `src` may be smaller.
 * @param classes Order of the classes, which gives the colours.
 */
export function ImageViewer({ src, name, size, truth = [], predictions = [], classes, skeleton = [], keypointNames, height = 480, onExpired, extra }: {
  src: string;
  name: string;
  size: Size;
  truth?: readonly ImageObject[];
  predictions?: readonly ImageObject[];
  classes: readonly string[];
  skeleton?: readonly (readonly number[])[];
  keypointNames?: readonly string[];
  height?: number | string;
  /** The image could not be loaded and somebody wants to try again; the caller may give another `src`. */
  onExpired?: () => void;
  /** More controls for the bar above the image. */
  extra?: ReactNode;
}) {
  const { viewer: words } = usePartWords();
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const screen = useSize(surface);
  const theme = useThemeVersion();
  const control = useView(surface, size, screen);
  const [layers, setLayers] = useState<Layers>({ truth: true, prediction: true, boxes: true, masks: true, keypoints: true, labels: true });
  const [lowest, setLowest] = useState(0);
  const [pointed, setPointed] = useState<Shape | null>(null);
  const [chosen, setChosen] = useState<Shape | null>(null);
  const [hint, setHint] = useState<{ x: number; y: number } | null>(null);
  const { image, state, again } = useImage(src);

  const shapes = useMemo(() => [...truth.map((object, i) => shapeOf(`t${i}`, object, false)), ...predictions.map((object, i) => shapeOf(`p${i}`, object, true))], [truth, predictions]);
  const shown = useMemo(() => shapes.filter(shape => isShown(shape, layers) && (shape.object.score === undefined || shape.object.score >= lowest)), [shapes, layers, lowest]);
  const active = pointed ?? chosen;
  const colours = useMemo(() => Array.from({ length: 8 }, (_, i) => cssVariable(`--series-${i + 1}`)), [theme]);
  const colourOf = (shape: Shape) => colours[Math.max(0, classes.indexOf(shape.object.class)) % 8] ?? 'red';
  const told = (shape: Shape) => words.object(shape.object.class, shape.object.score, shape.predicted) + (shape.object.crowd ? `, ${words.crowd}` : '');

  useEffect(() => {
    setPointed(null);
    setChosen(null);
  }, [shapes]);

  useLayoutEffect(() => {
    const node = canvas.current;
    if (!node || screen.width === 0) return;
    const [w, h] = [Math.round(screen.width * devicePixelRatio), Math.round(screen.height * devicePixelRatio)];
    if (node.width !== w || node.height !== h) [node.width, node.height] = [w, h];
    const pen = node.getContext('2d')!;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawScene(pen, screen, control.view, {
      image, size, shapes: shown, layers, skeleton, colourOf, active,
      labelOf: shape => (shape.object.score === undefined ? shape.object.class : `${shape.object.class} ${shape.object.score.toFixed(2)}`),
    });
  });

  const point = (event: React.PointerEvent) => {
    if (control.dragging || !surface.current) return;
    const box = surface.current.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    setPointed(shapeAt(shown, toImage(control.view, [at.x, at.y]), 4 / control.view.scale));
    setHint(at);
  };
  const step = (by: number) => {
    if (shown.length === 0) return;
    const index = chosen ? shown.indexOf(chosen) : by > 0 ? -1 : 0;
    setChosen(shown[(index + by + shown.length) % shown.length]!);
  };
  const has = {
    masks: shapes.some(shape => shape.object.rle || shape.object.polygons?.length),
    keypoints: shapes.some(shape => shape.object.keypoints),
    scores: shapes.some(shape => shape.object.score !== undefined),
  };
  const toggle = (layer: keyof Layers, label: string) => (
    <button type="button" className={styles.toggle} aria-pressed={layers[layer]} onClick={() => setLayers({ ...layers, [layer]: !layers[layer] })}>
      {(layer === 'truth' || layer === 'prediction') && <i aria-hidden="true" className={layer === 'truth' ? styles.whole : styles.dashed} />}
      {label}
    </button>
  );

  return (
    <div className={styles.viewer} style={{ height }}>
      <div className={styles.bar}>
        <div className={styles.toggles} role="group">
          {truth.length > 0 && predictions.length > 0 && <>{toggle('truth', words.truth)}{toggle('prediction', words.prediction)}</>}
          {shapes.length > 0 && toggle('boxes', words.boxes)}
          {has.masks && toggle('masks', words.masks)}
          {has.keypoints && toggle('keypoints', words.keypoints)}
          {shapes.length > 0 && toggle('labels', words.labels)}
          {has.scores && (
            <label className={styles.score}>
              {words.minScore}
              <input type="range" min={0} max={1} step={0.01} value={lowest} onChange={event => setLowest(event.target.valueAsNumber)} />
              <output>{lowest.toFixed(2)}</output>
            </label>
          )}
          {extra}
        </div>
        <div className={styles.zoom} role="group">
          <button type="button" aria-label={words.zoomOut} title={words.zoomOut} onClick={() => control.zoom(0.8)}><Minus size={16} /></button>
          <button type="button" className={styles.percent} aria-label={words.actualSize} title={words.actualSize} onClick={control.actualSize}>{Math.round(control.view.scale * 100)}%</button>
          <button type="button" aria-label={words.zoomIn} title={words.zoomIn} onClick={() => control.zoom(1.25)}><Plus size={16} /></button>
          <button type="button" aria-label={words.fit} title={words.fit} onClick={control.fitAll}><Maximize size={16} /></button>
        </div>
      </div>
      <div
        ref={surface} className={styles.surface} tabIndex={0} role="application" aria-label={words.canvas(name, truth.length, predictions.length)} aria-description={words.help}
        style={{ cursor: control.dragging ? 'grabbing' : pointed ? 'pointer' : 'grab' }}
        onPointerMove={point} onPointerLeave={() => (setPointed(null), setHint(null))} onClick={() => !control.dragging && setChosen(pointed)}
        onKeyDown={event => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (control.onKey(event.key)) event.preventDefault();
          else if (event.key === 'n' || event.key === 'N') step(1);
          else if (event.key === 'p' || event.key === 'P') step(-1);
          else if (event.key === 'Escape' && chosen) {
            setChosen(null);
            event.stopPropagation();
          }
        }}
      >
        <canvas ref={canvas} className={styles.canvas} aria-hidden="true" />
        {state === 'loading' && <p className={styles.state} role="status">{words.loading}</p>}
        {state === 'failed' && (
          <div className={styles.state} role="alert">
            <p>{words.failed}</p>
            <button type="button" onClick={() => (onExpired?.(), again())}>{words.retry}</button>
          </div>
        )}
        {pointed && hint && !control.dragging && (
          <div className={styles.hint} aria-hidden="true" style={{ left: Math.min(hint.x + 14, Math.max(0, screen.width - 200)), top: Math.min(hint.y + 14, Math.max(0, screen.height - 40)) }}>
            <i style={{ background: colourOf(pointed) }} /> {told(pointed)}
          </div>
        )}
      </div>
      <aside className={styles.list} aria-label={words.objects(shown.length)}>
        <p className={styles.count}>{shown.length === 0 ? words.noObjects : words.objects(shown.length)}</p>
        <ul>
          {shown.map(shape => (
            <li key={shape.id}>
              <button
                type="button" aria-pressed={shape === chosen} className={shape === active ? styles.current : undefined}
                onPointerEnter={() => setPointed(shape)} onPointerLeave={() => setPointed(null)}
                onFocus={() => setChosen(shape)} onClick={() => (setChosen(shape), control.show(shape.box))}
              >
                <i aria-hidden="true" className={shape.predicted ? styles.dashed : styles.whole} style={{ color: colourOf(shape) }} />
                <span>{shape.object.class}{shape.object.crowd ? ` (${words.crowd})` : ''}</span>
                {shape.object.keypoints && <small>{shape.object.keypoints.filter(point => (point[2] ?? 0) > 0).length}/{keypointNames?.length ?? shape.object.keypoints.length}</small>}
                {shape.object.score !== undefined && <b>{shape.object.score.toFixed(2)}</b>}
                <span className={styles.unseen}>{shape.predicted ? words.prediction : words.truth}, {shape.box.map(Math.round).join(' ')}</span>
              </button>
            </li>
          ))}
        </ul>
      </aside>
      <span className={styles.unseen} role="status">{chosen ? told(chosen) : ''}</span>
    </div>
  );
}

/** Loads an image; `again` loads it anew. */
function useImage(src: string): { image: HTMLImageElement | null; state: 'loading' | 'ready' | 'failed'; again: () => void } {
  const [loaded, setLoaded] = useState<{ src: string; image: HTMLImageElement | null } | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let current = true;
    const image = new Image();
    image.decoding = 'async';
    image.src = src;
    image.decode().then(
      () => current && setLoaded({ src, image }),
      () => current && setLoaded({ src, image: null }),
    );
    return () => {
      current = false;
    };
  }, [src, tries]);
  const mine = loaded?.src === src ? loaded : null;
  return { image: mine?.image ?? null, state: mine ? (mine.image ? 'ready' : 'failed') : 'loading', again: () => (setLoaded(null), setTries(tries + 1)) };
}
