import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import type { Annotation, Dataset, Image } from '../api/schema';
import { useWords } from '../app/words';
import { drawScene } from '../parts/viewer/draw';
import { inBox, toImage, toScreen, type Point } from '../parts/viewer/geometry';
import { shapeAt, shapeOf } from '../parts/viewer/objects';
import { useView } from '../parts/viewer/useView';
import { useSize } from '../parts/useSize';
import { cssVariable, useThemeVersion } from '../parts/useTheme';
import styles from './Annotate.module.css';
import { boxBetween, cursorOf, handleAt, handles, moved, placeOfHandle, resized, type EditedBox, type Handle } from './boxes';
import { labelingWords } from './words';

type Drag = { kind: 'draw'; from: Point; to: Point } | { kind: 'move'; from: Point; box: EditedBox; now: EditedBox } | { kind: 'resize'; handle: Handle; box: EditedBox; now: EditedBox };

const layers = { truth: true, prediction: true, boxes: true, masks: true, keypoints: true, labels: true };
/** Screen pixels below which a drag is a click. */
const CLICK = 4;

/** An image on which boxes are drawn, chosen, moved and resized. Other shapes are shown and can be chosen. */
export function BoxEditor({ dataset, image, annotations, chosen, onChoose, onDraw, onChange, draws, onExpired }: {
  dataset: Dataset;
  image: Image;
  annotations: readonly Annotation[];
  chosen: number | null;
  onChoose: (index: number | null) => void;
  onDraw: (box: EditedBox) => void;
  onChange: (index: number, box: EditedBox) => void;
  /** Whether boxes can be drawn and changed. */
  draws: boolean;
  onExpired: () => void;
}) {
  const words = useWords(labelingWords);
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const screen = useSize(surface);
  const theme = useThemeVersion();
  const [drag, setDrag] = useState<Drag | null>(null);
  const [cursor, setCursor] = useState('crosshair');
  const { picture, state } = usePicture(image.url);
  const control = useView(surface, image, screen, (event) => !draws || event.shiftKey || event.button === 1);
  const classNames = dataset.classes.map(({ name }) => name);
  const colours = useMemo(() => Array.from({ length: 8 }, (_, i) => cssVariable(`--series-${i + 1}`)), [theme]);
  const shapes = useMemo(() => annotations.map((object, index) => shapeOf(String(index), drag !== null && drag.kind !== 'draw' && index === chosen ? { ...object, box: drag.now } : object, false)), [annotations, drag, chosen]);
  const selected = chosen === null ? undefined : annotations[chosen];
  const boxOf = (annotation: Annotation): EditedBox => annotation.box as EditedBox;
  const shownBox = drag !== null && drag.kind !== 'draw' ? drag.now : selected === undefined ? null : boxOf(selected);

  useLayoutEffect(() => {
    const node = canvas.current;
    if (!node || screen.width === 0) return;
    const [w, h] = [Math.round(screen.width * devicePixelRatio), Math.round(screen.height * devicePixelRatio)];
    if (node.width !== w || node.height !== h) [node.width, node.height] = [w, h];
    const pen = node.getContext('2d')!;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawScene(pen, screen, control.view, {
      image: picture, size: image, shapes, layers, skeleton: dataset.keypoints?.skeleton ?? [], active: chosen === null ? null : (shapes[chosen] ?? null),
      colourOf: (shape) => colours[Math.max(0, classNames.indexOf(shape.object.class)) % 8] ?? 'red', labelOf: (shape) => shape.object.class,
    });
    if (drag?.kind === 'draw') {
      const [x, y, width, height] = boxBetween(drag.from, drag.to, image);
      const [left, top] = toScreen(control.view, [x, y]);
      pen.strokeStyle = cssVariable('--accent');
      pen.lineWidth = 2;
      pen.strokeRect(left, top, width * control.view.scale, height * control.view.scale);
    }
    if (draws && shownBox !== null) {
      for (const handle of handles) {
        const [x, y] = toScreen(control.view, placeOfHandle(shownBox, handle));
        pen.fillStyle = '#ffffff';
        pen.strokeStyle = cssVariable('--accent');
        pen.lineWidth = 1.5;
        pen.fillRect(x - 4, y - 4, 8, 8);
        pen.strokeRect(x - 4, y - 4, 8, 8);
      }
    }
  });

  const at = (event: PointerEvent): Point => {
    const box = surface.current!.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event: PointerEvent): void => {
    if (!draws || event.shiftKey || event.button !== 0) return;
    const place = at(event);
    const point = toImage(control.view, place);
    surface.current?.setPointerCapture(event.pointerId);
    if (selected !== undefined) {
      const handle = handleAt(boxOf(selected), place, control.view);
      if (handle !== null) return setDrag({ kind: 'resize', handle, box: boxOf(selected), now: boxOf(selected) });
      if (inBox(boxOf(selected), point, 0)) return setDrag({ kind: 'move', from: point, box: boxOf(selected), now: boxOf(selected) });
    }
    setDrag({ kind: 'draw', from: point, to: point });
  };
  const move = (event: PointerEvent): void => {
    const place = at(event);
    const point = toImage(control.view, place);
    if (drag === null) {
      const handle = draws && selected !== undefined ? handleAt(boxOf(selected), place, control.view) : null;
      const next = !draws ? 'grab' : handle !== null ? cursorOf(handle) : selected !== undefined && inBox(boxOf(selected), point, 0) ? 'move' : 'crosshair';
      if (next !== cursor) setCursor(next);
      return;
    }
    if (drag.kind === 'draw') setDrag({ ...drag, to: point });
    else if (drag.kind === 'move') setDrag({ ...drag, now: moved(drag.box, point[0] - drag.from[0], point[1] - drag.from[1], image) });
    else setDrag({ ...drag, now: resized(drag.box, drag.handle, point, image) });
  };
  const up = (event: PointerEvent): void => {
    if (drag === null) {
      if (!draws && !control.dragging) choose(event);
      return;
    }
    const moves = drag.kind === 'draw' ? Math.hypot(drag.to[0] - drag.from[0], drag.to[1] - drag.from[1]) * control.view.scale : CLICK;
    if (drag.kind === 'draw') {
      const box = boxBetween(drag.from, drag.to, image);
      if (moves < CLICK) choose(event);
      else if (box[2] >= 1 && box[3] >= 1) onDraw(box);
    } else if (chosen !== null && drag.now.some((value, index) => value !== drag.box[index]) && drag.now[2] >= 1 && drag.now[3] >= 1) onChange(chosen, drag.now);
    setDrag(null);
  };
  const choose = (event: PointerEvent): void => {
    const found = shapeAt(shapes, toImage(control.view, at(event)), 4 / control.view.scale);
    onChoose(found === null ? null : shapes.indexOf(found));
  };
  return (
    <div
      ref={surface} className={styles.surface} role="application" tabIndex={0} aria-label={words.canvas(image.path)} aria-description={words.help} style={{ cursor: control.dragging ? 'grabbing' : cursor }}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)}
    >
      <canvas ref={canvas} className={styles.canvas} aria-hidden="true" />
      {state === 'loading' && <p className={styles.imageState} role="status">{words.loading}</p>}
      {state === 'failed' && <p className={styles.imageState} role="alert">{words.imageFailed} <button type="button" onPointerDown={(event) => event.stopPropagation()} onClick={onExpired}>{words.retry}</button></p>}
    </div>
  );
}

function usePicture(src: string): { picture: HTMLImageElement | null; state: 'loading' | 'ready' | 'failed' } {
  const [loaded, setLoaded] = useState<{ src: string; picture: HTMLImageElement | null } | null>(null);
  useEffect(() => {
    let current = true;
    const picture = document.createElement('img');
    picture.src = src;
    picture.decode().then(() => current && setLoaded({ src, picture }), () => current && setLoaded({ src, picture: null }));
    return () => { current = false; };
  }, [src]);
  const mine = loaded?.src === src ? loaded : null;
  return { picture: mine?.picture ?? null, state: mine === null ? 'loading' : mine.picture === null ? 'failed' : 'ready' };
}
