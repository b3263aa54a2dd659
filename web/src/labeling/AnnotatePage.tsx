import { useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft, ChevronLeft, ChevronRight, CircleCheck, Redo2, Tags, Trash2, Undo2 } from 'lucide-react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { client } from '../api/client';
import { asProblem } from '../api/problem';
import type { Annotation, Dataset, Image } from '../api/schema';
import { number } from '../app/format';
import { useWords } from '../app/words';
import { colourOfClass } from '../datasets/names';
import { classNamesOf, hasAnnotations, useDataset, useDatasetMay } from '../datasets/useDataset';
import { useOpenItem } from '../datasets/useOpenItem';
import { Button, ButtonLink } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { CheckField, SelectField } from '../parts/Field';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { useTitle } from '../parts/Page';
import { notify } from '../parts/Toast';
import { forgetItems, usePagedItems } from '../parts/virtual';
import styles from './Annotate.module.css';
import { BoxEditor } from './BoxEditor';
import { moved, resized, type EditedBox } from './boxes';
import { useAnnotations } from './useAnnotations';
import { labelingWords } from './words';

const SEARCHED = 5000;

/** The images of a dataset one by one, on the whole screen, to be annotated. */
export function AnnotatePage() {
  const words = useWords(labelingWords);
  const { datasetId } = useParams({ from: '/datasets/$datasetId/annotate' });
  const dataset = useDataset(datasetId);
  useTitle(words.title);
  const back = <ButtonLink icon={<ArrowLeft />} to="/datasets/$datasetId" params={{ datasetId }}>{words.back}</ButtonLink>;
  if (dataset.isError) return <main><ErrorState error={dataset.error} onRetry={() => void dataset.refetch()} /></main>;
  if (dataset.data === undefined) return <main className={styles.alone}><Skeleton lines={6} height={24} /></main>;
  if (!hasAnnotations(dataset.data.taskType)) return <main className={styles.alone}><Empty icon={<Tags />} title={words.notNeeded} action={back} /></main>;
  return <Images dataset={dataset.data} back={back} />;
}

function Images({ dataset, back }: { dataset: Dataset; back: React.ReactNode }) {
  const words = useWords(labelingWords);
  const search = useSearch({ from: '/datasets/$datasetId/annotate' });
  const navigate = useNavigate({ from: '/datasets/$datasetId/annotate' });
  const [stamp, setStamp] = useState(0);
  const prefix = `annotate/${dataset.id}`;
  const query = { limit: 50, sort: 'createdAt' as const, ...(search.left === true ? { annotated: false } : {}), ...(search.class === undefined ? {} : { class: search.class }) };
  const items = usePagedItems<Image>(`${prefix}/${JSON.stringify(query)}/${stamp}`, async (cursor) =>
    (await client.GET('/api/v1/datasets/{id}/images', { params: { path: { id: dataset.id }, query: { ...query, ...(cursor === null ? {} : { cursor }) } } })).data!);
  useSyncExternalStore(items.subscribe, items.version);
  const [first, setFirst] = useState<string | undefined>(undefined);
  const key = search.image ?? first;
  const show = (image: string | undefined): void => void navigate({ search: { ...search, image }, replace: true });
  const current = useOpenItem(items, key, (image) => image.id, SEARCHED, () => { notify(words.notFound); show(undefined); });
  useEffect(() => {
    if (search.image === undefined) {
      items.want(0, 1);
      setFirst(items.get(0)?.id);
    }
  }, [search.image, items, items.version()]);
  if (items.error !== null) return <main className={styles.alone}><ErrorState error={asProblem(items.error)} onRetry={() => items.retry()} /></main>;
  if (items.count === 0 && key === undefined) return <main className={styles.alone}><Empty icon={<CircleCheck />} title={dataset.imageCount === 0 ? words.noImages : words.allDone} action={back}>{dataset.imageCount > 0 && words.allDoneText}</Empty></main>;
  if (current === null) return <main className={styles.alone}><p role="status">{words.searching}</p></main>;
  const step = (by: 1 | -1): void => {
    const next = current.index + by;
    const image = next < 0 ? undefined : items.get(next);
    if (image !== undefined) show(image.id);
    else if (by === 1 && items.count !== null) notify(words.allDone);
    if (by === 1) items.want(Math.max(0, next - 1), next + 4);
  };
  const total = items.count ?? (search.left === true ? dataset.imageCount - (dataset.annotatedCount ?? 0) : search.class === undefined ? dataset.imageCount : undefined);
  return (
    <Editor
      key={current.item.id} dataset={dataset} image={current.item} place={words.imagePlace(number(current.index + 1), total === undefined ? '…' : number(Math.max(total, current.index + 1)))} back={back} left={search.left === true}
      onLeft={(left) => { forgetItems(prefix); void navigate({ search: { ...search, left: left || undefined, image: undefined }, replace: true }); }} onStep={step} onExpired={() => { forgetItems(prefix); setStamp(stamp + 1); }}
    />
  );
}

