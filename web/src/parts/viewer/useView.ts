import { useEffect, useRef, useState, type RefObject } from 'react';
import { fit, fitBox, keepInside, pan, zoomAt, type Box, type Point, type Size, type View } from './geometry';

/** The view of an image on a screen, with the gestures that change it: wheel, pinch, drag and keys. */
export interface ViewControl {
  view: View;
  zoom: (factor: number, at?: Point) => void;
  fitAll: () => void;
  actualSize: () => void;
  show: (box: Box) => void;
  /** Whether the pointer moves the image at this moment. */
  dragging: boolean;
  onKey: (key: string) => boolean;
}

/**
 * @param surface Element that takes the gestures.
 * @param mayPan Whether a press begins to move the image; an editor answers false while it draws.
 */
export function useView(surface: RefObject<HTMLElement | null>, image: Size, screen: Size, mayPan: (event: PointerEvent) => boolean = () => true): ViewControl {
  const [moved, setMoved] = useState<View | null>(null);
  const [dragging, setDragging] = useState(false);
  const fitted = fit(image, screen.width > 0 ? screen : { width: 1, height: 1 });
  const view = moved ?? fitted;
  const limits = { min: Math.min(fitted.scale, 1) * 0.5, max: Math.max(40, fitted.scale * 4) };
  const state = useRef({ view, image, screen, limits, mayPan });
  state.current = { view, image, screen, limits, mayPan };

  // The picture of another image begins as a whole.
  useEffect(() => setMoved(null), [image.width, image.height]);

  const set = (next: View) => {
    const inside = keepInside(next, state.current.image, state.current.screen);
    state.current.view = inside;
    setMoved(inside);
  };
  const middle = (): Point => [state.current.screen.width / 2, state.current.screen.height / 2];
  const zoom = (factor: number, at: Point = middle()) => set(zoomAt(state.current.view, factor, at, state.current.limits));

  useEffect(() => {
    const node = surface.current;
    if (!node) return;
    const pointers = new Map<number, Point>();
    const at = (event: MouseEvent): Point => {
      const box = node.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      // A pinch on a touchpad comes as a wheel with ctrl and small steps.
      zoom(Math.exp(-Math.max(-100, Math.min(100, pixels)) * (event.ctrlKey ? 0.01 : 0.002)), at(event));
    };
    const down = (event: PointerEvent) => {
      if (event.button > 1 || (pointers.size === 0 && !state.current.mayPan(event))) return;
      pointers.set(event.pointerId, at(event));
      node.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = at(event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const [old, fresh] = [Math.hypot(before[0] - other[0], before[1] - other[1]), Math.hypot(now[0] - other[0], now[1] - other[1])];
        set(zoomAt(pan(state.current.view, (now[0] - before[0]) / 2, (now[1] - before[1]) / 2), fresh / Math.max(1, old), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2], state.current.limits));
      } else {
        if (Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]) > 0) setDragging(true);
        set(pan(state.current.view, now[0] - before[0], now[1] - before[1]));
      }
      pointers.set(event.pointerId, now);
    };
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
      if (pointers.size === 0) setDragging(false);
    };
    const twice = (event: MouseEvent) => zoom(event.shiftKey ? 0.5 : 2, at(event));
    node.addEventListener('wheel', wheel, { passive: false });
    node.addEventListener('pointerdown', down);
    node.addEventListener('pointermove', move);
    node.addEventListener('pointerup', up);
    node.addEventListener('pointercancel', up);
    node.addEventListener('dblclick', twice);
    return () => {
      node.removeEventListener('wheel', wheel);
      node.removeEventListener('pointerdown', down);
      node.removeEventListener('pointermove', move);
      node.removeEventListener('pointerup', up);
      node.removeEventListener('pointercancel', up);
      node.removeEventListener('dblclick', twice);
    };
  }, [surface]);

  const actualSize = () => zoom(1 / state.current.view.scale);
  const step = 64;
  const keys: Record<string, () => void> = {
    ArrowLeft: () => set(pan(state.current.view, step, 0)),
    ArrowRight: () => set(pan(state.current.view, -step, 0)),
    ArrowUp: () => set(pan(state.current.view, 0, step)),
    ArrowDown: () => set(pan(state.current.view, 0, -step)),
    '+': () => zoom(1.25),
    '=': () => zoom(1.25),
    '-': () => zoom(0.8),
    '0': () => setMoved(null),
    '1': actualSize,
  };
  return {
    view, zoom, actualSize, dragging,
    fitAll: () => setMoved(null),
    show: box => set(fitBox(box, state.current.screen)),
    onKey: key => {
      keys[key]?.();
      return key in keys;
    },
  };
}
