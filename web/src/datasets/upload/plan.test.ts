import { describe, expect, it } from 'vitest';
import { commonRoot, contentTypeOf, isArchive, planOf } from './plan';
import { Rate, secondsLeft } from './rate';

const file = (path: string) => ({ path, file: new File(['x'], path) });

describe('the plan', () => {
  it('sorts images, archives and the rest', () => {
    const plan = planOf(['a/1.JPG', 'b.tar.gz', 'readme.md', '__MACOSX/a/._1.jpg', 'a/.DS_Store', 'a/Thumbs.db', 'x.zip'].map(file));
    expect(plan.images.map(i => i.path)).toEqual(['a/1.JPG']);
    expect(plan.archives.map(i => i.path)).toEqual(['b.tar.gz', 'x.zip']);
    expect(plan.leftOut).toEqual(['readme.md', '__MACOSX/a/._1.jpg', 'a/.DS_Store', 'a/Thumbs.db']);
  });
  it('has paths in composed form, as the server answers them', () => expect(planOf([file('cafe\u0301/1.png')]).images[0]!.path).toBe('caf\u00e9/1.png'));
  it('leaves out the one folder around the classes', () => expect(planOf([file('plates/cat/1.png'), file('plates/dog/2.png')]).images.map(i => i.path)).toEqual(['cat/1.png', 'dog/2.png']));
  it('keeps the folder when asked to', () => expect(planOf([file('plates/cat/1.png')], true).images[0]!.path).toBe('plates/cat/1.png'));
});

describe('the folder to leave out', () => {
  it.each([
    [['plates/cat/1.png', 'plates/dog/1.png'], 'plates/'],
    [['cat/1.png', 'cat/2.png'], ''],
    [['train/cat/1.png', 'train/dog/1.png'], ''],
    [['cat/1.png', 'dog/1.png'], ''],
    [['plates/1.png', 'plates/cat/1.png'], ''],
    [['1.png'], ''],
    [[], ''],
  ])('of %j is "%s"', (paths, root) => expect(commonRoot(paths)).toBe(root));
});

it('extensions say what a file is', () => {
  expect(contentTypeOf('a.b/c.TIFF')).toBe('image/tiff');
  expect(contentTypeOf('a.png/c')).toBeNull();
  expect(['a.zip', 'a.tar', 'a.TGZ', 'a.tar.zst'].every(isArchive)).toBe(true);
  expect(isArchive('a.gz')).toBe(false);
});

describe('speed', () => {
  it('is that of the last seconds', () => {
    const rate = new Rate(10_000);
    for (let s = 0; s <= 60; s++) rate.note(s * 1000, s < 50 ? s * 1000 : 49_000 + (s - 49) * 5000, s);
    expect(rate.perSecond().bytes).toBeCloseTo(5000, -2);
    expect(rate.perSecond().files).toBeCloseTo(1, 1);
  });
  it('of many small files decides by their number', () => {
    expect(secondsLeft({ bytes: 1e9, files: 10 }, 1e6, 100)).toBe(10);
    expect(secondsLeft({ bytes: 1e6, files: 10 }, 1e9, 1)).toBe(1000);
    expect(secondsLeft({ bytes: 0, files: 0 }, 1, 1)).toBeNull();
    expect(secondsLeft({ bytes: 0, files: 0 }, 0, 0)).toBe(0);
  });
});
