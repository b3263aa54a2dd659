import { useMemo, type ReactNode } from 'react';
import { ImageViewer } from './ImageViewer';
import type { ImageObject } from './objects';
import { writeCounts } from './rle';

/** A drawn street, so that the gallery needs no file. */
function street(): string {
  const node = document.createElement('canvas');
  [node.width, node.height] = [960, 600];
  const pen = node.getContext('2d')!;
  const sky = pen.createLinearGradient(0, 0, 0, 340);
  sky.addColorStop(0, '#7fa6c9');
  sky.addColorStop(1, '#d9e3ea');
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 960, 340);
  pen.fillStyle = '#5c6066';
  pen.fillRect(0, 340, 960, 260);
  pen.fillStyle = '#8d8377';
  for (let i = 0; i < 6; i++) pen.fillRect(i * 170 - 20, 120 + (i % 3) * 40, 140, 230 - (i % 3) * 40);
  pen.fillStyle = '#b03a2e';
  pen.beginPath();
  pen.roundRect(120, 380, 260, 90, 24);
  pen.roundRect(170, 330, 160, 80, 24);
  pen.fill();
  pen.fillStyle = '#222';
  for (const x of [180, 320]) {
    pen.beginPath();
    pen.arc(x, 472, 26, 0, 7);
    pen.fill();
  }
  pen.strokeStyle = '#2f3f52';
  pen.lineWidth = 26;
  pen.lineCap = 'round';
  pen.beginPath();
  for (const [x, y] of [[700, 360], [700, 440], [670, 540]] as const) pen.lineTo(x, y);
  pen.moveTo(700, 440);
  pen.lineTo(735, 540);
  pen.moveTo(650, 430);
  pen.lineTo(700, 365);
  pen.lineTo(752, 425);
  pen.stroke();
  pen.fillStyle = '#d7a98a';
  pen.beginPath();
  pen.arc(700, 310, 26, 0, 7);
  pen.fill();
  return node.toDataURL('image/jpeg', 0.9);
}

const size = { width: 960, height: 600 };
const classes = ['car', 'person', 'building', 'road'];

/** The mask of an ellipse. */
function ellipse(cx: number, cy: number, rx: number, ry: number): ImageObject['rle'] {
  const counts: number[] = [];
  let [value, run] = [0, 0];
  for (let x = 0; x < size.width; x++)
    for (let y = 0; y < size.height; y++) {
      const inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1 ? 1 : 0;
      if (inside === value) run++;
      else {
        counts.push(run);
        [value, run] = [inside, 1];
      }
    }
  counts.push(run);
  return { size: [size.height, size.width], counts: writeCounts(counts) };
}

const keypointNames = ['head', 'neck', 'left hand', 'right hand', 'hip', 'left foot', 'right foot'];
const skeleton = [[0, 1], [1, 2], [1, 3], [1, 4], [4, 5], [4, 6]];

function Example({ truth, predictions }: { truth: ImageObject[]; predictions?: ImageObject[] }) {
  const src = useMemo(street, []);
  return <ImageViewer src={src} name="street/0001.jpg" size={size} classes={classes} truth={truth} predictions={predictions} skeleton={skeleton} keypointNames={keypointNames} />;
}

/** What the gallery shows of the viewer. */
export const viewerExamples: { name: string; render: () => ReactNode }[] = [
  {
    name: 'Boxes: truth and prediction',
    render: () => (
      <Example
        truth={[{ class: 'car', box: [112, 325, 278, 176] }, { class: 'person', box: [636, 282, 130, 274] }, { class: 'building', box: [-0, 118, 460, 232], crowd: true }]}
        predictions={[{ class: 'car', box: [120, 336, 262, 160], score: 0.97 }, { class: 'person', box: [648, 290, 112, 260], score: 0.81 }, { class: 'person', box: [820, 350, 60, 120], score: 0.32 }]}
      />
    ),
  },
  {
    name: 'Masks, a polygon and a rotated box',
    render: () => (
      <Example
        truth={[
          { class: 'car', box: [114, 320, 272, 180], rle: ellipse(250, 415, 140, 88) },
          { class: 'person', box: [640, 280, 120, 270], polygons: [[700, 282, 730, 310, 765, 430, 745, 555, 660, 555, 640, 430, 672, 310]] },
          { class: 'road', box: [420, 480, 200, 90], polygons: [[430, 520, 590, 480, 612, 530, 452, 570]] },
        ]}
      />
    ),
  },
  {
    name: 'Keypoints',
    render: () => <Example truth={[{ class: 'person', box: [636, 282, 130, 274], keypoints: [[700, 310, 2], [700, 362, 2], [650, 430, 2], [752, 425, 1], [700, 440, 2], [670, 540, 2], [735, 540, 2]] }]} />,
  },
  { name: 'Nothing in the image', render: () => <Example truth={[]} /> },
  { name: 'An image that cannot be loaded', render: () => <ImageViewer src="data:image/png;base64,AAAA" name="gone.png" size={size} classes={classes} height={260} /> },
];
