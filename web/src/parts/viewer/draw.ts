import { cornersOf, toScreen, type Size, type View } from './geometry';
import { type Shape } from './objects';
import { paint, spanBounds } from './rle';

/** What is shown of the objects. */
export interface Layers {
  truth: boolean;
  prediction: boolean;
  boxes: boolean;
  masks: boolean;
  keypoints: boolean;
  labels: boolean;
}

export interface Scene {
  image: CanvasImageSource | null;
  size: Size;
  shapes: readonly Shape[];
  layers: Layers;
  /** Pairs of indices of keypoints that are joined. */
  skeleton: readonly (readonly number[])[];
  colourOf: (shape: Shape) => string;
  labelOf: (shape: Shape) => string;
  active: Shape | null;
}

const pictures = new WeakMap<Shape, { colour: string; canvas: OffscreenCanvas; x: number; y: number }>();

/** The mask of a shape as a picture of its box, made once for each colour. */
function pictureOf(shape: Shape, colour: string): { canvas: OffscreenCanvas; x: number; y: number } | null {
  const known = pictures.get(shape);
  if (known?.colour === colour) return known;
  const box = spanBounds(shape.spans);
  if (!box) return null;
  const canvas = new OffscreenCanvas(box[2], box[3]);
  const pen = canvas.getContext('2d', { willReadFrequently: true })!;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = pen.getImageData(0, 0, 1, 1).data;
  const pixels = pen.createImageData(box[2], box[3]);
  paint(shape.spans, box, pixels.data, [red, green, blue, 255]);
  pen.putImageData(pixels, 0, 0);
  const made = { colour, canvas, x: box[0], y: box[1] };
  pictures.set(shape, made);
  return made;
}

/** Draws the image and its objects. `pen` is in CSS pixels of the screen. */
export function drawScene(pen: CanvasRenderingContext2D, screen: Size, view: View, scene: Scene): void {
  pen.clearRect(0, 0, screen.width, screen.height);
  if (scene.image) {
    pen.imageSmoothingEnabled = view.scale < 4;
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(scene.image, view.x, view.y, scene.size.width * view.scale, scene.size.height * view.scale);
  }
  const shown = scene.shapes.filter(shape => isShown(shape, scene.layers));
  for (const shape of shown) drawArea(pen, view, shape, scene);
  for (const shape of shown) if (shape !== scene.active) drawOutline(pen, view, shape, scene);
  if (scene.active && shown.includes(scene.active)) drawOutline(pen, view, scene.active, scene);
  if (scene.layers.labels) for (const shape of shown) drawLabel(pen, screen, view, shape, scene);
}

export const isShown = (shape: Shape, layers: Layers): boolean => (shape.predicted ? layers.prediction : layers.truth);

