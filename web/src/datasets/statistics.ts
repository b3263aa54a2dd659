import type { Annotation } from '../api/schema';
import type { SplitName } from './splits';

/** What statistics read of an image, of a version or of the dataset itself. */
export type CountedImage = { path: string; sha256: string; width: number; height: number; size: number; split?: SplitName | null; class?: string | null; annotations?: Annotation[] };

export type ClassFigures = { name: string; images: Record<SplitName, number>; unsplit: number; total: number; objects: number };

export type Figures = {
  images: number;
  splits: Record<SplitName, number>;
  classes: ClassFigures[];
  /** Images without a class, or of which the annotations are an empty list. */
  without: { count: number; first: string[] };
  widths: number[];
  heights: number[];
  /** Width divided by height. */
  ratios: number[];
  objectsPerImage: number[];
  /** Side of a square as large as the box, as a share of that of the image. */
  boxSides: number[];
  small: { count: number; first: string[] };
  extreme: { count: number; first: string[] };
  /** Boxes with a side below {@link TINY_BOX} pixels. */
  tinyBoxes: { count: number; first: string[] };
  /** Files that are there several times; `different`: with different classes. */
  copies: { files: number; images: number; different: number; groups: { paths: string[]; classes: string[] }[] };
};

/** Pixels of the shorter side below which an image says little to the usual models. */
export const SMALL_SIDE = 32;
/** Longer side divided by the shorter one from which resizing distorts or cuts much. */
export const EXTREME_RATIO = 4;
export const TINY_BOX = 4;
const EXAMPLES = 20;

const found = (): { count: number; first: string[] } => ({ count: 0, first: [] });
const note = (of: { count: number; first: string[] }, path: string): void => {
  of.count++;
  if (of.first.length < EXAMPLES && of.first.at(-1) !== path) of.first.push(path);
};

/** Collects figures of images as they pass by. Of each it keeps some numbers, its hash and its path. */
export class Statistics {
  private readonly figures: Omit<Figures, 'classes' | 'copies'> = {
    images: 0, splits: { train: 0, val: 0, test: 0 }, without: found(), widths: [], heights: [], ratios: [], objectsPerImage: [], boxSides: [], small: found(), extreme: found(), tinyBoxes: found(),
  };
  private readonly classes = new Map<string, ClassFigures>();
  private readonly files = new Map<string, { paths: string[]; classes: Set<string> }>();

  /** @param classes Names in their order, so that a class without images is listed too. */
  constructor(classes: readonly string[]) {
    for (const name of classes) this.classOf(name);
  }

  private classOf(name: string): ClassFigures {
    let known = this.classes.get(name);
    if (known === undefined) this.classes.set(name, (known = { name, images: { train: 0, val: 0, test: 0 }, unsplit: 0, total: 0, objects: 0 }));
    return known;
  }

  add(image: CountedImage): void {
    const all = this.figures;
    all.images++;
    if (image.split) all.splits[image.split]++;
    all.widths.push(image.width);
    all.heights.push(image.height);
    all.ratios.push(image.width / image.height);
    if (Math.min(image.width, image.height) < SMALL_SIDE) note(all.small, image.path);
    if (Math.max(image.width, image.height) / Math.min(image.width, image.height) >= EXTREME_RATIO) note(all.extreme, image.path);
    const labels = new Set<string>();
    if (image.annotations !== undefined) {
      all.objectsPerImage.push(image.annotations.length);
      if (image.annotations.length === 0) note(all.without, image.path);
      for (const { class: name, box } of image.annotations) {
        labels.add(name);
        this.classOf(name).objects++;
        const [, , width = 0, height = 0] = box;
        all.boxSides.push(Math.sqrt((width * height) / (image.width * image.height)));
        if (Math.min(width, height) < TINY_BOX) note(all.tinyBoxes, image.path);
      }
    } else if (image.class) labels.add(image.class);
    else if (image.class !== undefined) note(all.without, image.path);
    for (const name of labels) {
      const figures = this.classOf(name);
      figures.total++;
      if (image.split) figures.images[image.split]++;
      else figures.unsplit++;
    }
    const file = this.files.get(image.sha256);
    if (file === undefined) this.files.set(image.sha256, { paths: [image.path], classes: new Set(image.class ? [image.class] : []) });
    else {
      file.paths.push(image.path);
      if (image.class) file.classes.add(image.class);
    }
  }

