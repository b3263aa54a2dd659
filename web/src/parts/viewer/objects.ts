import { boundsOf, distanceToRing, inBox, inRing, polygonArea, type Box, type Point } from './geometry';
import { areaOf, onSpans, spanBounds, spansOf, type Rle, type Span } from './rle';

/** An object of the API or of a prediction, in pixels of the upright image. */
export interface ImageObject {
  class: string;
  box: readonly number[];
  polygons?: readonly (readonly number[])[];
  rle?: Rle;
  keypoints?: readonly (readonly number[])[];
  crowd?: boolean;
  /** Confidence from 0 to 1 of a prediction. */
  score?: number;
}

/** An object prepared for drawing and pointing at. */
export interface Shape {
  id: string;
  object: ImageObject;
  predicted: boolean;
  box: Box;
  spans: Span[];
  /** Pixels; the smallest of overlapping objects is the one that is pointed at. */
  area: number;
}

/** A mask that cannot be read is left out; the box remains. */
export function shapeOf(id: string, object: ImageObject, predicted: boolean): Shape {
  let spans: Span[] = [];
  try {
    if (object.rle) spans = spansOf(object.rle);
  } catch {
    spans = [];
  }
  const [x = 0, y = 0, width = 0, height = 0] = object.box;
  const given: Box | null = object.box.length === 4 ? [x, y, width, height] : null;
  const box = given ?? boundsOf(object.polygons ?? []) ?? spanBounds(spans) ?? [0, 0, 0, 0];
  const area = spans.length > 0 ? areaOf(spans) : object.polygons?.length ? polygonArea(object.polygons) : box[2] * box[3];
  return { id, object, predicted, box, spans, area };
}

/** Whether a point of the image lies on an object, or within `tolerance` image pixels of its outline or of a keypoint. */
export function hits(shape: Shape, point: Point, tolerance: number): boolean {
  if (shape.object.keypoints?.some(([x = 0, y = 0, visibility = 0]) => visibility > 0 && Math.hypot(point[0] - x, point[1] - y) <= tolerance * 2)) return true;
  if (!inBox(shape.box, point, tolerance)) return false;
  if (shape.object.polygons?.length) return shape.object.polygons.some(ring => inRing(ring, point) || distanceToRing(point, ring) <= tolerance);
  if (shape.spans.length > 0) return onSpans(shape.spans, point);
  return true;
}

/** The object at a point: of those that it lies on, the smallest; of equal ones the later, which is drawn above. */
export function shapeAt(shapes: readonly Shape[], point: Point, tolerance: number): Shape | null {
  let found: Shape | null = null;
  for (const shape of shapes) if (hits(shape, point, tolerance) && (found === null || shape.area <= found.area)) found = shape;
  return found;
}