function trace(pen: CanvasRenderingContext2D, view: View, ring: readonly number[]): void {
  cornersOf(ring).forEach((corner, i) => {
    const [x, y] = toScreen(view, corner);
    if (i === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  });
  pen.closePath();
}

function drawArea(pen: CanvasRenderingContext2D, view: View, shape: Shape, { layers, active, colourOf }: Scene): void {
  if (!layers.masks) return;
  pen.globalAlpha = shape === active ? 0.5 : active ? 0.18 : 0.32;
  if (shape.object.polygons?.length) {
    pen.fillStyle = colourOf(shape);
    pen.beginPath();
    for (const ring of shape.object.polygons) trace(pen, view, ring);
    pen.fill();
  } else if (shape.spans.length > 0) {
    const picture = pictureOf(shape, colourOf(shape));
    if (picture) {
      pen.imageSmoothingEnabled = view.scale < 2;
      pen.drawImage(picture.canvas, picture.x * view.scale + view.x, picture.y * view.scale + view.y, picture.canvas.width * view.scale, picture.canvas.height * view.scale);
    }
  }
  pen.globalAlpha = 1;
}

/** What a person labelled has a whole line, what a model said a dashed one. A dark line below keeps both visible on any image. */
function drawOutline(pen: CanvasRenderingContext2D, view: View, shape: Shape, scene: Scene): void {
  const { layers, active } = scene;
  const colour = scene.colourOf(shape);
  const thick = shape === active ? 3 : 2;
  pen.globalAlpha = active && shape !== active ? 0.45 : 1;
  pen.lineJoin = 'round';
  const stroke = () => {
    pen.setLineDash([]);
    pen.strokeStyle = 'rgb(0 0 0 / 0.55)';
    pen.lineWidth = thick + 2;
    pen.stroke();
    pen.setLineDash(shape.predicted ? [7, 4] : []);
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.stroke();
    pen.setLineDash([]);
  };
  if (shape.object.polygons?.length && (layers.masks || layers.boxes)) {
    pen.beginPath();
    for (const ring of shape.object.polygons) trace(pen, view, ring);
    stroke();
  }
  // A polygon says more than the box around it.
  if (layers.boxes && !shape.object.polygons?.length) {
    const [x, y, width, height] = shape.box;
    const [left, top] = toScreen(view, [x, y]);
    pen.beginPath();
    pen.rect(left, top, width * view.scale, height * view.scale);
    stroke();
  }
  if (layers.keypoints && shape.object.keypoints) drawKeypoints(pen, view, shape, scene, colour);
  pen.globalAlpha = 1;
}

function drawKeypoints(pen: CanvasRenderingContext2D, view: View, shape: Shape, { skeleton, active }: Scene, colour: string): void {
  const points = shape.object.keypoints!.map(([x = 0, y = 0, visibility = 0]) => ({ at: toScreen(view, [x, y]), visibility }));
  for (const [from = -1, to = -1] of skeleton) {
    const [a, b] = [points[from], points[to]];
    if (!a || !b || a.visibility === 0 || b.visibility === 0) continue;
    pen.beginPath();
    pen.moveTo(a.at[0], a.at[1]);
    pen.lineTo(b.at[0], b.at[1]);
    pen.strokeStyle = 'rgb(0 0 0 / 0.55)';
    pen.lineWidth = 4;
    pen.stroke();
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.stroke();
  }
  for (const { at, visibility } of points) {
    if (visibility === 0) continue;
    pen.beginPath();
    pen.arc(at[0], at[1], shape === active ? 5 : 4, 0, Math.PI * 2);
    // A hidden point is a ring.
    pen.fillStyle = visibility === 2 ? colour : 'rgb(0 0 0 / 0.55)';
    pen.fill();
    pen.strokeStyle = visibility === 2 ? '#ffffff' : colour;
    pen.lineWidth = 1.5;
    pen.stroke();
  }
}

function drawLabel(pen: CanvasRenderingContext2D, screen: Size, view: View, shape: Shape, { active, colourOf, labelOf }: Scene): void {
  const [x, y, , height] = shape.box;
  const [left, top] = toScreen(view, [x, y]);
  const text = labelOf(shape);
  pen.font = '500 12px ui-sans-serif, system-ui, sans-serif';
  const width = pen.measureText(text).width + 12;
  // Truth above the box, prediction below it, so that two that agree do not cover each other.
  const below = top + height * view.scale;
  const place = shape.predicted ? below + 2 : top - 20;
  const at = { x: Math.max(2, Math.min(screen.width - width - 2, left)), y: Math.max(2, Math.min(screen.height - 20, place)) };
  if (left > screen.width || left + shape.box[2] * view.scale < 0 || top > screen.height || below < 0) return;
  pen.globalAlpha = active && shape !== active ? 0.4 : 1;
  pen.fillStyle = 'rgb(16 16 22 / 0.86)';
  pen.beginPath();
  pen.roundRect(at.x, at.y, width, 18, 4);
  pen.fill();
  pen.fillStyle = colourOf(shape);
  pen.fillRect(at.x, at.y + 4, 3, 10);
  pen.fillStyle = '#ffffff';
  pen.textBaseline = 'middle';
  pen.fillText(text, at.x + 8, at.y + 9.5);
  pen.globalAlpha = 1;
}