function Editor({ dataset, image, place, back, left, onLeft, onStep, onExpired }: {
  dataset: Dataset;
  image: Image;
  place: string;
  back: React.ReactNode;
  left: boolean;
  onLeft: (left: boolean) => void;
  onStep: (by: 1 | -1) => void;
  onExpired: () => void;
}) {
  const words = useWords(labelingWords);
  const mayWrite = useDatasetMay(dataset.id)('datasets:annotate');
  const draws = mayWrite && dataset.taskType === 'object_detection' && dataset.classes.length > 0;
  const edit = useAnnotations(dataset.id, image.id);
  const names = classNamesOf(dataset);
  const [className, setClassName] = useLastClass(dataset.id, names);
  const [chosen, setChosen] = useState<number | null>(null);
  const { annotations } = edit;
  const index = chosen !== null && chosen < annotations.length ? chosen : null;
  useBlocker({ shouldBlockFn: ({ next, current }) => edit.dirty && next.pathname !== current.pathname && !window.confirm(words.leave), enableBeforeUnload: () => edit.dirty });

  const replace = (at: number, next: Partial<Annotation>): void => edit.change(annotations.map((old, i) => (i === at ? { ...old, ...next } : old)));
  const remove = (at: number): void => {
    edit.change(annotations.filter((_, i) => i !== at));
    setChosen(null);
  };
  const add = (box: EditedBox): void => {
    edit.change([...annotations, { class: className, box }]);
    setChosen(annotations.length);
  };
  // Going on keeps what was done; where that fails one stays and sees why.
  const go = async (by: 1 | -1): Promise<void> => {
    if (!edit.dirty || (await edit.save())) onStep(by);
  };
  const noObjects = async (): Promise<void> => {
    if (await edit.save([])) onStep(1);
  };
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (target.closest('input, select, textarea, [role="dialog"]')) return;
    const command = event.ctrlKey || event.metaKey;
    const box = index === null ? null : (annotations[index]!.box as EditedBox);
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] as [number, number] | undefined;
    if (command && event.key === 's') void edit.save();
    else if (command && event.key === 'z' && !event.shiftKey) edit.undo?.();
    else if (command && (event.key === 'y' || (event.key.toLowerCase() === 'z' && event.shiftKey))) edit.redo?.();
    else if (command || event.altKey) return;
    else if (event.key === 'a' || event.key === 'A' || event.key === 'PageUp') void go(-1);
    else if (event.key === 'd' || event.key === 'D' || event.key === 'PageDown') void go(1);
    else if (event.key === 'Escape' && index !== null) setChosen(null);
    else if (!mayWrite || !edit.isLoaded) return;
    else if (event.key === '0' && annotations.length === 0) void noObjects();
    else if (/^[1-9]$/.test(event.key) && names[Number(event.key) - 1] !== undefined) {
      setClassName(names[Number(event.key) - 1]!);
      if (index !== null) replace(index, { class: names[Number(event.key) - 1]! });
    } else if ((event.key === 'Delete' || event.key === 'Backspace') && index !== null) remove(index);
    else if ((event.key === 'n' || event.key === 'N') && draws) add([Math.round(image.width * 0.4), Math.round(image.height * 0.4), Math.max(1, Math.round(image.width * 0.2)), Math.max(1, Math.round(image.height * 0.2))]);
    else if (arrow !== undefined && box !== null && draws) {
      const next = event.shiftKey ? resized(box, [1, 1], [box[0] + box[2] + arrow[0], box[1] + box[3] + arrow[1]], image) : moved(box, arrow[0], arrow[1], image);
      if (next[2] >= 1 && next[3] >= 1) replace(index!, { box: next });
    } else return;
    event.preventDefault();
  };
  const listener = useRef(onKey);
  listener.current = onKey;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => listener.current(event);
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);

  const state = edit.saving ? words.saving : edit.dirty ? words.unsaved : !edit.isLoaded ? ' ' : edit.annotated ? (annotations.length === 0 ? words.hasNone : words.saved) : words.neverAnnotated;
  return (
    <main className={styles.page} data-annotator>
      <header className={styles.bar}>
        {back}
        <h1 className={styles.title}>{dataset.name}<small title={image.path}>{image.path}</small></h1>
        <span className={styles.place} role="status">{place} · {state}</span>
        <div className={styles.tools}>
          <Button icon={<ChevronLeft />} aria-label={words.previous} title={words.previous} onClick={() => void go(-1)} />
          <Button icon={<ChevronRight />} aria-label={words.next} title={words.next} onClick={() => void go(1)} />
          {mayWrite && <>
            <Button icon={<Undo2 />} aria-label={words.undo} title={words.undo} disabled={edit.undo === null} onClick={() => edit.undo?.()} />
            <Button icon={<Redo2 />} aria-label={words.redo} title={words.redo} disabled={edit.redo === null} onClick={() => edit.redo?.()} />
            <Button title={words.noObjectsText} disabled={!edit.isLoaded || annotations.length > 0} onClick={() => void noObjects()}>{words.noObjects}</Button>
            <Button look="primary" busy={edit.saving} disabled={!edit.dirty} onClick={() => void edit.save()}>{words.save}</Button>
          </>}
        </div>
      </header>
      <div className={styles.work}>
        <BoxEditor dataset={dataset} image={image} annotations={annotations} chosen={index} onChoose={setChosen} onDraw={add} onChange={(at, box) => replace(at, { box })} draws={draws && edit.isLoaded} onExpired={onExpired} />
        <aside className={styles.side} aria-label={words.annotations(number(annotations.length))}>
          <CheckField label={words.onlyLeft} checked={left} onChange={(next) => { if (!edit.dirty || window.confirm(words.leave)) onLeft(next); }} />
          {!mayWrite && <p className={styles.hint}>{words.readOnly}</p>}
          {mayWrite && dataset.taskType !== 'object_detection' && <p className={styles.hint}>{words.drawOnlyBoxes}</p>}
          {mayWrite && dataset.classes.length === 0 && <><p className={styles.hint}>{words.noClasses}</p><ButtonLink to="/datasets/$datasetId/classes" params={{ datasetId: dataset.id }}>{words.addClasses}</ButtonLink></>}
          {edit.error !== null && <ProblemNote error={edit.error} />}
          {edit.error !== null && !edit.isLoaded && <Button onClick={() => void edit.reload()}>{words.retry}</Button>}
          {draws && <Classes names={names} chosen={className} onChoose={setClassName} />}
          <h2>{words.annotations(number(annotations.length))}</h2>
          {edit.isLoaded && annotations.length === 0 && <p className={styles.hint}>{words.none}</p>}
          <ol className={styles.list}>
            {annotations.map((annotation, at) => (
              <li key={at} data-chosen={at === index || undefined}>
                <button type="button" className={styles.pick} aria-pressed={at === index} onClick={() => setChosen(at)} onFocus={() => setChosen(at)}><i style={{ background: colourOfClass(names.indexOf(annotation.class)) }} aria-hidden="true" />{words.annotation(String(at + 1), annotation.crowd ? `${annotation.class} (${words.crowd})` : annotation.class)}</button>
                {mayWrite && at === index && <SelectField label={words.classOf(String(at + 1))} hideLabel value={annotation.class} options={names.map((name) => ({ value: name, label: name }))} onChange={(name) => replace(at, { class: name })} />}
                {mayWrite && <Button look="quiet" size="small" icon={<Trash2 />} aria-label={words.remove(String(at + 1))} onClick={() => remove(at)} />}
              </li>
            ))}
          </ol>
          {draws && <details className={styles.keys}><summary>{words.keys}</summary><p>{words.help}</p><p>{words.keyList}</p></details>}
        </aside>
      </div>
      <Dialog
        open={edit.conflict} onClose={edit.closeConflict} title={words.conflict}
        footer={<><Button onClick={() => void edit.reload()}>{words.takeTheirs}</Button><Button look="danger" busy={edit.saving} onClick={() => void edit.save(annotations, true)}>{words.keepMine}</Button></>}
      >
        <p>{words.conflictText}</p>
      </Dialog>
    </main>
  );
}

function Classes({ names, chosen, onChoose }: { names: string[]; chosen: string; onChoose: (name: string) => void }) {
  const words = useWords(labelingWords);
  return (
    <fieldset className={styles.classes}>
      <legend>{words.classes}</legend>
      {names.map((name, at) => (
        <label key={name} data-chosen={name === chosen || undefined}>
          <input type="radio" className="visually-hidden" name="class" checked={name === chosen} onChange={() => onChoose(name)} />
          <i style={{ background: colourOfClass(at) }} aria-hidden="true" /><span>{name}</span>{at < 9 && <kbd>{at + 1}</kbd>}
        </label>
      ))}
    </fieldset>
  );
}

const last = new Map<string, string>();

/** The class that was used last stays chosen from image to image. */
function useLastClass(datasetId: string, names: readonly string[]): [string, (name: string) => void] {
  const [chosen, setChosen] = useState(() => last.get(datasetId) ?? names[0] ?? '');
  return [names.includes(chosen) ? chosen : (names[0] ?? ''), (name) => { last.set(datasetId, name); setChosen(name); }];
}