  result(): Figures {
    const copied = [...this.files.values()].filter(({ paths }) => paths.length > 1);
    const groups = copied.map(({ paths, classes }) => ({ paths, classes: [...classes] })).sort((a, b) => b.classes.length - a.classes.length || b.paths.length - a.paths.length);
    return {
      ...this.figures,
      classes: [...this.classes.values()],
      copies: { files: copied.length, images: copied.reduce((sum, { paths }) => sum + paths.length, 0), different: copied.filter(({ classes }) => classes.size > 1).length, groups: groups.slice(0, EXAMPLES) },
    };
  }
}

export type Severity = 'bad' | 'warn' | 'info';
export type FindingKind = 'contradicting' | 'missingTrain' | 'missingVal' | 'unannotated' | 'unlabelled' | 'empty' | 'copies' | 'rare' | 'imbalance' | 'tinyBoxes' | 'small' | 'extreme' | 'refusedFiles' | 'refusedEntries';
/** Something about a dataset that a person should look at. `values` are the numbers of its text. */
export type Finding = { kind: FindingKind; severity: Severity; count: number; of?: number; names: string[]; paths: string[] };

/** Images of a class below which a model hardly learns it. */
export const RARE = 20;
/** How many times as many images the largest class has as the smallest, from which training is lopsided. */
export const LOPSIDED = 10;

/** What is found in the figures, the worst first. `outside` is what the API says besides. */
export function findingsOf(figures: Figures, outside: { unannotated: number; refusedFiles: number; refusedEntries: number; classification: boolean; published: boolean }): Finding[] {
  const all: Finding[] = [];
  const say = (kind: FindingKind, severity: Severity, count: number, more: Partial<Finding> = {}): void => { if (count > 0) all.push({ kind, severity, count, names: [], paths: [], ...more }); };
  const used = figures.classes.filter(({ total }) => total > 0);
  const names = (classes: ClassFigures[]): Partial<Finding> => ({ names: classes.map(({ name }) => name) });
  say('contradicting', 'bad', figures.copies.different, { paths: figures.copies.groups.filter(({ classes }) => classes.length > 1).map(({ paths, classes }) => `${paths.join(' = ')} (${classes.join(', ')})`) });
  if (outside.published) {
    const noTrain = figures.classes.filter(({ images }) => images.train === 0);
    say('missingTrain', 'bad', noTrain.length, names(noTrain));
    const noVal = figures.classes.filter(({ images }) => images.train > 0 && images.val === 0);
    say('missingVal', 'warn', noVal.length, names(noVal));
  }
  say('unannotated', 'warn', outside.unannotated);
  if (outside.classification) say('unlabelled', 'warn', figures.without.count, { paths: figures.without.first });
  const same = figures.copies;
  say('copies', 'warn', same.images - same.files, { of: same.files, paths: same.groups.map(({ paths }) => paths.join(' = ')) });
  const rare = used.filter(({ total }) => total < RARE);
  say('rare', 'warn', rare.length, names(rare));
  const totals = used.map(({ total }) => total);
  const ratio = used.length > 1 ? Math.max(...totals) / Math.min(...totals) : 1;
  if (ratio >= LOPSIDED) say('imbalance', 'warn', Math.round(ratio), { names: [used.reduce((a, b) => (b.total > a.total ? b : a)).name, used.reduce((a, b) => (b.total < a.total ? b : a)).name] });
  say('tinyBoxes', 'warn', figures.tinyBoxes.count, { paths: figures.tinyBoxes.first });
  say('small', 'warn', figures.small.count, { paths: figures.small.first });
  say('extreme', 'info', figures.extreme.count, { paths: figures.extreme.first });
  if (!outside.classification) say('empty', 'info', figures.without.count, { paths: figures.without.first });
  say('refusedFiles', 'info', outside.refusedFiles);
  say('refusedEntries', 'info', outside.refusedEntries);
  const order: Severity[] = ['bad', 'warn', 'info'];
  return all.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
